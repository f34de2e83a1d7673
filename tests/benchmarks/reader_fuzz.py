"""10,000 files that accidents have happened to: does each reading end in rows or in a named error, and in time?

Files are read in a process of their own, so that one that crashes or hangs is counted, named and gone past.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import sys
import tempfile
import time
from collections import Counter
from multiprocessing.connection import Connection
from pathlib import Path

from engine.errors import DataError
from engine.events import EventWriter
from engine.jobs import create_job
from engine.paths import jobs_folder
from engine.worker.channel import Channel
from tests.helpers.benchmark_report import show
from tests.helpers.mutated_files import look_and_read, mutated, seeds

FILES = 10_000
MOST_SECONDS = 30
# The events of so many files are written before the process starts anew.
FILES_A_PROCESS = 500
SEEDS = seeds()
NAMES = tuple(SEEDS)


def main() -> None:
    """Read and print; an argument says how many files."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else FILES
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as home:
        os.environ["TUNESMITH_HOME"] = home
        ends = _read_all(count, Path(home))
    kinds = Counter(end.partition(":")[0] for end in ends.values())
    for number, end in ends.items():
        if end.partition(":")[0] not in {"rows", "named error"}:
            print(f"file {number} ({NAMES[number % len(NAMES)]}): {end}")
    show(
        f"{count:,} mutated files of {len(NAMES)} kinds",
        [
            ("gave rows", f"{kinds['rows']:,}", ""),
            ("ended in a named error", f"{kinds['named error']:,}", ""),
            ("ended in any other error", f"{kinds['other error']:,}", "0"),
            ("ended the process", f"{kinds['crash']:,}", "0"),
            (f"took more than {MOST_SECONDS} s", f"{kinds['hang']:,}", "0"),
            ("seconds", f"{time.perf_counter() - began:.0f}", ""),
        ],
    )


def _read_all(count: int, home: Path) -> dict[int, str]:
    ends: dict[int, str] = {}
    context = multiprocessing.get_context("spawn")
    while len(ends) < count:
        ours, theirs = context.Pipe()
        numbers = range(len(ends), min(count, len(ends) + FILES_A_PROCESS))
        process = context.Process(target=_read_some, args=(numbers, home, theirs))
        process.start()
        theirs.close()
        _follow(ours, numbers, ends)
        process.kill()
        process.join()
        print(f"{len(ends):,} of {count:,}", flush=True)
    return ends


def _follow(ours: Connection, numbers: range, ends: dict[int, str]) -> None:
    """Note the end of each file until the process is through, dies or hangs."""
    started = False
    for number in numbers:
        # The first answer comes after the imports.
        if not ours.poll(MOST_SECONDS if started else 10 * MOST_SECONDS):
            ends[number] = "hang"
            return
        try:
            ends[number] = ours.recv()
        except EOFError:
            ends[number] = "crash"
            return
        started = True


def _read_some(numbers: range, home: Path, theirs: Connection) -> None:
    job = create_job(jobs_folder(), "check_data", {})
    writer = EventWriter(job.events_path, {"job": job.id, "attempt": 1})
    for number in numbers:
        theirs.send(_end(number, home, Channel(job, writer)))


def _end(number: int, home: Path, channel: Channel) -> str:
    name = NAMES[number % len(NAMES)]
    path = home / name
    path.write_bytes(mutated(SEEDS[name], random.Random(f"fuzz {number}")))
    try:
        found = look_and_read(path, channel, "leave_out" if number // len(NAMES) % 2 else "refuse")
    except BaseException as error:  # noqa: BLE001 - whatever else it is, it is what is looked for
        return f"other error: {type(error).__name__}: {error}"
    return f"named error: {found.message}" if isinstance(found, DataError) else f"rows: {found}"


if __name__ == "__main__":
    main()
