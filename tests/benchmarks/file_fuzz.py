"""10,000 strange adapters, zips, recipes, checkpoints and events: is each loaded right or refused by name in time?"""

from __future__ import annotations

import os
import random
import socket
import sys
import tempfile
import time
from collections import Counter
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psutil

from tests.helpers.benchmark_report import show
from tests.helpers.fuzz_runner import READY, run_isolated

FILES = 10_000
MAX_SECONDS = 5
MAX_BYTES = 1 << 30
FILES_A_PROCESS = 1000


def main() -> None:
    """Take in and print; an argument says how many."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else FILES
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as place:
        ends = run_isolated(count, Path(place), _take_some, FILES_A_PROCESS, MAX_SECONDS)
    kinds = Counter(end.partition(":")[0] for end in ends.values())
    for number, end in sorted(ends.items()):
        if end.partition(":")[0] not in {"loaded", "refused"}:
            print(f"file {number}: {end}")
    rows = [
        ("loaded right", "loaded", ""),
        ("refused by name", "refused", ""),
        ("ended in any other error, changed a base or asked for a connection", "other", "0"),
        ("wrote outside their folder", "outside", "0"),
        (f"took more than {MAX_BYTES >> 30} GB", "memory", "0"),
        ("ended the process", "crash", "0"),
        (f"took more than {MAX_SECONDS} s", "hang", "0"),
    ]
    told = [(title, f"{kinds[kind]:,}", goal) for title, kind, goal in rows]
    show(f"{count:,} strange files", [*told, ("seconds", f"{time.perf_counter() - began:.0f}", "")])


def _take_some(numbers: range, place: Path, theirs: Connection) -> None:
    home, temporary = place / "home", place / "temporary"
    temporary.mkdir(exist_ok=True)
    os.environ |= {"TUNESMITH_HOME": str(home), "HF_HUB_OFFLINE": "1"}
    tempfile.tempdir = str(temporary)
    os.chdir(home.parent)
    from tests.helpers import untrusted_files

    sound = untrusted_files.seeds(home)
    stage = untrusted_files.UntrustedFiles(home)
    _open_no_connection()
    known = _around(place)
    usual = psutil.Process().memory_info().rss
    theirs.send(READY)
    for number in numbers:
        draw = random.Random(f"strange {number}")
        kind = untrusted_files.KINDS[number % len(untrusted_files.KINDS)]
        files = untrusted_files.corrupted(draw.choice(sound[kind]), draw)
        end = _end(stage, kind, files, number)
        if _around(place) != known:
            end = f"outside: {kind} left {sorted(_around(place) ^ known)}"
            known = _around(place)
        if psutil.Process().memory_info().rss - usual > MAX_BYTES:
            end = f"memory: {kind}"
        theirs.send(end)


def _end(stage: Any, kind: str, files: dict[str, bytes], number: int) -> str:
    try:
        end = stage.read(kind, files, number)
    except BaseException as error:  # noqa: BLE001 - whatever else it is, it is what is looked for
        return f"other: {kind}: {type(error).__name__}: {str(error)[:300]}"
    return f"{end.what}: {kind}: {end.words[:200]}"


def _around(place: Path) -> set[str]:
    """Return what lies beside the home and in it, but for the folders that files are taken into."""
    beside = {path.name for path in place.iterdir()} | {
        f"temporary/{path.name}" for path in (place / "temporary").iterdir()
    }
    taken = {f"adapters/{path.name}" for path in (place / "home" / "adapters").iterdir()}
    return beside | taken


def _open_no_connection() -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("a connection was asked for")

    socket.socket.connect = socket.socket.connect_ex = refuse  # type: ignore[method-assign,assignment]
    socket.getaddrinfo = refuse  # type: ignore[assignment]


if __name__ == "__main__":
    main()
