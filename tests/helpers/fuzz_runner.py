"""Handles fuzzed files in a separate process, so that one that crashes or hangs is counted, named and skipped."""

import multiprocessing
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

import psutil

# A new process imports its libraries and writes its seed files first.
START_SECONDS = 300
READY = "ready"
# Gets the numbers of the files, a folder, and a connection that receives READY, then the result of each file.
Handler = Callable[[range, Path, Connection], None]


def run_isolated(
    count: int, folder: Path, handler: Handler, files_per_process: int, timeout_seconds: float
) -> dict[int, str]:
    """Return the result of each of `count` files: what `handler` sends, "crash" or "hang"."""
    results: dict[int, str] = {}
    context = multiprocessing.get_context("spawn")
    while len(results) < count:
        ours, theirs = context.Pipe()
        numbers = range(len(results), min(count, len(results) + files_per_process))
        process = context.Process(target=handler, args=(numbers, folder, theirs))
        process.start()
        theirs.close()
        _collect(ours, numbers, results, timeout_seconds)
        # With what it started itself.
        with suppress(psutil.NoSuchProcess):
            for child in psutil.Process(process.pid).children(recursive=True):
                child.kill()
        process.kill()
        process.join()
        print(f"{len(results):,} of {count:,}", flush=True)
    return results


def _collect(ours: Connection, numbers: range, results: dict[int, str], timeout_seconds: float) -> None:
    """Add the result of each file until the process is done, dies or hangs."""
    if not ours.poll(START_SECONDS) or ours.recv() != READY:
        raise SystemExit("The process that handles the files did not start.")
    for number in numbers:
        if not ours.poll(timeout_seconds):
            results[number] = "hang"
            return
        try:
            results[number] = ours.recv()
        except EOFError:
            results[number] = "crash"
            return
