"""Where a report goes: a file whose ending says what it is, whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from engine.errors import StorageError
from engine.report import arena_data, arena_page, run_data, run_page
from engine.report.arena_facts import ArenaReport
from engine.report.run_facts import Report
from engine.system.csv_file import Cell, write_csv
from engine.system.files import write_atomically

FORMATS = {
    ".html": "One page to read or print",
    ".csv": "All figures as a table",
    ".json": "All figures as JSON",
}


def default_name(name: str, ending: str = ".html") -> str:
    """Return what the report of a run or an arena with this id is called if nobody says otherwise."""
    return f"{name}-report{ending}"


def write(report: Report | ArenaReport, path: Path) -> None:
    """Write a report as its ending says.

    Raises StorageError, with its field, for an ending that is not among `FORMATS`, or if the place can't be written.
    """
    ending = path.suffix.lower()
    if ending not in FORMATS:
        raise StorageError(
            f"{path.name} is neither a page nor a table.", f"End it with {', '.join(FORMATS)}.", "--out"
        )
    if ending == ".csv":
        write_csv(path, *_table(report))
        return
    text = _page(report) if ending == ".html" else json.dumps(_tree(report), indent=1)
    try:
        write_atomically(path, text)
    except OSError as error:
        raise StorageError(
            f"{path} can't be written: {error.strerror}.", "Choose another folder, or free some space."
        ) from error


def _page(report: Report | ArenaReport) -> str:
    return run_page.render(report) if isinstance(report, Report) else arena_page.render(report)


def _tree(report: Report | ArenaReport) -> dict[str, Any]:
    return run_data.tree(report) if isinstance(report, Report) else arena_data.tree(report)


def _table(report: Report | ArenaReport) -> tuple[Sequence[str], Iterable[Sequence[Cell]]]:
    if isinstance(report, Report):
        return run_data.HEAD, run_data.rows(report)
    return arena_data.table(report)
