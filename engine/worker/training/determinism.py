"""Deterministic algorithms on a graphics card: with them a resumed run equals an uninterrupted one to the bit.

Their price is measured on the run's own next step, and `auto` takes them where they cost little. A processor computes
the same every time anyway. Knows nothing of what is trained.
"""

from __future__ import annotations

import re
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from engine.worker.runtime.channel import Channel
from engine.worker.runtime.random_state import same_random_numbers
from engine.worker.training.step_gradients import Abort
from engine.worker.training.training_run import TrainingRun, TrainState

# Kinds of devices whose usual algorithms may add in another order each time, and that have others.
CARDS = frozenset({"cuda"})
MAX_COST = 0.10
# Each way is tried so often, in turns, and its fastest time counts: the first also compiles and allocates.
TRIALS = 3
# How torch warns of an operation that has no other algorithm.
OPERATION = re.compile(r"(\S+) does not have a deterministic implementation")


def settle(run: TrainingRun, state: TrainState, channel: Channel, should_abort: Abort) -> bool:
    """Choose the algorithms of a run, once, and use them; return whether that was done to its end.

    A resumed run keeps what its first attempt chose.
    """
    if run.base.device.type not in CARDS:
        return True
    if run.progress.deterministic is None:
        measured = None if run.training.deterministic == "off" else _measure(run, state, should_abort)
        if measured is None and run.training.deterministic != "off":
            return False
        run.progress.deterministic = _choose(run.training.deterministic, measured, channel)
    switch(on=run.progress.deterministic)
    return True


def switch(*, on: bool) -> None:
    """Use deterministic algorithms from now on, or the usual ones."""
    torch.use_deterministic_algorithms(on, warn_only=True)
    # Every new tensor would be filled otherwise, for programs that read what they never wrote.
    torch.utils.deterministic.fill_uninitialized_memory = False
    torch.backends.cudnn.benchmark = False


@contextmanager
def switched_back() -> Iterator[None]:
    """Use the usual algorithms again after the work inside."""
    try:
        yield
    finally:
        if torch.are_deterministic_algorithms_enabled():
            switch(on=False)


def _measure(run: TrainingRun, state: TrainState, should_abort: Abort) -> tuple[float, frozenset[str]] | None:
    """Return the fraction of time that deterministic algorithms cost, and the operations that have none.

    None if it was aborted.
    """
    batch = run.collator([run.train[index] for index in next(run.sampler.from_step(run.step))])
    seconds: dict[bool, list[float]] = {False: [], True: []}
    missing: set[str] = set()
    with same_random_numbers(run.base.device), switched_back():
        for _ in range(TRIALS):
            for on, times in seconds.items():
                switch(on=on)
                with warnings.catch_warnings(record=True) as caught:
                    warnings.simplefilter("always")
                    began = time.perf_counter()
                    if not state.gradients.dry_run(batch, run.step, should_abort):
                        return None
                    times.append(time.perf_counter() - began)
                missing |= {found[1] for each in caught if (found := OPERATION.search(str(each.message)))}
    return min(seconds[True]) / min(seconds[False]) - 1, frozenset(missing)


def _choose(setting: str, measured: tuple[float, frozenset[str]] | None, channel: Channel) -> bool:
    """Return whether deterministic algorithms are used, and say so with their price."""
    if measured is None:
        return False
    cost, missing = measured
    percent = f"{max(0.0, cost):.0%}"
    if missing:
        names = ", ".join(sorted(missing))
        channel.notice(
            f"A resumed run may differ in its last digits: {names} has no deterministic algorithm."
        )
    if setting == "on" or cost < MAX_COST:
        channel.notice(f"Deterministic algorithms are on. They cost {percent} of the time.")
        return True
    channel.notice(
        f"Deterministic algorithms are off: they would cost {percent} of the time.",
        "A resumed run may differ in its last digits. Deterministic (training.deterministic) turns them on.",
    )
    return False
