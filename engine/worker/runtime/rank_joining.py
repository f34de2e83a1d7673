"""How many ranks compute a run or write summaries, and how this process, rank 0, comes to have the others."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from engine.errors import StorageError
from engine.system import ranks
from engine.system.graphics import visible_cards
from engine.system.paths import path_here
from engine.system.ranks import Rank
from engine.worker.runtime import rank_meeting
from engine.worker.runtime.channel import Channel
from engine.worker.runtime.rank_meeting import GO, LEFT, Board, Folder, being

if TYPE_CHECKING:
    from engine.config.recipe import Recipe
    from engine.worker.runtime.rank_group import RankGroup

# For what is computed by several ranks on a processor: examples of a step for each, prompts for each, and parameters of
# the base model. With few prompts, a batch of all of them is computed faster than a part of it in each rank.
MIN_EXAMPLES = 2
MIN_PROMPTS = 100
MIN_PARAMETERS = 1_000_000
MAX_RANKS = 4
FOLDER = "ranks"

_launched: list[tuple[Rank, Board]] = []


def cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def suited(examples: int, parameters: int, least: int = MIN_EXAMPLES) -> int:
    """Return by how many ranks a processor best computes so many examples, at `least` so many each.

    Its cores do more in processes of their own, but these wait for the slowest one and each takes memory; and a step of
    a very small model is short.
    """
    if parameters < MIN_PARAMETERS:
        return 1
    return max(1, min(MAX_RANKS, cores(), examples // least))


def expected(recipe: Recipe | None = None) -> int:
    """Return how many ranks a run will probably have on this computer's processor, before a library is imported.

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


@contextmanager
def joined(channel: Channel, size: int) -> Iterator[RankGroup | None]:
    """Have all ranks of a run connected inside: those that a launcher has started, else so many on this computer.

    None where it has one rank alone. Raises WorkerError, StorageError and what `RankGroup.watched` does.
    """
    from engine.worker.runtime import rank_group, rank_processes

    folder = channel.job.folder / FOLDER
    if not _launched:
        if size == 1:
            rank_processes.end_unused()
            yield None
            return
        with rank_processes.started(size, folder, channel.on_stuck) as group:
            yield group
        return
    [(rank, board)] = _launched
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise StorageError(f"{folder} can't be made: {error.strerror}.") from error
    try:
        board.set(GO, str(folder))
        with rank_group.connected(rank, board, folder, channel.on_stuck) as group:
            yield group
    finally:
        shutil.rmtree(folder, ignore_errors=True)
