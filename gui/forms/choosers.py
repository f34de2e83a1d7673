"""Choosers of a base model and of a source of conversations. Any text can be typed too."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from engine.api import SAMPLE, STARTER
from gui.core.data_files import file_filter
from gui.inputs.combo_box import ComboBox
from gui.look.language import tr

Action = tuple[str, Callable[[], None]]
"""What an entry says, and what it does."""


class ActionComboBox(ComboBox):
    """An editable choice whose last entries are actions; `picked(key)` reports the choice of another entry."""

    picked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        self._shown_key = ""
        self._actions: dict[str, Action] = {}
        super().__init__(parent=parent, editable=True)
        self.chosen.connect(self._took)

    def offer(self, known: Sequence[tuple[str, str] | str], actions: Sequence[Action]) -> None:
        """Offer known keys, then the actions."""
        # No key begins with a space.
        self._actions = {f" {at}": action for at, action in enumerate(actions)}
        chosen = self._shown_key
        self.blockSignals(True)
        self.set_items([*known, *((key, text) for key, (text, _) in self._actions.items())])
        self.set_key(chosen)
        self.blockSignals(False)

    def set_key(self, key: str) -> None:
        """Show another key."""
        self._shown_key = key
        super().set_key(key)

    def pick(self, key: str) -> None:
        """Set another key as if the user had chosen it."""
        changed = key != self._shown_key
        self.set_key(key)
        if changed:
            self.picked.emit(key)

    def _took(self, key: str) -> None:
        action = self._actions.get(key)
        if action is None:
            changed, self._shown_key = key != self._shown_key, key
            if changed:
                self.picked.emit(key)
            return
        self.set_key(self._shown_key)
        action[1]()


class BaseModelChooser(ActionComboBox):
    """A base model: the bundled one, those on this computer, a local folder, a GGUF file or a hub id."""

    browse_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.set_known([])

    def set_known(self, ids: Sequence[str]) -> None:
        """Offer the base models that are on this computer."""
        others = [model_id for model_id in ids if model_id != STARTER]
        starter = (STARTER, tr("starter (practice model)"))
        self.offer(
            [starter, *others],
            [
                (tr("All base models…"), self.browse_requested.emit),
                (tr("Local folder…"), self._open_folder),
                (tr("GGUF file…"), self._open_file),
            ],
        )

    def _open_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, tr("Folder of a base model"))
        if folder:
            self.pick(folder)

    def _open_file(self) -> None:
        kinds = ";;".join([tr("GGUF files (*.gguf)"), tr("All files (*)")])
        file = QFileDialog.getOpenFileName(self, tr("File of a base model"), "", kinds)[0]
        if file:
            self.pick(file)


class SourceChooser(ActionComboBox):
    """Conversations: the sample ones, a file, a folder of split files or a hub id."""

    def __init__(self) -> None:
        super().__init__()
        self.offer([SAMPLE], [(tr("File…"), self._open_file), (tr("Folder…"), self._open_folder)])

    def _open_file(self) -> None:
        path = ask_for_file(self)
        if path:
            self.pick(path)

    def _open_folder(self) -> None:
        folder = ask_for_folder(self)
        if folder:
            self.pick(folder)


def ask_for_file(parent: QWidget) -> str:
    """Let the user choose a file of conversations; "" for none."""
    return QFileDialog.getOpenFileName(parent, tr("Conversations"), "", file_filter())[0]


def ask_for_folder(parent: QWidget) -> str:
    """Let the user choose a folder of conversations; "" for none."""
    return QFileDialog.getExistingDirectory(parent, tr("Folder of split files"))
