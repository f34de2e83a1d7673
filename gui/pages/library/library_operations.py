"""Operations on adapters without a worker: rename, annotate, delete, import, export. Knows no widget.

Every operation reports what it did, with an undo function where possible.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from engine.api import Adapter, AppError, library
from gui.core.background_tasks import BackgroundTasks
from gui.look.language import tr, tr_count, translate
from gui.pages.library.jobs import in_one_line

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

    def _on_exported(self, target: Path) -> None:
        self.done.emit(tr("Exported to {place}.", place=target), None)

    def _fail(self, error: AppError) -> None:
        self.failed.emit(in_one_line(error.message, error.hint))


def _moved_text(adapters: Sequence[Adapter]) -> str:
    if len(adapters) == 1:
        return tr("Moved {name} to the trash.", name=adapters[0].name)
    return tr_count(len(adapters), "Moved {n} adapter to the trash.", "Moved {n} adapters to the trash.")


def _imported(source: Path) -> tuple[Adapter, list[str]]:
    """Import an adapter; return it and what is wrong with its weights."""
    adapter = library.import_adapter(source)
    return adapter, library.remarks_on_weights(adapter)
