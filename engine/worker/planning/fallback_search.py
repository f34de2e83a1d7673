"""Ways out when a run's memory does not suffice: memory fallbacks, each planned as any recipe is.

A fallback's memory is the planner's figure, corrected by how far the planner was off for the run as it is. Its time is
given where it follows from what is computed. Every step keeps its examples.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from engine.config.recipe import Recipe
from engine.config.run_changes import Value
from engine.errors import OutOfMemoryError, RecipeError
from engine.methods import Family
from engine.runs import run_store
from engine.system.units import size
from engine.worker.dataset.dataset import Splits
from engine.worker.planning.planner import Planner, Result
from engine.worker.runtime import oom

MOST = 3
# What saves less is not worth a person's choice, and may not be enough after all.
LEAST_SAVING = 0.05

Changes = dict[str, Value]
CHECKPOINTED: Changes = {"training.activation_checkpointing": True}
EIGHT_BITS: Changes = {"training.optimizer": "adamw_8bit"}
FOUR_BITS: Changes = {"base_model.quantization": "nf4", "base_model.double_quantization": True}

# By how much a step takes longer. With checkpointed activations, forward passes are computed twice: of one forward and
# a backward pass of twice its cost, a third more (Chen et al. 2016, Training Deep Nets with Sublinear Memory Cost).
TIME_CHANGES: tuple[tuple[Changes, float], ...] = ((CHECKPOINTED, 1 / 3),)


class Found(NamedTuple):
    """A plan that was made: what it changes, its recipe, its planned bytes and rows of the heaviest micro-batch."""

    changes: Changes
    recipe: Recipe
    bytes: int
    weights: int
    rows: int


class Shrinker:
    """Finds smaller plans for one run."""

    def __init__(self, planner: Planner, recipe: Recipe, splits: Splits, step: int) -> None:
        """Prepare; `step` is that of the checkpoint that the run goes on from."""
        self._planner = planner
        self._recipe = recipe
        self._splits = splits
        self._step = step
        _, self._facts = planner.examine(recipe, splits)

    def told(
        self,
        lacking: oom.Exceeded,
        *,
        weights_alone: bool = False,
    ) -> Result:
        """Return what is needed, what is there and the plans that fit, as `memory_exceeded` carries them.

        At least what is planned is needed. `weights_alone`: it is not training that lacks memory, so that only what
        makes the base model smaller helps.
        """
        planned = int(self._facts.get("memory_bytes", 0))
        needed, available = max(lacking.needed, planned), lacking.available
        factor = needed / planned if planned else 1.0
        most = min(available, (1 - LEAST_SAVING) * needed) / factor
        found = list(self._fewer_bits() if weights_alone else self._tries(most))[:MOST]
        return {
            "needed": needed,
            "available": available,
            "batch_size": self._recipe.training.batch_size,
            "rows": self._rows,
            "plans": [self._told(each, factor) for each in found],
        }

    @property
    def _rows(self) -> int:
        return int(self._facts.get("micro_batch", {}).get("rows", 0))

    def _told(self, found: Found, factor: float) -> Result:
        time_change = next((change for changes, change in TIME_CHANGES if changes == found.changes), None)
        return {
            "changes": found.changes,
            "memory_bytes": round(factor * found.bytes),
            "memory_change": round(found.bytes / int(self._facts["memory_bytes"]) - 1, 4),
            "time_change": None if time_change is None else round(time_change, 4),
            "rows": found.rows,
        }

    def _tries(self, most: float) -> Iterator[Found]:
        """Yield the plans that fit, those that change no result first; where no single change does, several at once."""
        singles = [
            found
            for found in (
                self._smaller_batch({}, most),
                self._fitting(CHECKPOINTED, most),
                self._fitting(EIGHT_BITS, most),
                self._fitting(FOUR_BITS, most),
            )
            if found
        ]
        if singles:
            yield from singles
            return
        together = self._together(most)
        if together:
            yield together

    def _fewer_bits(self) -> Iterator[Found]:
        """Yield the plan with smaller weights; whether they are small enough, only loading them tells."""
        found, weights = self._planned(FOUR_BITS), self._facts.get("memory", {}).get("weights", 0)
        if found and found.weights <= (1 - LEAST_SAVING) * weights:
            yield found

    def _together(self, most: float) -> Found | None:
        """Return the first fitting plan while one change after another is added."""
        changes: Changes = {}
        for more in (CHECKPOINTED, EIGHT_BITS, FOUR_BITS):
            made = self._planned(changes | more)
            if made is None:
                continue
            changes |= more
            found = self._smaller_batch(changes, most)
            if made.bytes <= most or found:
                return made if made.bytes <= most else found
        return None

    def _fitting(self, changes: Changes, most: float) -> Found | None:
        made = self._planned(changes)
        return made if made and made.bytes <= most else None

    def _smaller_batch(self, changes: Changes, most: float) -> Found | None:
        """Return the largest micro-batch that fits, halved as often as it takes."""
        load = self._facts.get("micro_batch", {})
        tokens = self._facts["replicas"] * _padded(load, self._facts["family"]) if load else 0
        rows = self._rows
        while rows > 1:
            tokens //= 2
            made = self._planned(changes | {"training.micro_batch_tokens": tokens})
            if made is None:
                return None
            if made.bytes <= most:
                return made
            rows = made.rows
        return None

    def _planned(self, wanted: Changes) -> Found | None:
        """Return a plan with these changes, None where the run can't be changed so or nothing would be changed."""
        try:
            recipe = run_store.changed(self._recipe, wanted, self._step)
        except RecipeError:
            return None
        _, facts = self._planner.examine(recipe, self._splits)
        if recipe == self._recipe or "memory_bytes" not in facts:
            return None
        memory, rows = facts["memory"], facts["micro_batch"]["rows"]
        return Found(wanted, recipe, facts["memory_bytes"], memory["weights"], rows)


def _padded(load: dict[str, Any], family: Family) -> int:
    """Return the tokens of a micro-batch as the collator counts them."""
    width = int(load["input_length"])
    width += int(load["label_length"]) if family == "encoder-decoder" else 0
    return int(load["rows"]) * width


def trouble(told: Result) -> OutOfMemoryError:
    """Return the run's end in words."""
    needed, available = size(told["needed"]), size(told["available"])
    message = f"The heaviest batch needs {needed} of memory, and there is room for {available}."
    hint = "Choose one of the smaller plans."
    if not told["plans"]:
        hint = "No smaller plan would fit: end other programs, or choose a smaller base model."
    return OutOfMemoryError(message, hint, "training.micro_batch_tokens")
