"""An arena's results as one plain table, for spreadsheets and other programs: every score, difference and cost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from engine.arena.results import COSTS, Group, Row
from engine.csv_file import Cell, write_csv

ENDS = ("mean", "low", "high")


def save(groups: Iterable[Group], path: Path) -> None:
    """Write the results as CSV, scores as fractions. Raises StorageError."""
    rows = [(group.key, row) for group in groups for row in group.rows]
    names = sorted({name for _, row in rows for name in row.scores})
    write_csv(path, list(_head(names)), [list(_line(key, row, names)) for key, row in rows])


def _head(names: list[str]) -> Iterator[str]:
    yield from ("protocol", "entry", "detail", *COSTS, "adapter_bytes")
    for name in names:
        yield from (f"{name}_{end}" for end in ENDS)
        yield f"{name}_base"
        for other in ("base", "full"):
            yield from (f"{name}_against_{other}_{end}" for end in (*ENDS, "verdict"))


def _line(key: str, row: Row, names: list[str]) -> Iterator[Cell]:
    """Yield the cells of one entry; what is not known is empty, so that a protocol's key tells rows apart."""
    entry, run = row.standing.entry, row.standing.run
    yield from (key, entry.title, entry.detail, *(_cell(row.cost(kind)) for kind in COSTS))
    yield _cell(run.adapter_bytes if run is not None else None)
    for name in names:
        yield from (_cell(row.scores.get(name, {}).get(end)) for end in ENDS)
        yield _cell(row.base.get(name, {}).get("mean"))
        for differences in (row.against_base, row.against_full or {}):
            yield from (_cell(differences.get(name, {}).get(end)) for end in (*ENDS, "verdict"))


def _cell(value: Any) -> Cell:
    return "" if value is None else value
