"""How the processes of a run come together: they meet, and make sure that they mean the same run.

The environment says that there are several, see `engine.system.ranks`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Event
from typing import Any

from engine.errors import ProcessLostError, WorkerError
from engine.system import ranks
from engine.worker.runtime import process_group, rank_orders
from engine.worker.runtime.rank_orders import Ranks
from engine.worker.runtime.versions import versions

# The names under which processes are told apart where they should be alike, and what to do about it.
MUST_AGREE = {
    "recipe": "Start all processes with the same recipe and the same --set.",
    "data": "Give all processes the same conversations, or only process 0: the others get theirs from it.",
}

# For what a run saves once another process is lost.
STUCK_SECONDS = 60.0
OnStuck = Callable[[ProcessLostError], None]

# Configurations of accelerate, by the variables that it sets.
OTHER_WAYS = {
    "ACCELERATE_USE_DEEPSPEED": "DeepSpeed",
    "ACCELERATE_USE_MEGATRON_LM": "Megatron-LM",
}
OTHERWISE = "Use a configuration without it, or with FSDP."
FSDP = "ACCELERATE_USE_FSDP"


@contextmanager
def joined(identity: Mapping[str, str], on_stuck: OnStuck) -> Iterator[None]:
    """Let this process, number 0, have the others of its run inside, if it has any.

    `identity` is that of the run. `on_stuck(error)` is called in a thread if one of them is lost and this process does
    not get out in time: libraries may wait for it for ever. Raises WorkerError where they can't be reached or don't
    mean the same run.
    """
    own = ranks.own()
    if own is None:
        yield
        return
    _refuse_other_ways(os.environ)
    is_out = Event()

    def on_loss(reason: str) -> None:
        if not is_out.wait(STUCK_SECONDS):
            on_stuck(ProcessLostError(reason, process_group.RESUME))

    group, everyone = process_group.connect(own, facts(identity), on_loss)
    others = Ranks(group)
    problem = disagreement(everyone)
    if problem:
        is_out.set()
        group.leave()
        raise problem
    rank_orders.use(others)
    try:
        yield
    finally:
        is_out.set()
        rank_orders.forget()
        others.end()


def _refuse_other_ways(given: Mapping[str, str]) -> None:
    """Raise WorkerError where `accelerate launch` is to share a model out in a way that is not supported."""
    for name, what in OTHER_WAYS.items():
        if _is_on(name, given):
            raise WorkerError(f"{what} is not supported.", OTHERWISE, name)


def asks_for_shards() -> bool:
    """Tell whether the configuration of `accelerate launch` asks for FSDP."""
    return _is_on(FSDP, os.environ)


def _is_on(name: str, given: Mapping[str, str]) -> bool:
    return given.get(name, "").lower() in ("true", "1")


def facts(identity: Mapping[str, str]) -> dict[str, Any]:
    """Return what a process tells the others of itself."""
    return {**identity, "versions": dict(versions())}


def disagreement(everyone: Sequence[Mapping[str, Any]]) -> WorkerError | None:
    """Return why processes can't compute together by what they told, None if they can.

    What a process does not know of the run, it does not disagree about.
    """
    first, *others = everyone
    for rank, told in enumerate(others, start=1):
        where = f"Process {rank} (on {told['host']})"
        if told.get("problem"):
            return WorkerError(f"{where}: {told['problem']}", MUST_AGREE["recipe"])
        for name in sorted(set(first["versions"]) | set(told["versions"])):
            versions_ = [each["versions"].get(name, "none") for each in (told, first)]
            if versions_[0] != versions_[1]:
                message = (
                    f"{where} has {name} {versions_[0]}, process 0 (on {first['host']}) has {versions_[1]}."
                )
                return WorkerError(message, "Install the same versions on all computers.")
        for name, hint in MUST_AGREE.items():
            if told.get(name) and first.get(name) and told[name] != first[name]:
                what = "another recipe" if name == "recipe" else "other conversations"
                return WorkerError(f"{where} has {what} than process 0 (on {first['host']}).", hint)
    return None
