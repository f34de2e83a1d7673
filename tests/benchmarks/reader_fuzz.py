"""10,000 files that accidents have happened to: does each reading end in rows or in a named error, and in time?"""

import random
import sys
import time
from collections import Counter
from multiprocessing.connection import Connection
from pathlib import Path

from engine.errors import DataError
from engine.jobs.events import EventWriter
from engine.jobs.job import create_job
from engine.system.paths import jobs_folder
from engine.worker.runtime.channel import Channel
from tests.helpers.benchmark_report import show, temporary_home
from tests.helpers.fuzz_runner import READY, run_isolated
from tests.helpers.mutated_files import mutated, preview_and_read, seeds

FILES = 10_000
MAX_SECONDS = 30
# The events of so many files are written before the process starts anew.
FILES_A_PROCESS = 500
SEEDS = seeds()
NAMES = tuple(SEEDS)


def main() -> None:
    """Read and print; an argument says how many files."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else FILES
    began = time.perf_counter()
    with temporary_home() as home:
        ends = run_isolated(count, home, _read_some, FILES_A_PROCESS, MAX_SECONDS)
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
            ("crashed the process", f"{kinds['crash']:,}", "0"),
            (f"took more than {MAX_SECONDS} s", f"{kinds['hang']:,}", "0"),
            ("seconds", f"{time.perf_counter() - began:.0f}", ""),
        ],
    )


def _read_some(numbers: range, home: Path, theirs: Connection) -> None:
    job = create_job(jobs_folder(), "check_data", {})
    writer = EventWriter(job.events_path, {"job": job.id, "attempt": 1})
    theirs.send(READY)
    for number in numbers:
        theirs.send(_end(number, home, Channel(job, writer)))


def _end(number: int, home: Path, channel: Channel) -> str:
    name = NAMES[number % len(NAMES)]
    path = home / name
    path.write_bytes(mutated(SEEDS[name], random.Random(f"fuzz {number}")))
    try:
        found = preview_and_read(path, channel, "leave_out" if number // len(NAMES) % 2 else "refuse")
    except BaseException as error:  # noqa: BLE001 - whatever else it is, it is what is looked for
        return f"other error: {type(error).__name__}: {error}"
    return f"named error: {found.message}" if isinstance(found, DataError) else f"rows: {found}"


if __name__ == "__main__":
    main()
