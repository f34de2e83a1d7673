"""Compares recipes key by key, and finds what may not differ between the entries of an arena.

Works on the tables of recipes, so that invalid recipes can be compared too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import Problem
from engine.messages import say

Tables = Mapping[str, Any]

# Only these may differ between entries; with other differences, scores could not be compared.
FREE_TABLES = ("method", "training")
FREE_KEYS = ("base_model.quantization", "base_model.double_quantization")
SAME_KEYS = ("training.seed",)
# A method that trains nothing is compared by its prompt.
PROMPT_KEYS = ("data.prompt", "data.shots")
NAMES = ("schema", "name", "changes")
ABSENT = "not set"


@dataclass(frozen=True)
class Difference:
    """A key with different values in recipes, and its value in each of them; None where it is absent."""

    key: str
    values: tuple[Any, ...]


def differences(recipes: Sequence[Tables]) -> tuple[Difference, ...]:
    """Return the keys that differ between recipes, in the order of a recipe, without names and changes."""
    flat = [dict(_flat(tables)) for tables in recipes]
    keys = list(dict.fromkeys(key for values in flat for key in values))
    compared = (Difference(key, tuple(values.get(key) for values in flat)) for key in keys)
    return tuple(each for each in compared if any(value != each.values[0] for value in each.values[1:]))


def _flat(tables: Tables) -> Iterator[tuple[str, Any]]:
    for name, table in tables.items():
        if isinstance(table, Mapping):
            yield from ((f"{name}.{key}", value) for key, value in table.items())
        elif name not in NAMES:
            yield name, table


def unlike(common: Tables, entry: Tables, *, trains: bool) -> tuple[Problem, ...]:
    """Return why an entry can't be compared with an arena's recipe: keys that must be the same and are not.

    `trains` is false for an entry that is a prompt: then prompt and examples may differ.
    """
    return tuple(
        Problem(
            each.key,
            say(
                "{} is {} here and {} in the arena.",
                each.key,
                _quoted(each.values[1]),
                _quoted(each.values[0]),
            ),
            "All entries share it: change this one, or create another arena.",
        )
        for each in differences((common, entry))
        if not _is_free(each.key, trains=trains)
    )


def _is_free(key: str, *, trains: bool) -> bool:
    if key in SAME_KEYS:
        return False
    free = key in FREE_KEYS or key.partition(".")[0] in FREE_TABLES
    return free or (not trains and key in PROMPT_KEYS)


def _quoted(value: Any) -> str:
    text = ABSENT if value is None else f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def value_text(value: Any) -> str:
    """Return a value of a recipe as text, without quotes and brackets."""
    if value is None:
        return ABSENT
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)
