"""Where a report goes: a file whose ending says what it is, whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path

from engine.csv_file import write_csv
from engine.errors import StorageError
from engine.files import write_whole
from engine.jobs import Job
from engine.report import figures, page
from engine.report.facts import Report

FORMATS = {
    ".html": "One page to read or print",
    ".csv": "All figures as a table",
    ".json": "All figures as JSON",
}


def default_name(job: Job, ending: str = ".html") -> str:
    """Return what a run's report is called if nobody says otherwise."""
    return f"{job.id}-report{ending}"


def write(report: Report, path: Path) -> None:
    """Write a report as its ending says.

    Raises StorageError, with its field, for an ending that is not among `FORMATS`, or if the place can't be written.
    """
    ending = path.suffix.lower()
    if ending not in FORMATS:
        raise StorageError(
            f"{path.name} is neither a page nor a table.", f"End it with {', '.join(FORMATS)}.", "--out"
        )
    if ending == ".csv":
        write_csv(path, figures.HEAD, figures.rows(report))
        return
    text = page.render(report) if ending == ".html" else json.dumps(figures.tree(report), indent=1)
    try:
        write_whole(path, text)
    except OSError as error:
        raise StorageError(
            f"{path} can't be written: {error.strerror}.", "Choose another folder, or free some space."
        ) from error
