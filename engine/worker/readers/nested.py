"""Rows with objects in their cells: the places inside become columns of their own, after all others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from engine.data import places
from engine.data.places import Place
from engine.worker.readers.table import BrokenRow, LinedRow, Notes

Found = Mapping[str, Any] | BrokenRow


def with_places(first: Sequence[Mapping[str, Any]], rows: Iterable[Found], notes: Notes) -> Iterator[Found]:
    """Yield rows with the places that the `first` of them have; add a remark on lists that have more objects later."""
    found = places.find(first)
    if not found:
        yield from rows
        return
    told: set[Place] = set()
    for row in rows:
        if isinstance(row, BrokenRow):
            yield row
            continue
        notes.columns.update((place.name, None) for place in found)
        values = dict(row)
        for place in found:
            value, is_first = place.value(row)
            if value is not None:
                values[place.name] = value
            if is_first and place not in told:
                told.add(place)
                notes.remarks.append(
                    f'Some rows have several objects in "{place.keys[0]}": "{place.name}" is that of the first.'
                )
        yield LinedRow(values, getattr(row, "line", 0))
