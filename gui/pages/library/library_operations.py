"""Operations on adapters without a worker: rename, annotate, delete, import, export, and dialogs that ask for a path.

Every operation reports what it did, with an undo function where possible. Tests replace `Dialogs`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from engine.api import Adapter, AppError, Recipe, hub_adapters, library, recipe
from gui.core.background_tasks import BackgroundTasks
from gui.look.language import mark, sentences, tr, tr_count, translate
from gui.widgets import file_dialogs
from gui.widgets.buttons import plain, primary
from gui.widgets.file_dialogs import open_page, open_path
from gui.widgets.growing_dialog import GrowingDialog
from gui.widgets.labels import Label
from gui.widgets.layouts import hbox, vbox

Undo = Callable[[], None]


class LibraryOperations(QObject):
    """`changed(adapter id)`: the library must be read again and the adapter selected ("": the selection stays).

    `done(text, undo or None)`: what was done; `failed(text)`: an error.
    """

    changed = Signal(str)
    done = Signal(str, object)
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = BackgroundTasks(self)

    def update(self, adapter: Adapter, **values: object) -> None:
        """Write a new name, tags or notes into an adapter's metadata."""
        try:
            library.update(adapter, **values)
        except AppError as error:
            self._fail(error)
            return
        self.changed.emit("")

    def delete(self, adapters: Sequence[Adapter]) -> None:
        """Move adapters to the trash; what is done before an error stays done, and can be undone."""
        paths: list[Path] = []
        try:
            paths.extend(map(library.delete, adapters))
        except AppError as error:
            self._fail(error)
        self.changed.emit("")
        if paths:
            self.done.emit(_moved_text(adapters[: len(paths)]), lambda: self._restore(paths))

    def _restore(self, paths: Sequence[Path]) -> None:
        try:
            restored = [library.restore_adapter(path) for path in paths]
        except AppError as error:
            self._fail(error)
            self.changed.emit("")
            return
        self.changed.emit(restored[0].id)

    def import_files(self, sources: Iterable[Path]) -> None:
        """Import adapters from folders and zip files, off the GUI thread."""
        for source in sources:
            self._background.run(partial(_imported, source), self._on_imported, self._fail)

    def _on_imported(self, imported: tuple[Adapter, list[str]]) -> None:
        adapter, remarks = imported
        self.changed.emit(adapter.id)
        text = " ".join([tr("Imported {name}.", name=adapter.name), *map(translate, remarks)])
        self.done.emit(text, lambda: self.delete([adapter]))

    def export_folder(self, adapter: Adapter, target: Path) -> None:
        """Copy an adapter to a new folder, off the GUI thread."""
        self._background.run(lambda: library.export_folder(adapter, target), self._on_exported, self._fail)

    def export_zip(self, adapter: Adapter, target: Path) -> None:
        """Write an adapter as a zip file, off the GUI thread; the dialog has asked before replacing a file."""
        self._background.run(
            lambda: library.export_zip(adapter, target, replace=True), self._on_exported, self._fail
        )

    def export_recipe(self, wanted: Recipe, target: Path) -> None:
        """Write a recipe; the dialog has asked before replacing a file."""
        self._background.run(
            lambda: recipe.save(wanted, target), lambda _: self._on_exported(target), self._fail
        )

    def _on_exported(self, target: Path) -> None:
        self.done.emit(tr("Exported to {place}.", place=target), None)

    def _fail(self, error: AppError) -> None:
        self.failed.emit(sentences(error.message, error.hint))


def _moved_text(adapters: Sequence[Adapter]) -> str:
    if len(adapters) == 1:
        return tr("Moved {name} to the trash.", name=adapters[0].name)
    return tr_count(len(adapters), "Moved {n} adapter to the trash.", "Moved {n} adapters to the trash.")


def _imported(source: Path) -> tuple[Adapter, list[str]]:
    """Import an adapter; return it and what is wrong with its weights."""
    adapter = library.import_adapter(source)
    return adapter, library.remarks_on_weights(adapter)


ZIP_FILES = mark("Zip files (*.zip);;All files (*)")


class Dialogs:
    """Asks for paths and names; None means cancelled."""

    def folder_to_import(self, parent: QWidget) -> Path | None:
        return file_dialogs.choose_folder(parent, "import", tr("Import from a folder"))

    def zip_to_import(self, parent: QWidget) -> Path | None:
        return file_dialogs.open_file(parent, "import", tr("Import from a zip file"), tr(ZIP_FILES))

    def hub_name_to_import(self, parent: QWidget) -> str | None:
        dialog = HubNameDialog(parent)
        wanted = dialog.field.text() if dialog.exec() else None
        dialog.deleteLater()
        return wanted

    def path_for_folder(self, parent: QWidget, title: str, name: str) -> Path | None:
        """Ask for a parent folder; return the path of a new folder `name` in it."""
        found = file_dialogs.choose_folder(parent, "export", title)
        return free_path(found, name) if found is not None else None

    def path_for_zip(self, parent: QWidget, name: str) -> Path | None:
        return file_dialogs.save_file(
            parent, "export", tr("Export as a zip file"), f"{name}.zip", tr(ZIP_FILES)
        )

    def model_to_push(self, parent: QWidget) -> Path | None:
        return file_dialogs.choose_folder(parent, "export", tr("Folder of the plain model"))

    def open_folder(self, folder: Path) -> None:
        open_path(folder)

    def open_page(self, address: str) -> None:
        open_page(address)


def free_path(parent: Path, name: str) -> Path:
    """Return an unused path in `parent`: `name`, else `name-2` and so on."""
    path, number = parent / name, 1
    while path.exists():
        number += 1
        path = parent / f"{name}-{number}"
    return path


class HubNameDialog(GrowingDialog):
    """Accepted with a name in `field` that one on the hub can have; until then Import is grey."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Import from the hub"))
        label = Label(tr("owner/name, or owner/name@revision"), "body", "muted", wrap=True)
        self.field = QLineEdit(placeholderText="owner/name")
        self.field.setAccessibleName(label.text())
        self.import_button = primary(tr("Import"), "import", press=self.accept)
        self.import_button.setDefault(True)
        self.import_button.setEnabled(False)
        self.field.textChanged.connect(self._follow)
        cancel = plain(tr("Cancel"), press=self.reject)
        cancel.setAutoDefault(False)
        column = vbox(Label(self.windowTitle(), "section"), label, self.field, of=self, margins=24, spacing=8)
        row = hbox(self.import_button, cancel, 1, spacing=8)
        column.addSpacing(8)
        column.addLayout(row)
        self.setMinimumWidth(440)

    def _follow(self, text: str) -> None:
        self.import_button.setEnabled(hub_adapters.named(text) is not None)
