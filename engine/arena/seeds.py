"""The seeds of an arena's entries: a recipe with several seeds is an entry for each of them.

Knows nothing of results.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from engine.config.recipe_diff import differences
from engine.config.training import TrainingOptions
from engine.errors import Problem, RecipeError
from engine.methods import method, unknown_method

KEY = "training.seed"
MAX_SEEDS = 10
# The largest seed of a recipe.
MAX_SEED = 2**31 - 1

Tables = Mapping[str, Any]


def require_valid(common: Tables, seeds: int) -> None:
    """Raise RecipeError for a number of seeds that can't be, and for seeds beyond the largest one."""
    if not 1 <= seeds <= MAX_SEEDS:
        message = f"There can't be {seeds} seeds: 1 to {MAX_SEEDS} are possible."
        raise RecipeError((Problem("seeds", message, "Three show the spread, five show it well."),))
    if seed_of(common) + seeds - 1 > MAX_SEED:
        message = f"{seeds} seeds from {seed_of(common)} on are more than there are: the last is {MAX_SEED}."
        raise RecipeError((Problem(KEY, message, "Choose a smaller seed."),))


def seed_of(tables: Tables) -> int:
    """Return the seed of a recipe's tables."""
    return int(tables.get("training", {}).get("seed", TrainingOptions().seed))


def with_seeds(recipes: Sequence[Tables], seeds: int) -> Iterator[tuple[dict[str, Any], int | None]]:
    """Yield each recipe with each seed, and that seed: None for a single one.

    All recipes come with their first seed before any comes with its second, so that a queue which is stopped early has
    a whole table. A method without training has no seeds.
    """
    for number in range(seeds):
        for tables in recipes:
            if seeds == 1 or not _trains(tables):
                if number == 0:
                    yield dict(tables), None
            else:
                seed = seed_of(tables) + number
                yield {**tables, "training": {**tables.get("training", {}), "seed": seed}}, seed


def _trains(tables: Tables) -> bool:
    method_id = str(tables["method"]["id"])
    return bool(unknown_method(method_id)) or method(method_id).trains


def differ_by_seed_alone(one: Tables, other: Tables) -> bool:
    """Tell whether two recipes are the same, whatever their seeds."""
    return all(each.key == KEY for each in differences((one, other)))
