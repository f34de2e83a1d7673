"""Navigates the conversations of a set: back, forward, next. Knows no widget and no text."""

from __future__ import annotations

from collections.abc import Sequence


class ItemNavigation:
    """The visited conversations, by number, like the history of a browser."""

    def __init__(self) -> None:
        self._seen: list[int] = []
        self._at = -1

    @property
    def current(self) -> int | None:
        """Return the number of the current conversation."""
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
        """Go back to the previous conversation."""
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
