"""Exports the report of a run or an arena: asks for a file, writes it off the GUI thread, and opens it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from engine.api import AppError, Job, arenas, report
from gui.core.background_tasks import BackgroundTasks
from gui.look.language import tr, translate
from gui.widgets import file_dialogs
from gui.widgets.open_path import open_path

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
        self.reported.emit(f"{translate(error.message)} {translate(error.hint)}".strip())


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
