"""The user's decisions about data, for the recipe: excluded findings, masked personal data, answers to questions.

Knows only ids.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Signal


class Exclusions(QObject):
    """The decisions about one source. `changed` is emitted by `exclude` and `mask`."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.excluded: tuple[str, ...] = ()
        self.masked: tuple[str, ...] = ()
        self.answers: dict[str, str] = {}

    def forget(self) -> None:
        """Reset, for another source."""
        self.excluded, self.masked, self.answers = (), (), {}
        self.changed.emit()

    def exclude(self, finding: str, on: bool) -> None:
        """Exclude a finding's rows, or include them again."""
        self.excluded = _switched(self.excluded, finding, on)
        self.changed.emit()

    def mask(self, kind: str, on: bool) -> None:
        """Mask a kind of personal data, or unmask it."""
        self.masked = _switched(self.masked, kind, on)
        self.changed.emit()

    def answered(self) -> dict[str, str]:
        """Return the answers to what was asked before the data could be read, by option."""
        return {"broken_rows": "refuse"} | self.answers

    def values(self) -> dict[str, Any]:
        """Return the decisions as `[data]` values of a recipe."""
        return {
            **self.answered(),
            "exclude": list(self.excluded),
            "mask": list(self.masked),
        }


def _switched(ids: tuple[str, ...], one: str, on: bool) -> tuple[str, ...]:
    others = tuple(each for each in ids if each != one)
    return (*others, one) if on else others
