"""Replaces single values of a nested table by invalid ones, as a damaged or hostile file may hold them."""

import copy
import json
from collections.abc import Iterator
from typing import Any

ABSENT = object()
INVALID = (ABSENT, "x", -1, float("inf"), 10**30, {})

KeyPath = tuple[Any, ...]


def key_paths(value: Any, path: KeyPath = ()) -> Iterator[KeyPath]:
    keys = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield (*path, key)
        yield from key_paths(value[key], (*path, key))


def replaced(tree: dict[str, Any], path: KeyPath, value: Any) -> dict[str, Any]:
    """Return a copy of the tree with another value at `path`; ABSENT deletes it."""
    copied = copy.deepcopy(tree)
    parent: Any = copied
    for key in path[:-1]:
        parent = parent[key]
    if value is ABSENT:
        del parent[path[-1]]
    else:
        parent[path[-1]] = value
    return copied


def corruptions(tree: dict[str, Any], paths: list[KeyPath]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a description and the changed tree for every invalid value at every path, one change at a time."""
    for path in paths:
        for value in INVALID:
            description = "absent" if value is ABSENT else repr(value)
            yield f"{'.'.join(map(str, path))}: {description}", replaced(tree, path, value)


def as_toml(tree: dict[str, Any]) -> str:
    """Return a tree as TOML with one line a key; tomlkit takes twenty times as long."""
    return "".join(f"{json.dumps(key)} = {_inline(value)}\n" for key, value in tree.items())


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_inline(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    if isinstance(value, str | bool):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
