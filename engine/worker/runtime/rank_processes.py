"""Starts the other ranks of a run on this computer: ahead, so that they import the libraries meanwhile.

Each waits for its part in a run on its standard input, and ends with that. It prints where this process does.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import StorageError, WorkerError
from engine.jobs.worker_process import rank_command
from engine.system.ranks import Rank
from engine.worker.runtime import rank_meeting
from engine.worker.runtime.rank_meeting import Folder

if TYPE_CHECKING:
    from engine.worker.runtime.rank_group import OnStuck, RankGroup

# Once a run has ended in order.
END_SECONDS = 10.0


class RankProcess:
    """A process that can become a rank. Raises WorkerError if the system can't start it."""

    def __init__(self) -> None:
        try:
            self._process = subprocess.Popen(rank_command(), stdin=subprocess.PIPE)
        except OSError as error:
            raise WorkerError(f"Another process can't be started: {error}.") from error

    def take(self, rank: Rank, folder: Path) -> None:
        """Let it be this rank of the run that meets in a folder."""
        part = {"rank": rank.rank, "size": rank.size, "folder": str(folder)}
        assert self._process.stdin is not None
        # If it is gone, the run will say so.
        with suppress(OSError):
            self._process.stdin.write(json.dumps(part).encode() + b"\n")
            self._process.stdin.flush()

    @property
    def has_ended(self) -> bool:
        """Whether it is gone."""
        return self._process.poll() is not None

    def end(self, *, in_order: bool) -> None:
        """Wait for its end, or end it."""
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(END_SECONDS if in_order else 0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


_ahead: list[RankProcess] = []


def start_ahead(count: int) -> None:
    """Have so many processes ready for the run to come."""
    _ahead.extend(RankProcess() for _ in range(count - len(_ahead)))


def end_unused() -> None:
    """End the processes that no run has taken."""
    while _ahead:
        _ahead.pop().end(in_order=False)


@contextmanager
def started(size: int, folder: Path, on_stuck: OnStuck) -> Iterator[RankGroup]:
    """Be rank 0 of so many on this computer inside; all meet in `folder`, which is made and goes afterwards.

    Raises WorkerError, StorageError and what `RankGroup.watched` does.
    """
    # Only now: processes are started ahead of a second's import.
    from engine.worker.runtime import rank_group

    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise StorageError(f"{folder} can't be made: {error.strerror}.") from error
    start_ahead(size - 1)
    others, _ahead[:] = _ahead[: size - 1], _ahead[size - 1 :]
    end_unused()
    in_order = False
    try:
        own, board = Rank(0, size, 0, size), Folder(folder)
        rank_meeting.tell_facts(board, own, {})
        for number, each in enumerate(others, start=1):
            each.take(Rank(number, size, number, size), folder)
        _wait_for(others, board)
        with rank_group.connected(own, board, folder, on_stuck) as group:
            yield group
        in_order = True
    finally:
        for each in others:
            each.end(in_order=in_order)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(others: Sequence[RankProcess], board: Folder) -> None:
    """Wait until all have come. Raises WorkerError if one can't."""
    for number, each in enumerate(others, start=1):
        while not rank_meeting.has_come(board, number):
            if each.has_ended:
                message = f"Rank {number} ended before it could join the run."
                raise WorkerError(message, "The log has the details.")
            time.sleep(rank_meeting.LOOK_SECONDS)
