"""The facts of an arena's report: its queue, its results, and the report of each of its runs; also as data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from engine import arena as arenas
from engine.arena import Arena, Difference, EntryStatus, Group
from engine.config.recipe import Recipe
from engine.errors import AppError
from engine.report import run_facts
from engine.report.cells import Facts, data_facts, environment
from engine.report.run_facts import Report, curves_of
from engine.system.csv_file import Cell

Found = TypeVar("Found")


@dataclass(frozen=True)
class ArenaReport:
    """An arena with its results; `recipe` is what its entries share.

    By entry id: `runs` are the reports of the entries' runs, `tables` the recipes that can be read.
    """

    arena: Arena
    recipe: Recipe | None
    statuses: tuple[EntryStatus, ...]
    groups: tuple[Group, ...]
    runs: Mapping[str, Report]
    tables: Mapping[str, dict[str, Any]]

    @property
    def unscored(self) -> list[EntryStatus]:
        """The entries without a score, in the queue's order."""
        return arenas.unscored(self.statuses, self.groups)

    @property
    def names(self) -> dict[str, str]:
        """The names of the entries, by their ids."""
        return {each.entry.id: each.entry.name for each in self.statuses}

    @property
    def later_seeds(self) -> set[str]:
        """The entries that a row puts together with an earlier seed."""
        rows = [row for group in self.groups for row in group.rows]
        return {each.entry.id for row in rows for each in row.statuses[1:]}

    @property
    def numbers(self) -> dict[str, int]:
        """The numbers of entries in plots: scored ones in the order of the tables, then the others.

        Seeds of one row have its number.
        """
        rows = [row.statuses for group in self.groups for row in group.rows]
        numbered = [*rows, *((each,) for each in self.unscored)]
        return {each.entry.id: number for number, of_row in enumerate(numbered, 1) for each in of_row}

    def recipes(self) -> list[tuple[str, dict[str, Any]]]:
        """Return the names of entries with their recipes, as far as these can be read; of a set of seeds the first."""
        found, sets = [], set()
        for entry in (each.entry for each in self.statuses if each.entry.id in self.tables):
            name = entry.name if entry.seed is None else entry.name_of_set
            if entry.seed is None or name not in sets:
                found.append((name, self.tables[entry.id]))
            if entry.seed is not None:
                sets.add(name)
        return found

    def differences(self) -> tuple[Difference, ...]:
        """Return the keys in which recipes differ, with values in the order of `tables`."""
        return arenas.differences(list(self.tables.values()))

    def agreed(self, of: Callable[[Report], Facts]) -> Facts:
        """Return facts of all runs, each once; where runs differ, every value with the entries that have it."""
        entries_by_value: dict[str, dict[str, list[str]]] = {}
        for entry_id, report in self.runs.items():
            for name, value in of(report):
                if value:
                    entries_by_value.setdefault(name, {}).setdefault(value, []).append(self.names[entry_id])
        found = []
        for name, values in entries_by_value.items():
            common, *others = sorted(values, key=lambda value: -len(values[value]))
            found.append(
                (name, "; ".join([common, *(f"{each} for {', '.join(values[each])}" for each in others)]))
            )
        return found

    def remarks(self) -> list[tuple[str, str]]:
        """Return the notices of the runs, each once, with the names of its entries; "" for a notice of all runs."""
        names_by_text: dict[str, list[str]] = {}
        for entry_id, report in self.runs.items():
            for notice in report.remarks():
                text = " ".join(filter(None, (notice["message"], notice.get("hint", ""))))
                names_by_text.setdefault(text, []).append(self.names[entry_id])
        everywhere = len(self.runs)
        return [
            (text, "" if len(names) == everywhere else ", ".join(names))
            for text, names in names_by_text.items()
        ]


def gather_arena(arena: Arena) -> ArenaReport:
    """Return all that is known of an arena. What can't be read is left out; the status of its entry says why."""
    statuses = tuple(arenas.Reader().read(arena))
    runs = {each.entry.id: each.run.job for each in statuses if each.run is not None}
    reports = {entry_id: _read(partial(run_facts.gather_run, job)) for entry_id, job in runs.items()}
    tables = {each.entry.id: _read(partial(arena.tables, each.entry)) for each in statuses}
    return ArenaReport(
        arena=arena,
        recipe=_read(arena.recipe),
        statuses=statuses,
        groups=tuple(arenas.groups(statuses)),
        runs={name: found for name, found in reports.items() if found is not None},
        tables={name: found for name, found in tables.items() if found is not None},
    )


def _read(read: Callable[[], Found]) -> Found | None:
    try:
        return read()
    except AppError:
        return None


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
        "blind_votes": run_facts.votes_tree([each.job.id for each in report.runs.values()]),
        "curves": {entry_id: curves_of(run) for entry_id, run in report.runs.items()},
        "data": dict(report.agreed(data_facts)),
        "environment": dict(report.agreed(environment)),
        "remarks": [{"message": text, "entries": whose} for text, whose in report.remarks()],
        "recipe": report.recipe.as_tables() if report.recipe else None,
    }
