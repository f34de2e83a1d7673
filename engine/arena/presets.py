"""Presets of arenas, seeds, and how an entry's recipe is made from the arena's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.config.recipe import Recipe, present
from engine.config.recipe_diff import differences
from engine.config.training import TrainingOptions
from engine.errors import Problem, RecipeError
from engine.messages import say
from engine.methods import METHODS, Family, Method, method, unknown_method
from engine.options import check

Tables = Mapping[str, Any]
Change = Mapping[str, Mapping[str, Any]]

MINUTES = 10.0
SHOTS = 2
RANKS = (1, 2, 4, 8, 16, 32, 64)
KEY = "training.seed"
MAX_SEEDS = 10
# The largest seed of a recipe.
MAX_SEED = 2**31 - 1


@dataclass(frozen=True)
class Preset:
    """A set of entries; each change has the values in which an entry differs from the arena's recipe.

    `minutes` limits the training of each, 0 leaves it to the recipe.
    """

    id: str
    title: str
    summary: str
    changes: tuple[Change, ...]
    minutes: float = 0.0


def at_preset(entry: Method) -> Change:
    """Return the change to a method at its preset; a method without training gets examples in the prompt."""
    return (
        {"method": {"id": entry.id}}
        if entry.trains
        else {"method": {"id": entry.id}, "data": {"shots": SHOTS}}
    )


def for_minutes(recipe: Recipe, minutes: float) -> Recipe:
    """Return a recipe that trains for at most `minutes`, 0 for no limit. Raises RecipeError."""
    training, wrong = check(
        TrainingOptions, recipe.training.model_dump() | {"max_minutes": minutes}, "training"
    )
    if not isinstance(training, TrainingOptions):
        raise RecipeError(tuple(wrong))
    return replace(recipe, training=training)


PRESETS: tuple[Preset, ...] = (
    Preset("all", "All methods", "Every method at its preset", tuple(map(at_preset, METHODS)), MINUTES),
    Preset(
        "ranks",
        "LoRA ranks 1 to 64",
        "Alpha equals the rank, for the same scaling",
        tuple({"method": {"id": "lora", "rank": rank, "alpha": rank}} for rank in RANKS),
    ),
    Preset(
        "quantization",
        "Quantization: none, int8, nf4, nf4+double",
        "One method, a base model in fewer bits",
        (
            {"base_model": {"quantization": "none"}},
            {"base_model": {"quantization": "int8"}},
            {"base_model": {"quantization": "nf4", "double_quantization": False}},
            {"base_model": {"quantization": "nf4", "double_quantization": True}},
        ),
    ),
)


def preset(preset_id: str) -> Preset:
    """Return the preset with this id. Raises KeyError."""
    return next(each for each in PRESETS if each.id == preset_id)


def changed(common: Tables, change: Change, family: Family | None) -> dict[str, Any]:
    """Return the recipe's tables of an entry.

    A change of the method alone uses the method's own preset and learning rate for `family`. A change of options of
    the recipe's own method keeps its other options and the learning rate.
    """
    changes: dict[str, Any] = {
        name: dict(table) if isinstance(table, Mapping) else table for name, table in common.items()
    }
    wanted = change.get("method", {})
    if wanted and (len(wanted) == 1 or wanted["id"] != common["method"]["id"]):
        changes["method"] = {"id": wanted["id"], **_preset_options(method(wanted["id"]), family)}
        changes.get("training", {}).pop("learning_rate", None)
    for name, values in change.items():
        changes[name] = changes.get(name, {}) | dict(values)
    return changes


def _preset_options(entry: Method, family: Family | None) -> dict[str, Any]:
    """Return the options of the family's preset; for an unknown family, those that all families share."""
    if family is not None and family in entry.presets:
        return present(entry.preset_options(family))
    shared = [present(entry.preset_options(each)) for each in entry.families]
    return {
        name: value for name, value in shared[0].items() if all(other.get(name) == value for other in shared)
    }


def require_valid(common: Tables, seeds: int) -> None:
    """Raise RecipeError for an impossible number of seeds, and for seeds beyond the largest one."""
    if not 1 <= seeds <= MAX_SEEDS:
        message = say("Choose 1 to {} seeds.", MAX_SEEDS)
        raise RecipeError((Problem("seeds", message, "Three seeds show the spread; five are better."),))
    if seed_of(common) + seeds - 1 > MAX_SEED:
        message = say("{} seeds from {} pass the last one, {}.", seeds, seed_of(common), MAX_SEED)
        raise RecipeError((Problem(KEY, message, "Choose a smaller seed."),))


def seed_of(tables: Tables) -> int:
    """Return the seed of a recipe's tables."""
    return int(tables.get("training", {}).get("seed", TrainingOptions().seed))


def with_seeds(recipes: Sequence[Tables], seeds: int) -> Iterator[tuple[dict[str, Any], int | None]]:
    """Yield each recipe with each seed, and that seed: None for a single one.

    All first seeds come before any second one, so that a queue that is stopped early has a complete table. A method
    without training has no seeds.
    """
    for number in range(seeds):
        for tables in recipes:
            method_id = str(tables["method"]["id"])
            trains = bool(unknown_method(method_id)) or method(method_id).trains
            if seeds == 1 or not trains:
                if number == 0:
                    yield dict(tables), None
            else:
                seed = seed_of(tables) + number
                yield {**tables, "training": {**tables.get("training", {}), "seed": seed}}, seed


def differ_by_seed_alone(one: Tables, other: Tables) -> bool:
    """Tell whether two recipes are the same apart from their seeds."""
    return all(each.key == KEY for each in differences((one, other)))
