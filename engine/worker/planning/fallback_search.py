"""Searches memory fallbacks for a run whose memory does not suffice; each is planned as any recipe is.

A fallback's memory is the planner's figure, corrected by how far the planner was off for the run as it is. Its time is
given where it follows from what is computed. No fallback changes how many examples a step sees.
"""

from __future__ import annotations

from typing import NamedTuple

from engine.config.recipe import Recipe
from engine.config.run_changes import Value
from engine.errors import OutOfMemoryError, RecipeError
from engine.messages import say
from engine.runs import run_store
from engine.system.units import size
from engine.worker.dataset.dataset import Splits
from engine.worker.planning.planner import Planner, Result
from engine.worker.runtime import oom

MAX_FALLBACKS = 3
# A smaller saving is not worth a choice, and may not be enough after all.
MIN_SAVING = 0.05

Changes = dict[str, Value]
CHECKPOINTED: Changes = {"training.activation_checkpointing": True}
EIGHT_BITS: Changes = {"training.optimizer": "adamw_8bit"}
FOUR_BITS: Changes = {"base_model.quantization": "nf4", "base_model.double_quantization": True}

# By how much a step takes longer with checkpointed activations: forward passes are computed twice, of one forward and a
# backward pass of twice its cost (Chen et al. 2016, Training Deep Nets with Sublinear Memory Cost).
CHECKPOINTED_TIME = 0.3333


class Fallback(NamedTuple):
    """Changes with the plan that they lead to: peak bytes, bytes of weights, and rows of the largest micro-batch."""

    changes: Changes
    bytes: int
    weights: int
    rows: int


class FallbackSearch:
    """Searches the memory fallbacks of one run."""

    def __init__(self, planner: Planner, recipe: Recipe, splits: Splits, step: int) -> None:
        """Prepare; `step` is that of the checkpoint that the run resumes from."""
        self._planner = planner
        self._recipe = recipe
        self._splits = splits
        self._step = step
        _, self._facts = planner.examine(recipe, splits)

    def run(self, lacking: oom.MemoryExceeded, *, weights_only: bool = False) -> Result:
        """Return needed and available bytes and the fallbacks that fit, as `memory_exceeded` carries them.

        At least the planned bytes are needed. With `weights_only` the base model itself does not fit, so that only
        smaller weights help.
        """
        planned = int(self._facts.get("memory_bytes", 0))
        needed, available = max(lacking.needed, planned), lacking.available
        factor = needed / planned if planned else 1.0
        limit = min(available, (1 - MIN_SAVING) * needed) / factor
        if weights_only:
            # Only loading smaller weights tells whether they are small enough.
            smaller, weights = self._planned(FOUR_BITS), self._facts.get("memory", {}).get("weights", 0)
            fallbacks = [smaller] if smaller and smaller.weights <= (1 - MIN_SAVING) * weights else []
        else:
            fallbacks = self._fitting(limit)
        return {
            "needed": needed,
            "available": available,
            "batch_size": self._recipe.training.batch_size,
            "rows": self._rows,
            "plans": [
                {
                    "changes": fallback.changes,
                    "memory_bytes": round(factor * fallback.bytes),
                    "memory_change": round(fallback.bytes / planned - 1, 4),
                    "time_change": CHECKPOINTED_TIME if fallback.changes == CHECKPOINTED else None,
                    "rows": fallback.rows,
                }
                for fallback in fallbacks[:MAX_FALLBACKS]
            ],
        }

    @property
    def _rows(self) -> int:
        return int(self._facts.get("micro_batch", {}).get("rows", 0))

    def _fitting(self, limit: float) -> list[Fallback]:
        """Return single changes that fit, those that change no result first; if none does, several changes at once."""
        alone = [self._planned(changes) for changes in (CHECKPOINTED, EIGHT_BITS, FOUR_BITS)]
        fitting = [fallback for fallback in alone if fallback and fallback.bytes <= limit]
        found = [self._smaller_batch({}, limit), *fitting]
        if not any(found):
            found = [self._combined(limit)]
        return [fallback for fallback in found if fallback]

    def _combined(self, limit: float) -> Fallback | None:
        """Add one change after another, and return the first combination that fits."""
        changes: Changes = {}
        for added in (CHECKPOINTED, EIGHT_BITS, FOUR_BITS):
            fallback = self._planned(changes | added)
            if fallback is None:
                continue
            changes |= added
            smaller = self._smaller_batch(changes, limit)
            if fallback.bytes <= limit or smaller:
                return fallback if fallback.bytes <= limit else smaller
        return None

    def _smaller_batch(self, changes: Changes, limit: float) -> Fallback | None:
        """Halve the micro-batch until it fits; return the first that does."""
        shape, rows, tokens = self._facts.get("micro_batch", {}), self._rows, 0
        if shape:
            # As the collator counts them.
            decoded = shape["label_length"] if self._facts["family"] == "encoder-decoder" else 0
            tokens = self._facts["replicas"] * rows * (shape["input_length"] + decoded)
        while rows > 1:
            tokens //= 2
            fallback = self._planned(changes | {"training.micro_batch_tokens": tokens})
            if fallback is None:
                return None
            if fallback.bytes <= limit:
                return fallback
            rows = fallback.rows
        return None

    def _planned(self, changes: Changes) -> Fallback | None:
        """Return the fallback with these changes, None if the run does not allow them or they change nothing."""
        try:
            recipe = run_store.changed(self._recipe, changes, self._step)
        except RecipeError:
            return None
        _, facts = self._planner.examine(recipe, self._splits)
        if recipe == self._recipe or "memory_bytes" not in facts:
            return None
        rows = facts["micro_batch"]["rows"]
        return Fallback(changes, facts["memory_bytes"], facts["memory"]["weights"], rows)


def out_of_memory_error(facts: Result, *, rank_killed: bool = False) -> OutOfMemoryError:
    """Return the error that ends a run for which these fallbacks were found, with numbers only where they are known."""
    needed, available = size(facts["needed"]), size(facts["available"])
    if rank_killed:
        message = "The system ran out of memory and killed a process of the run."
    elif facts["needed"] > facts["available"]:
        message = say("The largest batch needs {} of memory; {} is available.", needed, available)
    else:
        message = say("The largest batch needs more memory than {}.", available)
    hint = "Choose one of the plans that fit."
    if not facts["plans"]:
        hint = "No plan fits. Close other programs, or choose a smaller base model."
    return OutOfMemoryError(message, hint, "training.micro_batch_tokens")
