"""A panel to paste conversations as text. Does not interpret the text."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from gui.core import actions
from gui.inputs.fields import Field
from gui.look import style
from gui.look.language import mark, tr
from gui.widgets.buttons import plain, quiet
from gui.widgets.labels import Label

HEIGHT = 140
HINT = mark(
    "JSON lines, a table with a header row, or an exported chat. The text is saved in your private folder."
)


class PastePanel(QWidget):
    """A text field, hidden until `open`. `pasted(text)` carries its text."""

    pasted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.edit = QPlainTextEdit()
        self.edit.setTabChangesFocus(True)
        style.scale(self.edit, QWidget.setFixedHeight, HEIGHT)
        self.field = Field(tr("&Text"), self.edit)
        self.take_button, self._cancel = plain(tr("Check the text"), "search"), quiet(tr("Cancel"))
        self.take_button.clicked.connect(lambda: self.pasted.emit(self.edit.toPlainText()))
        self._cancel.clicked.connect(self.dismiss)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(Label(tr(HINT), "label", "ink3", wrap=True), 1)
        row.addWidget(self._cancel)
        row.addWidget(self.take_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.field)
        column.addLayout(row)
        actions.bind(self, "window.close", self.dismiss)
        self.hide()

    def open(self) -> None:
        """Show the field with the clipboard's text."""
        self.edit.setPlainText(QGuiApplication.clipboard().text())
        self.field.set_problem()
        self.show()
        self.edit.setFocus()

    def dismiss(self) -> None:
        """Hide and clear the field."""
        self.edit.clear()
        self.hide()
