"""Finds the variant of a method in a recipe's tables, and changes it to another one. Knows nothing of forms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.methods import Family, Method, Variant
from engine.options import describe

STANDARD = ""

Tables = Mapping[str, Any]


def current(entry: Method, tables: Tables, family: Family) -> str | None:
    """Return the id of the variant that `tables` describe, STANDARD for the standard form, None if none matches.

    Only the options of variants count. A variant with more options takes precedence over one with fewer.
    """
    standard = _standard(entry, family)
    present = {info.name: info.default for info in describe(entry.options)} | dict(tables.get("method", {}))
    values = {name: _plain(present.get(name)) for name in standard}
    matching = [
        variant
        for variant in entry.variants
        if values == standard | _plain_values(variant.options) and _holds(variant, tables)
    ]
    if matching:
        return max(matching, key=lambda each: len(each.options) + sum(map(len, each.tables.values()))).id
    return STANDARD if values == standard else None


def changed(entry: Method, variant_id: str, tables: Tables, family: Family) -> dict[str, Any]:
    """Return `tables` changed to another variant of their method, or to its standard form.

    The options of variants are reset to the preset first. Keys of the old variant in other tables are removed, so that
    their defaults apply again.
    """
    by_id = {variant.id: variant for variant in entry.variants}
    left, wanted = by_id.get(current(entry, tables, family) or ""), by_id.get(variant_id)
    changed_tables = {
        name: dict(part) if isinstance(part, Mapping) else part for name, part in tables.items()
    }
    for table, values in left.tables.items() if left else ():
        for name in values:
            changed_tables.get(table, {}).pop(name, None)
    for table, values in wanted.tables.items() if wanted else ():
        changed_tables[table] = changed_tables.get(table, {}) | dict(values)
    options = _standard(entry, family) | (dict(wanted.options) if wanted else {})
    unchanged = {name: value for name, value in changed_tables["method"].items() if name not in options}
    changed_tables["method"] = unchanged | {
        name: value for name, value in options.items() if value is not None
    }
    return changed_tables


def _standard(entry: Method, family: Family) -> dict[str, Any]:
    """Return the preset's values of all options that variants set."""
    preset = entry.preset_options(family if family in entry.presets else entry.families[0])
    decided = [name for variant in entry.variants for name in variant.options]
    return _plain_values({name: preset[name] for name in decided})


def _plain_values(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _plain(value) for name, value in options.items()}


def _plain(value: Any) -> Any:
    """Return a list of a recipe's file as the tuple of an option, other values unchanged."""
    return tuple(value) if isinstance(value, list) else value


def _holds(variant: Variant, tables: Tables) -> bool:
    return all(
        tables.get(table, {}).get(name) == value
        for table, values in variant.tables.items()
        for name, value in values.items()
    )
