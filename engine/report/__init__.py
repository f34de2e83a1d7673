"""Reports: a run or an arena as one page of HTML, or all its figures as CSV or JSON.

Everything is read from folders; no model is loaded and nothing is fetched. A report is written whole or not at all, in
the format of the file's suffix.
"""

from __future__ import annotations

import json
from pathlib import Path

from engine.errors import StorageError
from engine.report import arena_facts, run_facts
from engine.report.arena_facts import ArenaReport, gather_arena
from engine.report.run_facts import Report, conversations_table, gather_run
from engine.system.csv_file import write_csv
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
            f"{path.name} is not a report's file name.", f"End it with {', '.join(FORMATS)}.", "--out"
        )
    if suffix == ".html":
        # Imported late: the template engine takes 0.1 s, and a window starts without it.
        from engine.report import arena_page, run_page

        page = run_page.render(report) if isinstance(report, Report) else arena_page.render(report)
        write_export(path, page)
    elif suffix == ".json":
        tree = run_facts.tree(report) if isinstance(report, Report) else arena_facts.tree(report)
        write_export(path, json.dumps(tree, indent=1))
    elif isinstance(report, Report):
        write_csv(path, run_facts.HEAD, run_facts.rows(report))
    else:
        write_csv(path, *arena_facts.table(report))
