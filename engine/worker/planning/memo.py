"""Caches the latest values of a planner: a form plans with every edit, and most edits change little."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any


class Memo:
    """One value per name, valid as long as its key stays the same."""

    def __init__(self) -> None:
        self._values: dict[str, tuple[Hashable, Any]] = {}

    def get(self, name: str, key: Hashable, make: Callable[[], Any]) -> Any:
        """Return the value that was made for the same key, or make it now."""
        if name not in self._values or self._values[name][0] != key:
            self._values[name] = (key, make())
        return self._values[name][1]
