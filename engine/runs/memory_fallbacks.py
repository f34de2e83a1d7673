"""The smaller plans that a run is offered when memory does not suffice, in words: what changes, and what it costs.

Knows nothing of how they are found.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.config.run_changes import CHANGEABLE, Value
from engine.system.units import size

_BATCH, _AGAIN, _OPTIMIZER, _BITS, _DOUBLE = CHANGEABLE
_AS_BEFORE = {_BATCH, _AGAIN}


@dataclass(frozen=True)
class MemoryFallback:
    """Values to change, by dotted names, with the memory and the time that this costs.

    `memory_change` and `time_change` are fractions of what it takes now; no time is given where it is unknown. `rows`
    are those of the heaviest micro-batch, now and then; `batch_size` is what each step goes on seeing.
    """

    changes: Mapping[str, Value]
    memory_bytes: int
    memory_change: float
    time_change: float | None
    rows: tuple[int, int]
    batch_size: int

    @property
    def title(self) -> str:
        """What changes: "Micro-batch 8 to 4"."""
        titles = [title for title, _ in self._parts()]
        return ", ".join([titles[0], *(title[0].lower() + title[1:] for title in titles[1:])])

    @property
    def detail(self) -> str:
        """What that means."""
        return ". ".join(detail for _, detail in self._parts())

    @property
    def memory(self) -> str:
        """Memory at its peak."""
        return size(self.memory_bytes)

    @property
    def saving(self) -> str:
        """The change of memory: "−38 %"."""
        return _percent(self.memory_change)

    @property
    def time(self) -> str:
        """The change of time: "≈ +33 %"; "not timed" where nothing is known of it."""
        return "not timed" if self.time_change is None else f"≈\u00a0{_percent(self.time_change)}"

    @property
    def learning(self) -> str:
        """What becomes of the result."""
        return "the same" if _AS_BEFORE.issuperset(self.changes) else "slightly different"

    @property
    def arguments(self) -> str:
        """The change as arguments of a command."""
        return " ".join(f"--set {name}={_toml(value)}" for name, value in self.changes.items())

    def _parts(self) -> Iterator[tuple[str, str]]:
        if self.changes.get(_AGAIN):
            yield "Checkpoint activations", "Layers are computed twice instead of kept"
        if _BATCH in self.changes:
            before, after = self.rows
            examples = f"{self.batch_size} examples" if self.batch_size > 1 else "example"
            yield f"Micro-batch {before} to {after}", f"Each step still learns from its {examples}"
        if _OPTIMIZER in self.changes:
            yield "8-bit optimizer", "AdamW keeps a quarter of its state"
        if _BITS in self.changes:
            scales = " with double quantization" if self.changes.get(_DOUBLE) else ""
            yield "Base model in 4 bits", f"{str(self.changes[_BITS]).upper()}{scales}"


def _percent(share: float) -> str:
    rounded = round(100 * share)
    sign = "+" if rounded > 0 else "−" if rounded < 0 else "±"
    return f"{sign}{abs(rounded)}\u00a0%"


def _toml(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def read(told: Mapping[str, Any]) -> list[MemoryFallback]:
    """Return the plans that `memory_exceeded` or the job `shrink` tells; damaged ones are left out."""
    plans = told.get("plans")
    found = (_one(each, told) for each in (plans if isinstance(plans, list) else ()))
    return [plan for plan in found if plan is not None]


def _one(told: Any, around: Mapping[str, Any]) -> MemoryFallback | None:
    try:
        changes = {str(name): value for name, value in told["changes"].items()}
        if not changes or not set(changes).issubset(CHANGEABLE):
            return None
        time = told.get("time_change")
        return MemoryFallback(
            changes,
            int(told["memory_bytes"]),
            _finite(told["memory_change"]),
            None if time is None else _finite(time),
            (int(around["rows"]), int(told["rows"])),
            int(around["batch_size"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return None


def _finite(value: Any) -> float:
    if not math.isfinite(value):
        raise ValueError(value)
    return float(value)


def lines(plans: Sequence[MemoryFallback], run_id: str) -> list[str]:
    """Return plans for a terminal, each with the command that goes on with it."""
    found = []
    for number, plan in enumerate(plans, 1):
        price = f"{plan.memory} ({plan.saving}), time {plan.time}, learns {plan.learning}"
        found += [f"  {number}  {plan.title}: {price}", f"     main.py resume {run_id} {plan.arguments}"]
    return found
