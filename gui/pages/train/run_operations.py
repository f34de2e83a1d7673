"""What is done with runs without a worker: reports, the log, names, the trash, adapters from checkpoints."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QDialog, QPlainTextEdit, QWidget

from engine.api import (
    Adapter,
    AppError,
    Job,
    RunEntry,
    adapter_toml,
    arenas,
    escaping,
    library,
    report,
    run_names,
    run_store,
)
from gui.core.background_tasks import BackgroundTasks
from gui.core.clipboard import copy_text
from gui.look import style
from gui.look.language import sentences, tr, tr_count, translate
from gui.widgets import file_dialogs
from gui.widgets.buttons import plain
from gui.widgets.file_dialogs import open_path
from gui.widgets.layouts import hbox, vbox

LOG_LINES = 2000
FIRST = next(iter(report.FORMATS))


class ReportExport(QObject):
    """`reported(text)` says where a report was written, or why it failed."""

    reported = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = BackgroundTasks(self)

    def ask(self, parent: QWidget, of: Job | arenas.Arena) -> None:
        """Let the user choose a file and write the report of a run or an arena."""
        path, chosen = file_dialogs.save_file_as(
            parent, "export", tr("Save the report"), report.default_name(of.id), kinds()
        )
        if path:
            self.save(of, _with_ending(path, chosen))

    def save(self, of: Job | arenas.Arena, path: Path) -> None:
        """Write a report, and open it if it is an HTML page."""
        self._background.run(lambda: _write(of, path), lambda _: self._show(path), self._fail)

    def _show(self, path: Path) -> None:
        self.reported.emit(tr("Report saved as {place}.", place=path))
        if path.suffix.lower() == FIRST:
            open_path(path)

    def _fail(self, error: AppError) -> None:
        self.reported.emit(sentences(error.message, error.hint))


def kinds() -> str:
    """Return the file types for Qt's dialog."""
    return ";;".join(f"{translate(title)} (*{ending})" for ending, title in report.FORMATS.items())


def _write(of: Job | arenas.Arena, path: Path) -> None:
    report.write(report.gather_run(of) if isinstance(of, Job) else report.gather_arena(of), path)


def _with_ending(path: Path, chosen: str) -> Path:
    """Return the path with a known suffix: if the user gave none, that of the chosen type."""
    if path.suffix.lower() in report.FORMATS:
        return path
    ending = next((known for known in report.FORMATS if f"*{known}" in chosen), FIRST)
    return path.with_name(path.name + ending)


class LogDialog(QDialog):
    """Shows the end of a run's `worker.log`."""

    def __init__(self, entry: RunEntry, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Log of {run}", run=entry.name))
        self.resize(840, 560)
        self.text = QPlainTextEdit(readOnly=True, lineWrapMode=QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setAccessibleName(self.windowTitle())
        self.text.setPlainText(
            escaping.escaped(entry.job.log_tail(LOG_LINES, last_attempt=False)) or tr("The log is empty.")
        )
        self.text.verticalScrollBar().setValue(self.text.verticalScrollBar().maximum())
        self.copy_button = plain(tr("Copy all"), "copy", press=lambda: copy_text(self.text.toPlainText()))
        close = plain(tr("Close"), press=self.close)
        vbox((self.text, 1), hbox(self.copy_button, 1, close), of=self, margins=16, spacing=12)
        style.set_font(self.text, "fixed")


class RunOperations(QObject):
    """`changed`: the runs must be read again; `promoted(adapter)`: the library has a new adapter.

    `done(text, undo or None)`: what was done; `failed(text)`: an error.
    """

    changed = Signal()
    promoted = Signal(object)
    done = Signal(str, object)
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = BackgroundTasks(self)

    def delete(self, entries: Sequence[RunEntry]) -> None:
        """Move runs to the trash; a running one is refused. What is done before an error can be undone."""
        moved: list[Path] = []
        try:
            moved.extend(run_store.delete_run(entry.job) for entry in entries)
        except AppError as error:
            self._fail(error)
        self.changed.emit()
        if moved:
            text = tr_count(
                len(moved), "Moved {run} to the trash.", "Moved {n} runs to the trash.", run=entries[0].name
            )
            self.done.emit(text, lambda: self._restore(moved))

    def _restore(self, moved: Sequence[Path]) -> None:
        try:
            for path in moved:
                run_store.restore_run(path)
        except AppError as error:
            self._fail(error)
        self.changed.emit()

    def rename(self, entry: RunEntry, name: str) -> None:
        try:
            run_store.rename(entry.job, name)
        except AppError as error:
            self._fail(error)
            return
        self.changed.emit()

    def promote(self, checkpoint: Path) -> None:
        """Copy a checkpoint's adapter into the library, off the GUI thread."""
        self._background.run(lambda: promote(checkpoint), self.promoted.emit, self._fail)

    def _fail(self, error: AppError) -> None:
        self.failed.emit(sentences(error.message, error.hint))


def promote(checkpoint: Path) -> Adapter:
    """Make an adapter from a checkpoint, named after the run's adapter and the step."""
    found = adapter_toml.load(checkpoint)
    return library.promote(checkpoint, run_names.at_step(found.name, found.training.step))


def step_of(checkpoint: Path) -> int:
    return int(checkpoint.name.rpartition("-")[2])
