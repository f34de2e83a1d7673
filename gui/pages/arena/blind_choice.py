"""Which entries of an arena a blind comparison is about, and where their summaries are."""

from __future__ import annotations

from collections.abc import Collection

from engine.api import arenas
from gui.models.arena_reader import Snapshot


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
