"""Files taken in one by one, in a process of their own: one that crashes or hangs is counted, named and gone past."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

# A process that has only just begun imports what it needs and makes its sound files.
START_SECONDS = 300
READY = "ready"
# Gets the numbers of the files, a folder, and where to send READY and then the end of each file.
Take = Callable[[range, Path, Connection], None]


def take_all(
    count: int, folder: Path, take: Take, files_a_process: int, most_seconds: float
) -> dict[int, str]:
    """Return how each of `count` files ended: what `take` says, "crash" or "hang"."""
    ends: dict[int, str] = {}
    context = multiprocessing.get_context("spawn")
    while len(ends) < count:
        ours, theirs = context.Pipe()
        numbers = range(len(ends), min(count, len(ends) + files_a_process))
        process = context.Process(target=take, args=(numbers, folder, theirs))
        process.start()
        theirs.close()
        _follow(ours, numbers, ends, most_seconds)
        process.kill()
        process.join()
        print(f"{len(ends):,} of {count:,}", flush=True)
    return ends


def _follow(ours: Connection, numbers: range, ends: dict[int, str], most_seconds: float) -> None:
    """Note the end of each file until the process is through, dies or hangs."""
    if not ours.poll(START_SECONDS) or ours.recv() != READY:
        raise SystemExit("The process that takes files in did not start.")
    for number in numbers:
        if not ours.poll(most_seconds):
            ends[number] = "hang"
            return
        try:
            ends[number] = ours.recv()
        except EOFError:
            ends[number] = "crash"
            return
