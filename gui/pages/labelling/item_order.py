"""Filters and orders the conversations of a set. Knows no widget and no text that is being written.

The order by novelty compares all words. That takes seconds for thousands of conversations, so it runs in a thread,
once a set, and only if that order is chosen.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from engine.api import labelling
from gui.core.background_tasks import BackgroundTasks

SHOWN = {
    "to_do": ("open", "drafted"),
    "drafted": ("drafted",),
    "accepted": ("accepted",),
    "skipped": ("skipped",),
    "all": ("open", "drafted", "accepted", "skipped"),
}
UNLIKE = "unlike"
# Conversations compared before the GUI thread gets its turn again.
SLICE, BREATH_SECONDS = 50, 0.002


class ItemOrder(QObject):
    """The conversations of one set. `compared` reports that the order by novelty is known now."""

    compared = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.order = labelling.ORDERS[0].key
        self.shown = "to_do"
        self.search = ""
        self._work: labelling.LabellingSet | None = None
        self._novelty: labelling.Novelty | None = None
        self._numbers: list[int] | None = None
        self._background = BackgroundTasks(self)
        self._cancelled = threading.Event()
        # Closing the window must not wait for the comparison.
        self.destroyed.connect(self._cancelled.set)

    @property
    def is_comparing(self) -> bool:
        """Whether the chosen order is still being computed; until then the source's order is used."""
        return self._work is not None and self.order == UNLIKE and self._novelty is None

    def take(self, work: labelling.LabellingSet | None) -> None:
        """List the conversations to do of another set."""
        self._cancelled.set()
        self._work, self._novelty, self._numbers = work, None, None
        self.shown, self.search = "to_do", ""
        self._compare()

    def choose_order(self, key: str) -> None:
        """List the conversations in another order, a key of `labelling.ORDERS`."""
        was_comparing, self.order = self.is_comparing, key
        self.renew()
        if not was_comparing:
            self._compare()

    def renew(self) -> None:
        """List again after a change."""
        self._numbers = None

    def numbers(self) -> Sequence[int]:
        """Return the numbers of the listed conversations, in order."""
        if self._numbers is None:
            self._numbers = self._listed()
        return self._numbers

    def _listed(self) -> list[int]:
        work = self._work
        if work is None:
            return []
        items = work.in_state(*SHOWN[self.shown])
        if self.search:
            items = [item for item in items if _answers(item, self.search)]
        if self._novelty is not None and self.order == UNLIKE:
            self._novelty.follow(work.added_since(self._novelty.count), work.history.accepted)
        return [item.number for item in labelling.ordered(items, self.order, self._novelty)]

    def _compare(self) -> None:
        work = self._work
        if work is None or not self.is_comparing:
            return
        cancelled = self._cancelled = threading.Event()
        self.destroyed.connect(cancelled.set)
        items = work.items
        self._background.run(lambda: _compared(items, cancelled), lambda novelty: self._take(work, novelty))

    def _take(self, work: labelling.LabellingSet, novelty: labelling.Novelty | None) -> None:
        if novelty is not None and work is self._work:
            self._novelty = novelty
            self.renew()
            self.compared.emit()


def _answers(item: labelling.Item, search: str) -> bool:
    """Return whether a conversation contains the searched words, or has the searched number."""
    return search == str(item.number) or search.casefold() in item.conversation.casefold()


def _compared(items: list[labelling.Item], cancelled: threading.Event) -> labelling.Novelty | None:
    """Return the words of each conversation, or None if cancelled."""
    novelty = labelling.Novelty()
    for start in range(0, len(items), SLICE):
        if cancelled.is_set():
            return None
        novelty.follow(items[start : start + SLICE], ())
        time.sleep(BREATH_SECONDS)
    return novelty
