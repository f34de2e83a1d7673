"""The memory fallbacks of a recipe, before it is started: the user chooses one.

Shows fallbacks; does not search for them and changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from engine.api import MemoryFallback, memory_fallbacks
from gui.look.format import bytes_text
from gui.look.language import tr
from gui.pages.train.run.failure_card import plan_row
from gui.widgets.cards import ErrorCard
from gui.widgets.scroll import Scroll


class FallbackView(Scroll):
    """A card. `chosen` carries the chosen fallback, `closed` reports that there is nothing left to choose."""

    chosen = Signal(object)
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(margins=(0, 0, 0, 0), spacing=0, parent=parent)
        self.card: ErrorCard | None = None
        self._plans: Sequence[MemoryFallback] = ()
        self.column.addStretch(1)

    def show_searching(self) -> None:
        """Show that the search is running."""
        self._show(tr("Looking for plans that fit."))

    def show_error(self, text: str) -> None:
        """Show why the search failed."""
        self._show(text)

    def show_found(self, found: Mapping[str, Any]) -> None:
        """Show the result of the `shrink` job."""
        sizes = {name: bytes_text(found.get(name)) for name in ("needed", "available")}
        lacking = tr("It needs about {needed}, but only {available} is available.", **sizes)
        plans = memory_fallbacks.read(found)
        if plans:
            rest = tr("Every step keeps its examples. Nothing is changed before you choose.")
        else:
            rest = tr("No plan fits. Close other programs, or choose a smaller base model.")
        self._show(f"{lacking} {rest}", plans)

    def _show(self, text: str, plans: Sequence[MemoryFallback] = ()) -> None:
        if self.card is not None:
            self.column.removeWidget(self.card)
            self.card.hide()
            self.card.deleteLater()
        self._plans = plans
        self.card = ErrorCard(
            tr("This run needs more memory than is available"),
            text,
            [plan_row(plan) for plan in plans],
            primary_text=tr("Use this plan") if plans else "",
            primary_icon="check",
            end_text=tr("Close"),
        )
        self.card.accepted.connect(self._accept)
        self.card.ended.connect(self.closed)
        self.column.insertWidget(0, self.card)
        self.card.show()

    def _accept(self, index: int) -> None:
        self.chosen.emit(self._plans[index])
