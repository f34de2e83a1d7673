"""Preferences of the window and the state of its widgets, saved between starts: texts by key, in one small file.

If the file is damaged or can't be written, the preferences are lost and the window still works.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from engine.api import FileKind, files, foreign_files, paths
from gui.look import language
from gui.look.language import mark

FILE_NAME = "window.json"
# What a run does when its window crashes; the recipe has the same key.
WHEN_WINDOW_LEAVES = "when_window_leaves"
WINDOW_CHOICES = {"finish": mark("Train to the end"), "stop": mark("Stop and save")}

TEXT_SIZES = (80, 90, 100, 110, 125, 150, 175, 200)


@dataclass(frozen=True)
class Setting:
    """A setting: its title, and its choices by key."""

    title: str
    choices: dict[str, str]


# By the key in the preferences; the dialog and the command palette derive from them.
SETTINGS = {
    "scheme": Setting(
        mark("Appearance"), {"system": mark("Follow system"), "light": mark("Light"), "dark": mark("Dark")}
    ),
    "contrast": Setting(mark("Contrast"), {"system": mark("Follow system"), "high": mark("High")}),
    "text_scale": Setting(mark("Text size"), {str(size): f"{size} %" for size in TEXT_SIZES}),
    "language": Setting(mark("Language"), {language.SYSTEM: mark("Follow system"), **language.offered()}),
    WHEN_WINDOW_LEAVES: Setting(mark("If the window crashes"), WINDOW_CHOICES),
}


class Preferences:
    """Texts by key; read once, written at every change."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or paths.config_folder() / FILE_NAME
        self._values = _read(self._path)

    def get(self, key: str) -> str | None:
        """Return the saved text, or None."""
        return self._values.get(key)

    def choice(self, key: str) -> str:
        """Return the choice of a setting, a key of `SETTINGS`: its first where none is saved that it has."""
        choices, saved = SETTINGS[key].choices, self._values.get(key, "")
        return saved if saved in choices else next(iter(choices))

    def text_scale(self) -> float:
        """Return the text size, 1.0 where none is saved that can be had."""
        with suppress(ValueError):
            saved = float(self._values.get("text_scale", ""))
            if TEXT_SIZES[0] <= 100 * saved <= TEXT_SIZES[-1]:
                return saved
        return 1.0

    def set(self, key: str, value: str) -> None:
        """Save a text."""
        self.update({key: value})

    def update(self, values: dict[str, str]) -> None:
        """Save several texts in one write; write nothing if nothing changed."""
        if self._values | values == self._values:
            return
        self._values |= values
        with suppress(OSError), files.aside(self._path) as unfinished:
            unfinished.write_text(json.dumps(self._values, indent=1), encoding="utf-8")


def _read(path: Path) -> dict[str, str]:
    try:
        values = foreign_files.read_json(path, FileKind.WINDOW)
    except (OSError, ValueError):
        return {}
    if not isinstance(values, dict):
        return {}
    return {key: value for key, value in values.items() if isinstance(value, str)}


class SavedState(QObject):
    """The state of a widget: `save` returns it as text (empty for nothing), `restore` takes it at the next start."""

    def __init__(
        self, widget: QWidget, name: str, save: Callable[[], str], restore: Callable[[str], None]
    ) -> None:
        super().__init__(widget)
        self.name = name
        self.save = save
        self.restore = restore


def saved_in(widget: QWidget) -> dict[str, str]:
    """Return the states of all parts of a widget, by name."""
    return {each.name: text for each in widget.findChildren(SavedState) if (text := each.save())}


def restore_in(widget: QWidget, save: Mapping[str, str]) -> None:
    """Restore the states that `saved_in` returned at an earlier start."""
    for each in widget.findChildren(SavedState):
        if each.name in save:
            each.restore(save[each.name])


def values_of(text: str) -> dict[str, Any]:
    """Return the values of a JSON object; an empty dict if the text is none."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
