"""A tree of plain values with anything in the place of anything, as a stranger's or a damaged file may be."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

ABSENT = object()
STRANGE = (ABSENT, "x", -1, float("inf"), 10**30, {})

Way = tuple[Any, ...]


def ways(value: Any, way: Way = ()) -> Iterator[Way]:
    """Yield the way to every value of a tree."""
    keys = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield (*way, key)
        yield from ways(value[key], (*way, key))


def changed(tree: dict[str, Any], way: Way, value: Any) -> dict[str, Any]:
    """Return the tree with another value in one place, or none."""
    made = copy.deepcopy(tree)
    at: Any = made
    for key in way[:-1]:
        at = at[key]
    if value is ABSENT:
        del at[way[-1]]
    else:
        at[way[-1]] = value
    return made


def strangely(tree: dict[str, Any], chosen: list[Way]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the tree with every strange value in every chosen place, one at a time, and what was done."""
    for way in chosen:
        for value in STRANGE:
            said = "absent" if value is ABSENT else repr(value)
            yield f"{'.'.join(map(str, way))}: {said}", changed(tree, way, value)


def as_toml(tree: dict[str, Any]) -> str:
    """Return a tree as TOML with a line for each key: what writes it for people takes twenty times as long."""
    return "".join(f"{json.dumps(key)} = {_in_line(value)}\n" for key, value in tree.items())


def _in_line(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_in_line(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_in_line, value)) + "]"
    if isinstance(value, str | bool):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
