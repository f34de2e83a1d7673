"""The options of a run that may change when it resumes, so that memory suffices, and the record of such changes.

None of them changes the examples of a step or their order. Knows nothing of files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.config import setting_text
from engine.errors import Problem
from engine.messages import say

CHANGEABLE = (
    "training.micro_batch_tokens",
    "training.activation_checkpointing",
    "training.optimizer",
    "base_model.quantization",
    "base_model.double_quantization",
)
# The optimizers that can continue from another one's state.
SUCCESSORS = {"adamw": ("adamw_8bit", "paged_adamw_8bit")}

Value = bool | int | str


class Change(BaseModel):
    """A changed value of a recipe for the steps after `step`; `at` is when, in the form of metadata."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    step: int = Field(ge=0)
    field: str
    before: Value
    after: Value
    at: str

    def as_text(self) -> str:
        title = setting_text.title(self.field)
        after, before = (
            setting_text.called(setting_text.value(self.field, each)) for each in (self.after, self.before)
        )
        if not self.step:
            return say("From the first step: {} {} (was {}).", title, after, before)
        return say("Since step {:,}: {} {} (was {}).", self.step, title, after, before)


def read(tables: Any) -> tuple[tuple[Change, ...], list[Problem]]:
    """Return the changes in a recipe's list, and the problems of the list."""
    if not isinstance(tables, list):
        return (), [Problem("changes", "changes must be a list of tables.")]
    try:
        return tuple(Change.model_validate(table) for table in tables), []
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        return (), [
            Problem("changes", say("The record of changes can't be read: {}: {}.", key, first["msg"]))
        ]


def refusals(
    before: Mapping[str, Any], wanted: Mapping[str, Value], *, step: int, needs_base: bool
) -> tuple[Problem, ...]:
    """Return why values can't be changed for a run that resumes after `step`.

    `before` are the present values by dotted names, as in `wanted`. `needs_base`: what is trained depends on the base
    model's own weights, so these must stay as they are.
    """
    return tuple(
        filter(None, (_refusal(name, before.get(name), wanted[name], step, needs_base) for name in wanted))
    )


def _refusal(name: str, before: Any, after: Value, step: int, needs_base: bool) -> Problem | None:
    if name not in CHANGEABLE:
        hint = say("Only these can be changed: {}.", ", ".join(CHANGEABLE))
        return Problem(name, say("{} can't be changed during a run.", name), hint)
    if not step or before == after:
        return None
    if name == "training.optimizer" and after not in SUCCESSORS.get(str(before), ()):
        message = say("{} can't continue from the state of {} at step {:,}.", after, before, step)
        return Problem(name, message, "Start a new run with it.")
    if name.startswith("base_model.") and needs_base:
        message = say("Up to step {:,}, training used the base model's original weights.", step)
        return Problem(name, message, "Start a new run with a quantized base model.")
    return None


def recorded(before: Mapping[str, Any], wanted: Mapping[str, Value], step: int, at: str) -> Sequence[Change]:
    return [
        Change(step=step, field=name, before=before[name], after=value, at=at)
        for name, value in wanted.items()
        if before[name] != value
    ]
