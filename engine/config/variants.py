"""Which variant of its method a recipe's values are, and the values that make another one of it.

Works on the tables of a recipe. Knows nothing of forms.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.methods import Family, Method, Variant
from engine.options import describe

STANDARD = ""

Tables = Mapping[str, Any]


def current(entry: Method, tables: Tables, family: Family) -> str | None:
    """Return the id of the variant that `tables` describe, STANDARD for none of them, None if none fits.

    Only options that some variant decides count. A variant of more settings goes before one of fewer.
    """
    standard = _standard(entry, family)
    present = {info.name: info.default for info in describe(entry.options)} | dict(tables.get("method", {}))
    ours = {name: _plain(present.get(name)) for name in standard}
    fitting = [
        variant
        for variant in entry.variants
        if ours == standard | _settled(variant.options) and _holds(variant, tables)
    ]
    if fitting:
        return max(fitting, key=_size).id
    return STANDARD if ours == standard else None


def changed(entry: Method, variant_id: str, tables: Tables, family: Family) -> dict[str, Any]:
    """Return `tables` as another variant of their method, or as its standard form.

    Options that variants decide go back to the preset first. Keys that the variant left had set in other tables are
    left out, so that their defaults hold again.
    """
    by_id = {variant.id: variant for variant in entry.variants}
    left, wanted = by_id.get(current(entry, tables, family) or ""), by_id.get(variant_id)
    made = {name: dict(part) if isinstance(part, Mapping) else part for name, part in tables.items()}
    for table, values in left.tables.items() if left else ():
        for name in values:
            made.get(table, {}).pop(name, None)
    for table, values in wanted.tables.items() if wanted else ():
        made[table] = made.get(table, {}) | dict(values)
    options = _standard(entry, family) | (dict(wanted.options) if wanted else {})
    kept = {name: value for name, value in made["method"].items() if name not in options}
    made["method"] = kept | {name: value for name, value in options.items() if value is not None}
    return made


def _standard(entry: Method, family: Family) -> dict[str, Any]:
    """The preset's values of all options that some variant decides."""
    preset = entry.preset_options(family if family in entry.presets else entry.families[0])
    decided = [name for variant in entry.variants for name in variant.options]
    return _settled({name: preset[name] for name in decided})


def _settled(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _plain(value) for name, value in options.items()}


def _plain(value: Any) -> Any:
    """A list that a recipe's file gives is the same as the tuple of an option."""
    return tuple(value) if isinstance(value, list) else value


def _holds(variant: Variant, tables: Tables) -> bool:
    return all(
        tables.get(table, {}).get(name) == value
        for table, values in variant.tables.items()
        for name, value in values.items()
    )


def _size(variant: Variant) -> int:
    return len(variant.options) + sum(len(values) for values in variant.tables.values())
