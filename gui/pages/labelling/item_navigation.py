"""The way through a set's conversations: where one was, and which comes next. Knows no widget and no text."""

from __future__ import annotations

from collections.abc import Sequence


class ItemNavigation:
    """The conversations that were seen, by number, like the pages of a browser: back, forward, and on to new ones."""

    def __init__(self) -> None:
        self._seen: list[int] = []
        self._at = -1

    @property
    def current(self) -> int | None:
        """The conversation in front."""
        return self._seen[self._at] if self._seen else None

    @property
    def can_go_back(self) -> bool:
        """Whether another one was in front before."""
        return self._at > 0

    def go(self, number: int) -> None:
        """Bring a conversation to the front; what was ahead is forgotten."""
        if number != self.current:
            self._seen[self._at + 1 :] = [number]
            self._at += 1

    def back(self) -> None:
        """Bring the one before to the front again."""
        self._at = max(0, self._at - 1) if self._seen else -1

    def forward(self, listed: Sequence[int]) -> None:
        """Bring the next one to the front: one that was gone back from, else the first of `listed` not seen yet.

        Where all were seen, it goes round: the one that follows in the list.
        """
        if self._at + 1 < len(self._seen):
            self._at += 1
            return
        follows = self._first_unseen(listed)
        if follows is not None:
            self.go(follows)

    def on(self, listed: Sequence[int]) -> None:
        """Bring what comes next in `listed` to the front, once the conversation in front is done."""
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
