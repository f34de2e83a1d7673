"""The figures of an arena as data: a table for spreadsheets, and a tree for programs."""

from __future__ import annotations

from typing import Any

from engine import arena as arenas
from engine import voting
from engine.report import blind_votes
from engine.report.arena.facts import ArenaReport
from engine.report.provenance import data_facts, environment
from engine.report.run_data import curves_of
from engine.system.csv_file import Cell


def table(report: ArenaReport) -> tuple[list[str], list[list[Cell]]]:
    """Return head and rows of the arena's table."""
    return arenas.table(report.statuses, report.groups)


def tree(report: ArenaReport) -> dict[str, Any]:
    """Return everything in the report as plain values for JSON."""
    ids = list(report.tables)
    return {
        **arenas.tree(report.arena, report.statuses, report.groups),
        "differences": [
            {"key": each.key, "values": dict(zip(ids, each.values, strict=True))}
            for each in report.differences()
        ],
        "blind_votes": blind_votes.as_data(voting.of_runs([each.job.id for each in report.runs.values()])),
        "curves": {entry_id: curves_of(run) for entry_id, run in report.runs.items()},
        "data": dict(report.agreed(data_facts)),
        "environment": dict(report.agreed(environment)),
        "remarks": [{"message": text, "entries": whose} for text, whose in report.remarks()],
        "recipe": report.recipe.as_tables() if report.recipe else None,
    }
