"""Which conversations of a set are listed, in which order, and which of them were visited. Knows no widget."""

from __future__ import annotations

from collections.abc import Sequence

from engine.api import labelling
from gui.look.language import mark

SHOWN = {
    "to_do": ("open", "drafted"),
    "drafted": ("drafted",),
    "accepted": ("accepted",),
    "skipped": ("skipped",),
    "all": ("open", "drafted", "accepted", "skipped"),
}
# Each order with its title and its purpose.
ORDERS = {
    "given": (mark("Original order"), mark("In the order of the source.")),
    "longest": (mark("Longest first"), mark("Long conversations first, the hardest to summarise.")),
}


class ItemOrder:
    """The listed conversations of one set."""

    def __init__(self) -> None:
        self.order = "given"
        self.shown = "to_do"
        self.search = ""
        self._work: labelling.LabellingSet | None = None
        self._numbers: list[int] | None = None

    def take(self, work: labelling.LabellingSet | None) -> None:
        self._work = work
        self.shown, self.search = "to_do", ""
        self.renew()

    def renew(self) -> None:
        """List again after a change."""
        self._numbers = None

    def numbers(self) -> Sequence[int]:
        if self._numbers is None:
            items = self._work.in_state(*SHOWN[self.shown]) if self._work is not None else []
            if self.search:
                items = [item for item in items if _answers(item, self.search)]
            if self.order == "longest":
                items.sort(key=lambda item: len(item.conversation), reverse=True)
            self._numbers = [item.number for item in items]
        return self._numbers


def _answers(item: labelling.Item, search: str) -> bool:
    """Return whether a conversation contains the searched words, or has the searched number."""
    return search == str(item.number) or search.casefold() in item.conversation.casefold()


class ItemNavigation:
    """The visited conversations, by number, like the history of a browser."""

    def __init__(self) -> None:
        self._seen: list[int] = []
        self._at = -1

    @property
    def current(self) -> int | None:
        return self._seen[self._at] if self._seen else None

    @property
    def can_go_back(self) -> bool:
        """Whether there is an earlier conversation to go back to."""
        return self._at > 0

    def go(self, number: int) -> None:
        """Make a conversation the current one, and forget those ahead of it."""
        if number != self.current:
            self._seen[self._at + 1 :] = [number]
            self._at += 1

    def back(self) -> None:
        self._at = max(0, self._at - 1) if self._seen else -1

    def forward(self, listed: Sequence[int]) -> None:
        """Go forward again, or to the first of `listed` not visited yet.

        If all were visited, go to the one after the current one, or from the last to the first.
        """
        if self._at + 1 < len(self._seen):
            self._at += 1
            return
        follows = self._first_unseen(listed)
        if follows is not None:
            self.go(follows)

    def on(self, listed: Sequence[int]) -> None:
        """Go to the next conversation in `listed`, once the current one is done."""
        follows = self._first_unseen(listed)
        if follows is not None:
            self.go(follows)

    def _first_unseen(self, listed: Sequence[int]) -> int | None:
        seen = set(self._seen)
        unseen = next((number for number in listed if number not in seen), None)
        if unseen is not None or not listed:
            return unseen
        after = listed.index(self.current) + 1 if self.current in listed else 0
        return listed[after % len(listed)]
