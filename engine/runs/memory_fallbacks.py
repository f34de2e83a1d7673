"""The memory fallbacks offered to a run that is out of memory: what changes, and what it costs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.config.run_changes import CHANGEABLE, Value
from engine.messages import Message, joined, say
from engine.system.command_name import command_name
from engine.system.units import size

_MICRO_BATCH, _CHECKPOINTING, _OPTIMIZER, _QUANTIZATION, _DOUBLE = CHANGEABLE
_SAME_RESULT = {_MICRO_BATCH, _CHECKPOINTING}


@dataclass(frozen=True)
class MemoryFallback:
    """Values to change, by dotted names, with their memory and time.

    `memory_change` and `time_change` are fractions of the current values, `time_change` None if unknown. `rows` are the
    examples in the largest micro-batch, before and after; the `batch_size` of a step stays the same.
    """

    changes: Mapping[str, Value]
    memory_bytes: int
    memory_change: float
    time_change: float | None
    rows: tuple[int, int]
    batch_size: int

    @property
    def title(self) -> str:
        """The change as text: "Micro-batch 8 to 4"."""
        titles = [title for title, _ in self._parts()]
        return joined(", ", [titles[0], *map(_with_small_letter, titles[1:])])

    @property
    def detail(self) -> str:
        """What the change means."""
        return joined(". ", (detail for _, detail in self._parts()))

    @property
    def memory(self) -> str:
        """The peak memory as text."""
        return size(self.memory_bytes)

    @property
    def saving(self) -> str:
        """The change of memory as text: "−38 %"."""
        return _percent(self.memory_change)

    @property
    def time(self) -> str:
        """The change of time as text: "≈ +33 %", or "not timed"."""
        return "not timed" if self.time_change is None else f"≈\u00a0{_percent(self.time_change)}"

    @property
    def learning(self) -> str:
        """Whether the result stays the same."""
        return "the same" if _SAME_RESULT.issuperset(self.changes) else "slightly different"

    @property
    def arguments(self) -> str:
        """The change as arguments of the command line."""
        return " ".join(f"--set {name}={_toml(value)}" for name, value in self.changes.items())

    def _parts(self) -> Iterator[tuple[str, str]]:
        if self.changes.get(_CHECKPOINTING):
            yield "Checkpoint activations", "Activations are recomputed instead of stored"
        if _MICRO_BATCH in self.changes:
            before, after = self.rows
            examples = say("{} examples", self.batch_size) if self.batch_size > 1 else "example"
            yield say("Micro-batch {} to {}", before, after), say("Batch size is unchanged: {}", examples)
        if _OPTIMIZER in self.changes:
            yield "8-bit optimizer", "AdamW with a quarter of its state"
        if _QUANTIZATION in self.changes:
            scales = " with double quantization" if self.changes.get(_DOUBLE) else ""
            yield "Base model in 4 bits", say("{}{}", str(self.changes[_QUANTIZATION]).upper(), scales)


def _with_small_letter(title: str) -> str:
    if isinstance(title, Message):
        return say(_with_small_letter(title.template), *title.values)
    return title[0].lower() + title[1:]


def _percent(fraction: float) -> str:
    rounded = round(100 * fraction)
    sign = "+" if rounded > 0 else "−" if rounded < 0 else "±"
    return f"{sign}{abs(rounded)}\u00a0%"


def _toml(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def read(result: Mapping[str, Any]) -> list[MemoryFallback]:
    """Return the fallbacks in the event `memory_exceeded` or a result of the job `shrink`, without damaged ones."""
    plans = result.get("plans")
    readable = (_fallback(plan, result) for plan in (plans if isinstance(plans, list) else ()))
    return [fallback for fallback in readable if fallback is not None]


def _fallback(plan: Any, result: Mapping[str, Any]) -> MemoryFallback | None:
    try:
        changes = {str(name): value for name, value in plan["changes"].items()}
        if not changes or not set(changes).issubset(CHANGEABLE):
            return None
        time = plan.get("time_change")
        return MemoryFallback(
            changes,
            int(plan["memory_bytes"]),
            _finite(plan["memory_change"]),
            None if time is None else _finite(time),
            (int(result["rows"]), int(plan["rows"])),
            int(result["batch_size"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return None


def _finite(value: Any) -> float:
    if not math.isfinite(value):
        raise ValueError(value)
    return float(value)


def lines(fallbacks: Sequence[MemoryFallback], run_id: str) -> list[str]:
    """Return fallbacks as lines for a terminal, each with the command that resumes with it."""
    lines = []
    for number, each in enumerate(fallbacks, 1):
        costs = say("{} ({}), time {}, result {}", each.memory, each.saving, each.time, each.learning)
        lines += [
            f"  {number}  {each.title}: {costs}",
            f"     {command_name()} resume {run_id} {each.arguments}",
        ]
    return lines
