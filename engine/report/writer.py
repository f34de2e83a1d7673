"""Writes a report to a file, whole or not at all. The file's suffix is the format."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from engine.errors import StorageError
from engine.report import run_data
from engine.report.arena import facts as arena_facts
from engine.report.arena.facts import ArenaReport
from engine.report.run_facts import Report
from engine.system.csv_file import Cell, write_csv
from engine.system.files import write_export
from engine.text.escaping import file_name

FORMATS = {
    ".html": "One page to read or print",
    ".csv": "All figures as a table",
    ".json": "All figures as JSON",
}


def default_name(name: str) -> str:
    """Return the default file name of the report of the run or arena with this id."""
    return f"{file_name(name)}-report.html"


def write(report: Report | ArenaReport, path: Path) -> None:
    """Write a report in the format of the path's suffix.

    Raises StorageError: with its field for a suffix that is not among `FORMATS`, or if the file can't be written.
    """
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise StorageError(
            f"{path.name} is neither a page nor a table.", f"End it with {', '.join(FORMATS)}.", "--out"
        )
    if suffix == ".csv":
        write_csv(path, *_table(report))
        return
    text = _page(report) if suffix == ".html" else json.dumps(_tree(report), indent=1)
    write_export(path, text)


def _page(report: Report | ArenaReport) -> str:
    # Imported late: the template engine takes 0.1 s, and a window starts without it.
    from engine.report import run_page
    from engine.report.arena import page as arena_page

    return run_page.render(report) if isinstance(report, Report) else arena_page.render(report)


def _tree(report: Report | ArenaReport) -> dict[str, Any]:
    return run_data.tree(report) if isinstance(report, Report) else arena_facts.tree(report)


def _table(report: Report | ArenaReport) -> tuple[Sequence[str], Iterable[Sequence[Cell]]]:
    if isinstance(report, Report):
        return run_data.HEAD, run_data.rows(report)
    return arena_facts.table(report)
