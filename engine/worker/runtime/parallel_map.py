"""Maps a work over parts: the first part in this process, the others in forks of it.

For work that only reads a model. Knows nothing of what the work is.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from functools import partial
from multiprocessing.connection import Connection
from typing import Any, TypeVar

import torch

from engine.worker.runtime import devices, fork_pool
from engine.worker.runtime.fork_pool import POLL_SECONDS, start_forks

Part = TypeVar("Part")
Emit = Callable[[Any], None]
Tick = Callable[[], None]
Work = Callable[[Part, Emit, Tick], None]


def no_tick() -> None:
    """Do nothing in between."""


def parallel_map(work: Work[Part], parts: Sequence[Part], on_result: Emit, on_tick: Tick) -> None:
    """Do `work(part, emit, tick)` for every part, without gradients; `on_result` takes what is emitted, as it comes.

    The work calls `tick` every so often, so that `on_tick` is called in this process. What any of them raises ends the
    work on all parts; MemoryError may also mean that a fork was killed.
    """
    mine, *theirs = parts
    threads = devices.threads_per_process(len(parts))
    try:
        forks = start_forks([partial(_serve, work, part) for part in theirs], threads)
    except OSError:
        # The system allows no fork.
        traceback.print_exc()
        for part in parts:
            _work(work, part, on_result, on_tick)
        return
    busy = list(forks)

    def tick(seconds: float = 0) -> None:
        """Take the results of the forks: their connections would be full at some point."""
        on_tick()
        for fork in tuple(busy):
            while fork in busy and fork.has_answered(seconds):
                result = fork.receive()
                if result is None:
                    busy.remove(fork)
                else:
                    on_result(result)

    try:
        with devices.using_threads(threads):
            _work(work, mine, on_result, tick)
        while busy:
            tick(POLL_SECONDS)
    finally:
        for fork in forks:
            fork.close()


def _serve(work: Work[Part], part: Part, connection: Connection) -> None:
    """Do a part in a fork; send its results, and None after the last."""
    emit = partial(fork_pool.send, connection)
    _work(work, part, emit, no_tick)
    emit(None)


@torch.inference_mode()
def _work(work: Work[Part], part: Part, emit: Emit, tick: Tick) -> None:
    work(part, emit, tick)
