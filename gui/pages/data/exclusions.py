"""What a person decided on this data, for the recipe: what is left out, what is masked, what is consented to.

Knows ids and says when they change; counts nothing and shows nothing.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Signal


class Decisions(QObject):
    """The decisions on one source. `changed` tells of every change by `exclude` and `mask`."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.excluded: tuple[str, ...] = ()
        self.masked: tuple[str, ...] = ()
        self.leaves_broken_rows_out = False

    def forget(self) -> None:
        """Begin anew, for another source."""
        self.excluded, self.masked, self.leaves_broken_rows_out = (), (), False
        self.changed.emit()

    def exclude(self, finding: str, on: bool) -> None:
        """Leave a finding's rows out, or take them in again."""
        self.excluded = _switched(self.excluded, finding, on)
        self.changed.emit()

    def mask(self, kind: str, on: bool) -> None:
        """Mask a kind of personal data, or show it again."""
        self.masked = _switched(self.masked, kind, on)
        self.changed.emit()

    def broken_rows(self) -> str:
        """Return the value of a recipe's `data.broken_rows`."""
        return "leave_out" if self.leaves_broken_rows_out else "refuse"

    def values(self) -> dict[str, Any]:
        """Return the `[data]` values of a recipe that the decisions make."""
        return {
            "broken_rows": self.broken_rows(),
            "exclude": list(self.excluded),
            "mask": list(self.masked),
        }


def _switched(ids: tuple[str, ...], one: str, on: bool) -> tuple[str, ...]:
    others = tuple(each for each in ids if each != one)
    return (*others, one) if on else others
