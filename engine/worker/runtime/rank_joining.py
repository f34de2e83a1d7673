"""How many ranks compute a run or write summaries, and how this process, rank 0, comes to have the others.

A launcher has started them, or this process does, on this computer: ahead, so that they import the libraries meanwhile.
Each then waits for its part in a run on its standard input, ends with that, and prints where this process does.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import WorkerError, disk_errors
from engine.jobs.worker_process import rank_command
from engine.messages import say
from engine.system import ranks
from engine.system.files import remove
from engine.system.graphics import visible_cards
from engine.system.paths import path_here
from engine.system.ranks import Rank
from engine.worker.runtime import rank_meeting
from engine.worker.runtime.channel import Channel
from engine.worker.runtime.rank_meeting import GO, LEFT, Board, Folder, being

if TYPE_CHECKING:
    from engine.config.recipe import Recipe
    from engine.worker.runtime.rank_group import OnStuck, RankGroup

# For what is computed by several ranks on a CPU: examples of a step for each, prompts for each, and parameters of
# the base model. With few prompts, a batch of all of them is computed faster than a part of it in each rank.
MIN_EXAMPLES = 2
MIN_PROMPTS = 100
MIN_PARAMETERS = 1_000_000
MAX_RANKS = 4
FOLDER = "ranks"
# For the other ranks to end, once a run has ended in order.
END_SECONDS = 10.0

_launched: list[tuple[Rank, Board]] = []
_ahead: list[RankProcess] = []


def cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def suited(examples: int, parameters: int, least: int = MIN_EXAMPLES) -> int:
    """Return by how many ranks a CPU best computes so many examples, at `least` so many each.

    Its cores do more in processes of their own, but these wait for the slowest one and each takes memory; and a step of
    a very small model is short.
    """
    if parameters < MIN_PARAMETERS:
        return 1
    return max(1, min(MAX_RANKS, cores(), examples // least))


def expected(recipe: Recipe | None = None) -> int:
    """Return how many ranks a run will probably have on this computer's CPU, before a library is imported.

    Without a recipe, it is one that is still to come.
    """
    if recipe is None:
        device, base_id, examples = "auto", "", MIN_EXAMPLES * MAX_RANKS
    else:
        device, base_id = recipe.training.device, recipe.base_model.id
        examples = recipe.training.batch_size if recipe.method.method.trains else 0
    if ranks.COUNT in os.environ:
        return launched()
    if _launched or device not in ("cpu", "auto"):
        return 1
    kind = visible_cards.reserved(os.environ).partition(":")[0]
    if device == "auto" and (kind in ("cuda", "xpu") or sys.platform == "darwin"):
        return 1
    # Half a second's import, which no other job has to wait for.
    from engine.config.recipe import looks_like_path

    files = list(path_here(base_id).glob("*.safetensors")) if base_id and looks_like_path(base_id) else []
    # Two bytes each, or four.
    parameters = sum(each.stat().st_size for each in files) // 2 if files else MIN_PARAMETERS
    return suited(examples, parameters)


def launched() -> int:
    """Return the number of ranks that a launcher has started, or was asked for; 0 where a plan decides."""
    return _launched[-1][0].size if _launched else int(os.environ.get(ranks.COUNT, "0"))


@contextmanager
def met(rank: Rank, identity: Mapping[str, str]) -> Iterator[None]:
    """Have met the other ranks that a launcher has started inside. Raises WorkerError and StorageError."""
    board = rank_meeting.meet(rank, identity)
    _launched.append((rank, board))
    try:
        with being(rank):
            yield
    finally:
        _launched.clear()
        with suppress(RuntimeError, OSError):
            board.set(LEFT, "")
        if isinstance(board, Folder):
            board.remove()


class RankProcess:
    """A process that can become a rank. Raises WorkerError if the system can't start it."""

    def __init__(self) -> None:
        try:
            self._process = subprocess.Popen(rank_command(), stdin=subprocess.PIPE)
        except OSError as error:
            raise WorkerError(say("Another process can't be started: {}.", error)) from error

    def take(self, rank: Rank, folder: Path) -> None:
        """Let it be this rank of the run that meets in a folder."""
        part = {"rank": rank.rank, "size": rank.size, "folder": str(folder)}
        assert self._process.stdin is not None
        # If it is gone, the run will say so.
        with suppress(OSError):
            self._process.stdin.write(json.dumps(part).encode() + b"\n")
            self._process.stdin.flush()

    def require_alive(self, rank: int) -> None:
        """Raise WorkerError if it is gone before it has become this rank."""
        if self._process.poll() is not None:
            message = say("Rank {} ended before it joined.", rank)
            raise WorkerError(message, "The log has the details.")

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

    with _private(folder):
        start_ahead(size - 1)
        others, _ahead[:] = _ahead[: size - 1], _ahead[size - 1 :]
        end_unused()
        in_order = False
        try:
            own, board = Rank(0, size, 0, size), Folder(folder)
            rank_meeting.tell_facts(board, own, {})
            for number, each in enumerate(others, start=1):
                each.take(Rank(number, size, number, size), folder)
            for number, each in enumerate(others, start=1):
                while not rank_meeting.has_come(board, number):
                    each.require_alive(number)
                    time.sleep(rank_meeting.LOOK_SECONDS)
            with rank_group.connected(own, board, folder, on_stuck) as group:
                yield group
            in_order = True
        finally:
            for each in others:
                each.end(in_order=in_order)


@contextmanager
def joined(channel: Channel, size: int) -> Iterator[RankGroup | None]:
    """Have all ranks of a run connected inside: those that a launcher has started, else so many on this computer.

    None where it has one rank alone. Raises WorkerError, StorageError and what `RankGroup.watched` does.
    """
    folder = channel.job.folder / FOLDER
    if not _launched and size == 1:
        end_unused()
        yield None
    elif not _launched:
        with started(size, folder, channel.on_stuck) as group:
            yield group
    else:
        from engine.worker.runtime import rank_group

        [(rank, board)] = _launched
        with _private(folder):
            board.set(GO, str(folder))
            with rank_group.connected(rank, board, folder, channel.on_stuck) as group:
                yield group


@contextmanager
def _private(folder: Path) -> Iterator[None]:
    """Have an empty folder inside that nobody else can read. Raises StorageError."""
    remove(folder)
    with disk_errors("{} can't be created: {}.", folder):
        folder.mkdir(mode=0o700)
    try:
        yield
    finally:
        remove(folder)
