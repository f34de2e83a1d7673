"""Logs unexpected errors and shows them to the user."""

from __future__ import annotations

import faulthandler
import sys
import threading
import time
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QApplication, QMessageBox

from engine.api import AppError, escaping, files, redaction
from gui.core.clipboard import copy_text
from gui.look.language import sentences, tr
from gui.widgets.open_path import open_path

MAX_LOG_BYTES = 1_000_000


class CrashReport(QObject):
    """Catches exceptions of all threads, logs them, and shows them in the GUI thread. `caught(message, details)`."""

    caught = Signal(str, str)

    def __init__(self, path: Path) -> None:
        """Open the log; `install` starts catching."""
        super().__init__()
        if path.exists() and path.stat().st_size > MAX_LOG_BYTES:
            files.rename(path, path.with_suffix(".old.log"))
        self._path = path
        self._log = path.open("a", encoding="utf-8", buffering=1)
        self.shown: QMessageBox | None = None
        self.caught.connect(self._show)

    def install(self) -> None:
        """Catch unhandled exceptions from now on, and write the traces of a hard crash."""
        faulthandler.enable(self._log)
        sys.excepthook = self.take
        threading.excepthook = lambda hook: self.take(hook.exc_type, hook.exc_value, hook.exc_traceback)

    def close(self) -> None:
        """Close the log."""
        self._log.close()

    def take(
        self, kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Log an exception and show it; Ctrl+C in a terminal closes the window."""
        if issubclass(kind, KeyboardInterrupt):
            QApplication.quit()
            return
        details = (
            kind.__name__
            if error is None
            else redaction.format_error(error.with_traceback(trace or error.__traceback__))
        )
        details = escaping.escaped(details)
        self._log.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')}\n{details}\n")
        if isinstance(error, AppError):
            self.caught.emit(sentences(error.message, error.hint), details)
        else:
            message = tr("Something went wrong: {error}. Runs keep going.", error=error)
            self.caught.emit(message, details)

    def _show(self, message: str, details: str) -> None:
        """Open one message at a time, so that a repeated error does not cover the window."""
        if self.shown is not None:
            return
        box = self.shown = QMessageBox(QApplication.activeWindow())
        box.setWindowTitle("Tunesmith")
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(message)
        box.setDetailedText(details)
        copy = box.addButton(tr("Copy details"), QMessageBox.ButtonRole.ActionRole)
        folder = box.addButton(tr("Open log folder"), QMessageBox.ButtonRole.ActionRole)
        box.addButton(QMessageBox.StandardButton.Close)
        copy.clicked.connect(lambda: copy_text(details))
        folder.clicked.connect(lambda: open_path(self._path.parent))
        box.finished.connect(self._forget)
        box.open()

    def _forget(self) -> None:
        self.shown = None
