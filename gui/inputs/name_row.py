"""Asks for a name in the page, with an error line: Return or the button accepts, Esc cancels."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from engine.api import AppError
from gui.inputs.fields import ProblemLine
from gui.look import style
from gui.look.language import tr, translate
from gui.widgets.buttons import plain, quiet
from gui.widgets.layouts import hbox, vbox


class NameRow(QWidget):
    """`named(name, replace)` carries a name, `left` means cancelled. Hidden until `ask`."""

    named = Signal(str, bool)
    left = Signal()

    def __init__(self, what: str) -> None:
        """Make the row; `what` is the label."""
        super().__init__()
        self.field = QLineEdit()
        self.field.setPlaceholderText(what)
        self.field.setAccessibleName(what)
        self.take, self.leave = plain(tr("Save")), quiet(tr("Cancel"))
        self.problem = ProblemLine()
        self._asked = QWidget()
        self._verb, self._replaces = tr("Save"), False
        self._lay_out()
        self.field.returnPressed.connect(self._emit_name)
        self.field.textEdited.connect(lambda _text: self._calm())
        self.take.clicked.connect(self._emit_name)
        self.leave.clicked.connect(self._leave)
        self.hide()

    def _lay_out(self) -> None:
        hbox((self.field, 1), self.take, self.leave, of=self._asked, spacing=4)
        vbox(self._asked, self.problem, of=self, spacing=4)

    def ask(self, verb: str, name: str) -> None:
        """Show the row with an initial name; the button's text is `verb`."""
        self._verb = verb
        self.field.setText(name)
        self._calm()
        self._asked.show()
        self.show()
        self.field.selectAll()
        self.field.setFocus()

    def refuse(self, error: AppError, *, can_replace: bool = False) -> None:
        """Show why a name was refused; if it may replace another, the button now does."""
        self._replaces = can_replace
        self.take.setText(tr("Replace") if can_replace else self._verb)
        self.problem.show_problem(translate(error.message), "" if can_replace else translate(error.hint))
        style.set_property(self.field, "problem", "true")

    def show_error(self, error: AppError) -> None:
        """Show an error without asking for a name."""
        self._asked.hide()
        self.problem.show_problem(translate(error.message), translate(error.hint))
        self.show()

    def close_row(self) -> None:
        """Hide the row."""
        self.hide()
        self._calm()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._leave()
        else:
            super().keyPressEvent(event)

    def _leave(self) -> None:
        self.close_row()
        self.left.emit()

    def _emit_name(self) -> None:
        self.named.emit(self.field.text(), self._replaces)

    def _calm(self) -> None:
        self._replaces = False
        self.take.setText(self._verb)
        self.problem.show_problem("")
        style.set_property(self.field, "problem", "false")
