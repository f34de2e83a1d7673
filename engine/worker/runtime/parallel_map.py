"""A work done in parts side by side: the first part in this process, each other one in a replica of it.

For what only reads a model. Knows nothing of what the work is.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

import torch

from engine.worker.runtime import devices
from engine.worker.runtime.fork_pool import LOOK_SECONDS, Line, replicated

Part = TypeVar("Part")
Give = Callable[[Any], None]
Between = Callable[[], None]
Work = Callable[[Part, Give, Between], None]


def nothing() -> None:
    """Have nothing to say in between."""


def side_by_side(parts: Sequence[Part], work: Work[Part], take: Give, between: Between) -> None:
    """Do `work(part, give, look)` for every part, without gradients; whatever it gives is taken here, as it comes.

    The work calls `look` every so often, and so `between` is called here. What any of them raises ends the work on
    all parts. MemoryError also says that a replica was killed.
    """
    mine, *theirs = parts
    threads = devices.threads_each(len(parts))
    try:
        replicas = replicated([partial(_serve, work, part) for part in theirs], threads)
    except OSError:
        # The system allows no fork.
        traceback.print_exc()
        for part in parts:
            _work(work, part, take, between)
        return
    busy = list(replicas)

    def look(seconds: float = 0) -> None:
        """Take what replicas have sent: their lines would be full some day."""
        between()
        for replica in tuple(busy):
            while replica in busy and replica.has_answered(seconds):
                found = replica.receive()
                if found is None:
                    busy.remove(replica)
                else:
                    take(found)

    try:
        with devices.computing_with(threads):
            _work(work, mine, take, look)
        while busy:
            look(LOOK_SECONDS)
    finally:
        for replica in replicas:
            replica.close()


def _serve(work: Work[Part], part: Part, line: Line) -> None:
    """Do a part in a replica; what it gives is sent, and nothing behind the last."""
    _work(work, part, line.send, nothing)
    line.send(None)


@torch.inference_mode()
def _work(work: Work[Part], part: Part, give: Give, look: Between) -> None:
    work(part, give, look)
