"""Choosers for what lies somewhere: a base model, a source of conversations. Any text can be typed too."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from engine.api import SAMPLE, STARTER
from gui.data_files import FILTER
from gui.widgets.choice import Choice


class PlaceChoice(Choice):
    """An editable choice whose last entries do something instead; `picked(key)` tells of the others."""

    picked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        self._kept = ""
        self._known: list[tuple[str, str] | str] = []
        self._actions: dict[str, Callable[[], None]] = {}
        super().__init__(parent=parent, editable=True)
        self.chosen.connect(self._took)

    def offer(self, known: Sequence[tuple[str, str] | str], actions: dict[str, Callable[[], None]]) -> None:
        """Offer known places, then what `actions` do, by their texts."""
        self._known, self._actions = list(known), actions
        kept = self._kept
        self.blockSignals(True)
        self.set_items([*known, *((text, text) for text in actions)])
        self.set_key(kept)
        self.blockSignals(False)

    def set_key(self, key: str) -> None:
        """Show another place."""
        self._kept = key
        super().set_key(key)

    def pick(self, key: str) -> None:
        """Set another place as if the user had chosen it."""
        changed = key != self._kept
        self.set_key(key)
        if changed:
            self.picked.emit(key)

    def _took(self, key: str) -> None:
        act = self._actions.get(key)
        if act is None:
            changed, self._kept = key != self._kept, key
            if changed:
                self.picked.emit(key)
            return
        self.set_key(self._kept)
        act()


class BaseModelChooser(PlaceChoice):
    """A base model: the bundled one, those on this computer, a local folder or a hub id."""

    browse_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.set_known([])

    def set_known(self, ids: Sequence[str]) -> None:
        """Offer the base models that are on this computer."""
        others = [model_id for model_id in ids if model_id != STARTER]
        actions = {"All base models…": self.browse_requested.emit, "Local folder…": self._open_folder}
        self.offer([STARTER, *others], actions)

    def _open_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Folder of a base model")
        if folder:
            self.pick(folder)


class SourceChooser(PlaceChoice):
    """Conversations: the sample ones, a file, a folder of split files or a hub id."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.offer([SAMPLE], {"File…": self._open_file, "Folder…": self._open_folder})

    def _open_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Conversations", "", FILTER)
        if path:
            self.pick(path)

    def _open_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Folder of split files")
        if folder:
            self.pick(folder)
