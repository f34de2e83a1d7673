"""What the window remembers between starts: texts by key, in one small file.

Knows little of what the keys mean. A file that is damaged or can't be written costs the memory, never the
window.
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from engine.api import paths
from gui.look.language import mark

FILE_NAME = "window.json"
# What becomes of a run whose window goes without being asked; the key is also the recipe's.
WHEN_WINDOW_LEAVES = "when_window_leaves"
WINDOW_CHOICES = {"finish": mark("Train to the end"), "stop": mark("Save and stop")}


class Preferences:
    """Texts by key, read once and written at every change."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or paths.config_folder() / FILE_NAME
        self._values = _read(self._path)

    def get(self, key: str) -> str | None:
        """Return what was kept, or None."""
        return self._values.get(key)

    def set(self, key: str, value: str) -> None:
        """Keep a text."""
        self.update({key: value})

    def update(self, values: dict[str, str]) -> None:
        """Keep several texts with one writing; none if nothing is new."""
        if self._values | values == self._values:
            return
        self._values |= values
        partial = self._path.with_name(self._path.name + ".partial")
        with suppress(OSError):
            partial.write_text(json.dumps(self._values, indent=1), encoding="utf-8")
            partial.replace(self._path)


def _read(path: Path) -> dict[str, str]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(values, dict):
        return {}
    return {key: value for key, value in values.items() if isinstance(value, str)}
