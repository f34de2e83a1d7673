"""Places inside cells: `input.conversation` and `answers[0].text` are columns too.

Cells that are objects, or lists with one object, have such places; lists of turns are left whole. Knows no files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from engine.data import cells

# Below a column; a place further inside, and more places than these, are for nobody to choose from.
MAX_LEVELS = 3
MAX_PLACES = 40
FIRST = "[0]"


@dataclass(frozen=True)
class Place:
    """A place inside the cells of a column: its name as a column, and the keys that lead there from the row."""

    name: str
    keys: tuple[str, ...]

    def value(self, row: Mapping[str, Any]) -> tuple[Any, bool]:
        """Return what stands there in a row, None for nothing, and whether it is in the first of several objects."""
        value: Any = row
        is_first = False
        for key in self.keys:
            if isinstance(value, list):
                is_first = is_first or len(value) > 1
                value = value[0] if value else None
            value = value.get(key) if isinstance(value, Mapping) else None
        return value, is_first


def find(rows: Sequence[Mapping[str, Any]]) -> list[Place]:
    """Return the places with texts or turns in the cells of the first rows, none that is called as a column is."""
    columns = cells.keys_of(rows)
    found = (place for name in columns for place in _inside(name, (name,), [row.get(name) for row in rows]))
    return list(islice((place for place in found if place.name not in columns), MAX_PLACES))


def holding(columns: Sequence[str]) -> set[str]:
    """Return the columns that have places among `columns`."""
    return {
        name for name in columns if any(other.startswith((f"{name}.", f"{name}{FIRST}")) for other in columns)
    }


def _inside(name: str, keys: tuple[str, ...], values: Sequence[Any]) -> Iterator[Place]:
    objects, mark = _objects(values)
    if len(keys) > MAX_LEVELS:
        return
    for key in cells.keys_of(objects):
        inner = [each.get(key) for each in objects]
        place = Place(f"{name}{mark}.{key}", (*keys, key))
        if not key.strip():
            continue
        if _objects(inner)[0]:
            yield from _inside(place.name, place.keys, inner)
        elif _are_texts(inner):
            yield place


def _objects(values: Sequence[Any]) -> tuple[list[dict[str, Any]], str]:
    """Return the objects that all filled values are, or hold as the one item of a list, and that list's mark."""
    filled = [value for value in values if value not in (None, "", [], {})]
    if not filled or any(not isinstance(value, (dict, list)) for value in filled) or _are_turns(filled):
        return [], ""
    if all(isinstance(value, dict) for value in filled):
        return filled, ""
    if all(isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict) for value in filled):
        return [value[0] for value in filled], FIRST
    return [], ""


def _are_turns(values: Iterable[Any]) -> bool:
    """Tell whether values are lists of turns with speakers."""
    found = cells.find_keys(values)
    return found is not None and bool(found.speaker)


def _are_texts(values: Sequence[Any]) -> bool:
    filled = [value for value in values if value not in (None, "", [], {})]
    if filled and all(isinstance(value, str) for value in filled):
        return True
    return (
        bool(filled)
        and not any(isinstance(value, str) for value in filled)
        and cells.find_keys(filled) is not None
    )
