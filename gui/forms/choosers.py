"""Choosers of a base model and of a source of conversations: from a list, or typed, pasted or dropped.

They offer what was used last, what was checked, and what is on this computer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QObject, QSignalBlocker, Qt, QUrl, Signal
from PySide6.QtGui import QDropEvent, QFocusEvent, QGuiApplication, QKeyEvent, QStandardItemModel
from PySide6.QtWidgets import QApplication, QWidget

from engine.api import SAMPLE, STARTER, AppError, is_on_hub, model_info, paths, recipe, run_store
from gui.core.file_opening import RecentFiles, dropped, file_filter
from gui.core.preferences import Preferences, values_of
from gui.inputs.combo_box import ComboBox
from gui.look.language import tr
from gui.widgets import file_dialogs

Action = tuple[str, Callable[[], None]]
"""What an entry says, and what it does."""
Group = tuple[str, Sequence[tuple[str, str] | str]]
"""A heading, and entries as in `ComboBox`."""
EDITING = (Qt.Key.Key_Backspace, Qt.Key.Key_Delete, Qt.Key.Key_Left, Qt.Key.Key_Right)
HUB_HOSTS = ("huggingface.co", "hf.co")


class SourceComboBox(ComboBox):
    """A field for a source with a list of those known; `picked(key)` reports another one.

    A click opens the list, and typing goes on in the field. Texts and files can be pasted and dropped.
    """

    picked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        self._shown_key = ""
        self._offered: tuple[Sequence[Group], Sequence[Action]] | None = None
        self._actions: dict[str, Action] = {}
        super().__init__(parent=parent, editable=True)
        self.chosen.connect(self._took)
        self.view().setTextElideMode(Qt.TextElideMode.ElideMiddle)
        line = self.lineEdit()
        assert line is not None
        line.textEdited.connect(self._take_pasted)
        for part in (line, self.view()):
            part.installEventFilter(self)

    def offer(self, groups: Sequence[Group], actions: Sequence[Action]) -> None:
        """Offer known keys below headings, each key once, then the actions, once nobody types or looks at the list."""
        self._offered = (groups, actions)
        self._fill()

    def _fill(self) -> None:
        line = self.lineEdit()
        if self._offered is None or self.view().isVisible() or line is None or line.isModified():
            return
        (groups, actions), self._offered = self._offered, None
        # Headings and actions begin with a space, as no key does.
        self._actions = {f" {at}": action for at, action in enumerate(actions)}
        items: dict[str, str] = {}
        headings = []
        for heading, entries in groups:
            pairs = dict((entry, entry) if isinstance(entry, str) else entry for entry in entries)
            if new := {key: text for key, text in pairs.items() if key not in items}:
                headings.append(len(items))
                items |= {f" {heading}": heading} | new
        items |= {key: text for key, (text, _) in self._actions.items()}
        self.blockSignals(True)
        self.set_items(list(items.items()))
        self.set_key(self._shown_key)
        self.blockSignals(False)
        model = self.model()
        assert isinstance(model, QStandardItemModel)
        for at in headings:
            model.item(at).setFlags(Qt.ItemFlag.NoItemFlags)
        self.insertSeparator(self.count() - len(actions))

    def showPopup(self) -> None:
        """Open the list of what is offered by now."""
        self._fill()
        super().showPopup()

    def set_key(self, key: str) -> None:
        self._shown_key = key
        super().set_key(key)

    def pick(self, key: str) -> None:
        """Set another key as if the user had chosen it."""
        changed = key != self._shown_key
        self.set_key(key)
        if changed:
            self.picked.emit(key)

    def _pick_path(self, path: Path | str | None) -> None:
        """Set what was chosen in a dialog, if anything was."""
        if path:
            self.pick(str(path))

    def _took(self, key: str) -> None:
        if not key.startswith(" "):
            self.pick(named_by(key))
            return
        self.set_key(self._shown_key)
        if key in self._actions:
            self._actions[key][1]()

    def _take_pasted(self, text: str) -> None:
        """Take at once what was pasted over all of the text."""
        if text.strip() and text.strip() == QGuiApplication.clipboard().text().strip():
            self._took(self.key())

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Keep the selection and what is being typed while the list is open."""
        if not self.view().isVisible():
            super().focusOutEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Open the list by a click, type on while it is open, and take what is dropped."""
        line = self.lineEdit()
        if self._is_read_only or line is None:
            return super().eventFilter(watched, event)
        if watched is line and event.type() == QEvent.Type.MouseButtonRelease:
            if not line.hasSelectedText():
                self._fill()
                if not line.isModified():
                    # The window may not be active yet, in which `_show_name` would take the selection away.
                    with QSignalBlocker(line):
                        line.selectAll()
                self.showPopup()
        elif watched is line and isinstance(event, QDropEvent) and source_in(event.mimeData()):
            event.acceptProposedAction()
            if event.type() == QEvent.Type.Drop:
                self.pick(source_in(event.mimeData()))
            return True
        elif watched is not line and isinstance(event, QKeyEvent) and _is_typing(event):
            self.hidePopup()
            QApplication.sendEvent(line, event)
            return True
        return super().eventFilter(watched, event)


def _is_typing(event: QKeyEvent) -> bool:
    """Return whether a key is for a text rather than for a list."""
    if event.type() != QEvent.Type.KeyPress:
        return False
    is_text = bool(event.text()) and event.text().isprintable()
    return is_text or event.key() in EDITING or bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)


def source_in(data: QMimeData) -> str:
    """Return the source that is dropped: a file, a folder, or a text that names one."""
    files = dropped(data)
    return str(files[0]) if files else named_by(data.text())


def named_by(text: str) -> str:
    """Return the source that a text names: a path in quotes or as a URL, the id in the address of a page of the hub."""
    plain = text.strip().strip("\"'")
    url = QUrl(plain)
    if url.isLocalFile():
        return url.toLocalFile()
    if url.host() in HUB_HOSTS:
        return "/".join(url.path().strip("/").removeprefix("datasets/").split("/")[:2])
    return plain


class BaseModelChooser(SourceComboBox):
    """A base model: one used before, on this computer or bundled, a local folder, a GGUF file or a hub id."""

    browse_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.offer_known(KnownSources())

    def offer_known(self, known: KnownSources) -> None:
        self.offer(
            [
                (tr("Used last"), known.used_models),
                (tr("On this computer"), known.models_here),
                (tr("Included"), [(STARTER, tr("starter (practice model)"))]),
            ],
            [
                (tr("All base models…"), self.browse_requested.emit),
                (tr("Local folder…"), self._open_folder),
                (tr("GGUF file…"), self._open_file),
            ],
        )

    def _open_folder(self) -> None:
        self._pick_path(file_dialogs.choose_folder(self, "model", tr("Folder of a base model")))

    def _open_file(self) -> None:
        kinds = ";;".join([tr("GGUF files (*.gguf)"), tr("All files (*)")])
        self._pick_path(file_dialogs.open_file(self, "model", tr("File of a base model"), kinds))


class SourceChooser(SourceComboBox):
    """Conversations: those used or checked before, the sample ones, a file, a folder of split files or a hub id."""

    def __init__(self) -> None:
        super().__init__()
        self.offer_known(KnownSources())

    def offer_known(self, known: KnownSources) -> None:
        self.offer(
            [
                (tr("Used last"), known.used_data),
                (tr("Checked"), known.checked_data),
                (tr("Included"), [SAMPLE]),
            ],
            [
                (tr("File…"), lambda: self._pick_path(ask_for_file(self))),
                (tr("Folder…"), lambda: self._pick_path(ask_for_folder(self))),
            ],
        )


def ask_for_file(parent: QWidget) -> str:
    """Let the user choose a file of conversations; "" for none."""
    return str(file_dialogs.open_file(parent, "data", tr("Conversations"), file_filter()) or "")


def ask_for_folder(parent: QWidget) -> str:
    """Let the user choose a folder of conversations; "" for none."""
    return str(file_dialogs.choose_folder(parent, "data", tr("Folder of split files")) or "")


MAX_USED = 5


@dataclass(frozen=True)
class KnownSources:
    """Base models and data by where they are known from, newest first; the bundled ones are left out."""

    used_models: tuple[str, ...] = ()
    models_here: tuple[str, ...] = ()
    used_data: tuple[str, ...] = ()
    checked_data: tuple[str, ...] = ()


def read() -> KnownSources:
    """Return what is known; files that are gone are left out."""
    used = []
    for job in run_store.list_jobs()[:20]:
        with suppress(AppError):
            used.append(recipe.load(job.recipe_path))
    checked = RecentFiles()
    saved = values_of(Preferences().get("page.data") or "")
    checked.restore_state(str(saved.get("recent", "")))
    return KnownSources(
        _still_there(each.base_model.id for each in used)[:MAX_USED],
        tuple(model_info.ids_here()),
        _still_there(each.data.source for each in used)[:MAX_USED],
        _still_there(source for source, _name in checked),
    )


def _still_there(names: Iterable[str]) -> tuple[str, ...]:
    """Return each name once, without the bundled ones and files that are gone."""
    others = (name for name in dict.fromkeys(names) if name not in (STARTER, SAMPLE))
    return tuple(name for name in others if is_on_hub(name) or paths.path_exists(paths.expand_user(name)))
