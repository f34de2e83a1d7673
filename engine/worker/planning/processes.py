"""The processes that compute a run's steps together, each on a card or with memory of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.config.recipe import Recipe
from engine.errors import Problem
from engine.scoring.score_text import counted


@dataclass(frozen=True)
class Processes:
    """How many processes compute a step, and whether each holds only its part of the base model (FSDP)."""

    count: int = 1
    sharded: bool = False

    def of(self, recipe: Recipe) -> Processes:
        """Return them as they carry out a recipe, which may ask for a sharded base model."""
        return replace(self, sharded=self.sharded or recipe.training.shard)

    def problems(self, recipe: Recipe) -> list[Problem]:
        """Return why a run of the recipe can't be shared out in this way."""
        if self.sharded and self.count == 1:
            message = "A base model can't be sharded over one process."
            hint = "Choose several cards (device all), or start several processes."
            return [Problem("training.shard", message, hint)]
        batch_size = recipe.training.batch_size
        if recipe.method.method.trains and self.count > batch_size:
            message = f"A step has {counted(batch_size, 'example')}, too few for {self.count:,} processes."
            return [Problem("training.batch_size", message, "Raise the batch size, or take fewer processes.")]
        return []


ONE_PROCESS = Processes()
