"""A run's log: the last lines of `worker.log`, to read and copy."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from engine.api import RunEntry, escaping
from gui.core.clipboard import copy_text
from gui.look import style
from gui.look.fonts import font
from gui.look.language import tr
from gui.widgets.buttons import plain

LINES = 2000


class LogDialog(QDialog):
    """Shows the end of a run's `worker.log`."""

    def __init__(self, entry: RunEntry, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Log of {run}", run=entry.name))
        self.resize(840, 560)
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setAccessibleName(self.windowTitle())
        self.text.setPlainText(
            escaping.escaped(entry.job.log_tail(LINES, last_attempt=False)) or tr("The log is empty.")
        )
        self.text.verticalScrollBar().setValue(self.text.verticalScrollBar().maximum())
        self.copy_button = plain(tr("Copy all"), "copy")
        self.copy_button.clicked.connect(lambda: copy_text(self.text.toPlainText()))
        close = plain(tr("Close"))
        close.clicked.connect(self.close)
        foot = QHBoxLayout()
        foot.addWidget(self.copy_button)
        foot.addStretch(1)
        foot.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(12)
        column.addWidget(self.text, 1)
        column.addLayout(foot)
        style.follow(self._restyle)

    def _restyle(self) -> None:
        self.text.setFont(font("fixed"))
