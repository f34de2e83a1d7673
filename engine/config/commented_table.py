"""A table of options as TOML that explains itself. Knows no recipe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tomlkit
import tomlkit.items

from engine.options import OptionInfo, Options, describe


def commented(values: Mapping[str, Any], declaration: type[Options]) -> tomlkit.items.Table:
    """Return a table of a recipe's file with the help of each option beside its value."""
    table = tomlkit.table()
    helps = {info.name: _comment(info) for info in describe(declaration)}
    for name, value in values.items():
        item = tomlkit.item(value)
        if name in helps and not isinstance(value, dict):
            item.comment(helps[name])
        table.add(name, item if not isinstance(value, dict) else _inline(value))
    return table


def _comment(info: OptionInfo) -> str:
    """Return an option's help with what 0 means in the file, where the form has a word instead."""
    return f"{info.help} 0: {info.zero}." if info.zero else info.help


def _inline(value: Mapping[str, Any]) -> tomlkit.items.InlineTable:
    inline = tomlkit.inline_table()
    inline.update(value)
    return inline
