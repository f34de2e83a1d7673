"""Reads an arena off the GUI thread: status and results of its entries, and the losses of the drawn ones."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from engine.api import Curve, RunEntry, arenas, read_all, run_store, voting
from gui.core.background_tasks import BackgroundTasks

Mark = tuple[tuple[str, object], ...]


@dataclass(frozen=True)
class Snapshot:
    """An arena as read, None if there is none; `others` are the names of all arenas by id, newest first."""

    arena: arenas.Arena | None
    others: dict[str, str]
    statuses: tuple[arenas.EntryStatus, ...] = ()
    groups: tuple[arenas.Group, ...] = ()
    worked: bool = False
    losses: tuple[tuple[str, Curve], ...] = ()

    def row_id(self, entry_id: str) -> str:
        """Return the id of the row that an entry is in, as one of its seeds; its own if it is in none."""
        rows = (row for group in self.groups for row in group.rows)
        holding = (row.id for row in rows if entry_id in {each.entry.id for each in row.statuses})
        return next(holding, entry_id)


class ArenaReader(QObject):
    """`read(Snapshot)` answers `refresh`; waiting requests are answered once, with the newest snapshot."""

    read = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = BackgroundTasks(self)
        self._reader = arenas.Reader()
        self._mark: Mark = ()
        self._groups: tuple[arenas.Group, ...] = ()
        self._losses: dict[str, tuple[object, Curve]] = {}
        self._asked: tuple[str, frozenset[str]] = ("", frozenset())
        self._waits = False

    def refresh(self, arena_id: str, drawn: Iterable[str]) -> None:
        """Read an arena ("" for the newest) with the losses of the entries in `drawn`, and of the one that runs."""
        self._asked = (arena_id, frozenset(drawn))
        if not self._waits:
            self._waits = True
            self._background.run(self._snapshot, self._hand_over, lambda _error: self._hand_over(None))

    def _hand_over(self, found: Snapshot | None) -> None:
        if found is not None:
            self.read.emit(found)

    def _snapshot(self) -> Snapshot:
        self._waits = False
        arena_id, drawn = self._asked
        found, _damaged = arenas.list_arenas()
        others = {each.id: each.name for each in found}
        arena = next((each for each in found if each.id == arena_id), found[0] if found else None)
        if arena is None:
            return Snapshot(None, others)
        statuses = tuple(self._reader.read(arena))
        return Snapshot(
            arena,
            others,
            statuses,
            self._grouped(statuses),
            arenas.is_worked(arena),
            tuple(self._drawn(statuses, drawn)),
        )

    def _grouped(self, statuses: tuple[arenas.EntryStatus, ...]) -> tuple[arenas.Group, ...]:
        """Return the groups; recomputed only if a scored run, a seed of a set or a blind vote has changed."""
        scored = tuple(
            (each.entry.id, each.run.stamp if each.run else each.external)
            for each in statuses
            if each.external or (each.run and each.run.scored)
        )
        # A row names the seeds that it lacks.
        seeds = tuple((each.entry.id, each.state) for each in statuses if each.entry.seed is not None)
        mark = (*scored, ("seeds", seeds), ("votes", voting.stamp()))
        if mark != self._mark or not scored:
            self._mark, self._groups = mark, tuple(arenas.groups(statuses))
        return self._groups

    def _drawn(
        self, statuses: tuple[arenas.EntryStatus, ...], drawn: frozenset[str]
    ) -> list[tuple[str, Curve]]:
        return [
            (each.entry.id, self._loss(each.run))
            for each in statuses
            if each.run is not None and (each.entry.id in drawn or each.state == "running")
        ]

    def _loss(self, run: RunEntry) -> Curve:
        cached = self._losses.get(run.id)
        if cached is None or cached[0] != run.stamp:
            cached = self._losses[run.id] = (run.stamp, run_store.replay(read_all(run.job.events_path)).loss)
        return cached[1]


def chosen_for_blind(shown: Snapshot, checked: Collection[str]) -> list[tuple[str, str]]:
    """Return the checked entries of the first protocol, or all of them: where their summaries are, and their names."""
    rows = shown.groups[0].rows if shown.groups else ()
    wanted = [row for row in rows if row.id in checked] or list(rows)
    return [(_origin(row.status), _name(row)) for row in wanted]


def _origin(status: arenas.EntryStatus) -> str:
    """Return the id of an entry's run, or the folder of another system's summaries."""
    return str(status.external.folder) if status.external is not None else status.entry.run


def _name(row: arenas.Row) -> str:
    """Return the name of what is compared: of a set of seeds, the summaries of its first."""
    return row.entry.name if row.status.external is None else row.status.entry.title
