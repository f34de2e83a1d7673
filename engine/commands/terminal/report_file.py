"""Writes the report of a run or arena for the verbs that have `--out`."""

from __future__ import annotations

import argparse
from pathlib import Path

from engine import report
from engine.commands.terminal.output import Output
from engine.system.paths import resolved


def add_to(parser: argparse.ArgumentParser) -> None:
    """Declare `--out`."""
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help=f"the file, ending in {', '.join(report.FORMATS)} (default: a web page in this folder)",
    )


def write(
    facts: report.Report | report.ArenaReport, name: str, of: str, out: Path | None, output: Output
) -> int:
    """Write a report and print its path. `of` is "run" or "arena", `name` its id. Raises StorageError."""
    path = resolved(out or Path(report.default_name(name)))
    report.write(facts, path)
    output.json({of: name, "path": str(path)})
    output.line(f"Wrote the report to {path}.")
    return 0
