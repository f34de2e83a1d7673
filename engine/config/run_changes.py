"""What may be changed of a run under way so that its memory suffices, and the record that its recipe keeps of it.

Each of these leaves a step its examples and their order. Knows nothing of files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.errors import Problem

CHANGEABLE = (
    "training.micro_batch_tokens",
    "training.activation_checkpointing",
    "training.optimizer",
    "base_model.quantization",
    "base_model.double_quantization",
)
# An optimizer goes on with the numbers that another one has kept only if they mean the same.
HEIRS = {"adamw": ("adamw_8bit", "paged_adamw_8bit")}

Value = bool | int | str


class Change(BaseModel):
    """One value of a recipe that was changed for the steps behind `step`; `at` is when, as adapter_toml write it."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    step: int = Field(ge=0)
    field: str
    before: Value
    after: Value
    at: str

    def as_text(self) -> str:
        """Return the change as a sentence."""
        after, before = _said(self.after), _said(self.before)
        if not self.step:
            return f"From the first step on {self.field} is {after}; it was {before}."
        return f"Since step {self.step:,} {self.field} is {after}; it was {before}."


def _said(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def read(tables: Any) -> tuple[tuple[Change, ...], list[Problem]]:
    """Return the changes that a recipe's list holds, and what is wrong with it."""
    if not isinstance(tables, list):
        return (), [Problem("changes", "changes must be a list of tables.")]
    try:
        return tuple(Change.model_validate(table) for table in tables), []
    except ValidationError as error:
        told = error.errors()[0]
        place = ".".join(map(str, told["loc"]))
        return (), [Problem("changes", f"The record of changes can't be read: {place}: {told['msg']}.")]


def refusals(
    before: Mapping[str, Any], wanted: Mapping[str, Value], *, step: int, anchored: bool
) -> tuple[Problem, ...]:
    """Return why values can't be changed for a run that goes on behind `step`.

    `before` are the values there are, by dotted names as `wanted`. `anchored`: what is trained is measured from the
    base model's own numbers, so these must stay as they are.
    """
    return tuple(
        filter(None, (_refusal(name, before.get(name), wanted[name], step, anchored) for name in wanted))
    )


def _refusal(name: str, before: Any, after: Value, step: int, anchored: bool) -> Problem | None:
    if name not in CHANGEABLE:
        hint = f"These can be changed: {', '.join(CHANGEABLE)}. For anything else start a new run."
        return Problem(name, f"A run that has begun keeps its {name}.", hint)
    if not step or before == after:
        return None
    if name == "training.optimizer" and after not in HEIRS.get(str(before), ()):
        message = f"{after} can't go on with what {before} has gathered up to step {step:,}."
        return Problem(name, message, "Start a new run with it.")
    if name.startswith("base_model.") and anchored:
        message = f"What was trained up to step {step:,} starts from the base model's own numbers."
        return Problem(name, message, "Start a new run with the base model in fewer bits.")
    return None


def recorded(before: Mapping[str, Any], wanted: Mapping[str, Value], step: int, at: str) -> Sequence[Change]:
    """Return the record of what really changes."""
    return [
        Change(step=step, field=name, before=before[name], after=value, at=at)
        for name, value in wanted.items()
        if before[name] != value
    ]
