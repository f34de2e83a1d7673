"""A form field: label, a hint at its right, the control, a helper text, and a problem; a row for a name; a search.

Shows a control as read-only or with a problem; does not know what it sets.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QIcon, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QSizePolicy, QWidget

from engine.api import AppError
from gui.core.background_tasks import once
from gui.look import icons, style
from gui.look.language import tr, translate
from gui.widgets.buttons import plain, quiet
from gui.widgets.labels import IconLabel, Label
from gui.widgets.layouts import hbox, vbox


@runtime_checkable
class ReadOnlyControl(Protocol):
    def set_read_only(self, read_only: bool) -> None:
        """Make the value read-only, or editable again."""


@runtime_checkable
class CompositeControl(Protocol):
    """A control of several parts; one shows a problem by its rim."""

    def rimmed(self) -> QWidget:
        """Return that part."""


class ProblemLine(QWidget):
    """An icon and one line: the problem, and what to do. Both are made with the first problem: few fields have one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text: Label | None = None
        self.hide()

    def show_problem(self, message: str, hint: str = "") -> None:
        """Show a problem; an empty message removes it."""
        if self._text is None and message:
            self._text = Label("", "label", "error", self, wrap=True)
            icon = IconLabel("problem", "error", 14, self)
            hbox((icon, 0, Qt.AlignmentFlag.AlignTop), (self._text, 1), of=self, spacing=6)
        if self._text is not None:
            self._text.setText(f"{message} {hint}".strip())
        self.setVisible(bool(message))

    def text(self) -> str:
        return self._text.text() if self._text is not None else ""


class Field(QWidget):
    """Label, right hint, control, helper text, problem. `control` may be any widget; the label is its buddy."""

    def __init__(
        self,
        label: str,
        control: QWidget,
        helper_text: str = "",
        right: str = "",
        tooltip: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.control = control
        # Asked for once: what a protocol holds takes longer to find out than to set.
        self._rimmed = control.rimmed() if isinstance(control, CompositeControl) else control
        self._read_only_control = control if isinstance(control, ReadOnlyControl) else None
        self._label = Label(label, "label", "muted", self)
        self._right = Label(right, "label", "hint", self)
        self.problem_line = ProblemLine(self)
        self.helper = Label(helper_text, "label", "hint", self, wrap=True)
        self._lay_out()
        self._label.setBuddy(control)
        self._label.setToolTip(tooltip)
        self._help = tooltip
        control.setAccessibleName(label.replace("&", ""))
        self.set_right(right)
        self.set_helper_text(helper_text)

    def _lay_out(self) -> None:
        vbox(
            hbox((self._label, 1), self._right, spacing=8),
            self.control,
            self.problem_line,
            self.helper,
            of=self,
            spacing=4,
        )

    def set_right(self, text: str) -> None:
        self._right.show_text(text)

    def set_helper_text(self, text: str) -> None:
        self.helper.show_text(text)
        self._describe()

    def keep_helper_text(self) -> None:
        """Reserve a line below the control for a later text, so that nothing moves."""
        policy = self.helper.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.helper.setSizePolicy(policy)

    def set_problem(self, message: str = "", hint: str = "") -> None:
        """Show a problem as a red rim and one line, which need not name the field; an empty message removes it."""
        own_title = f"{self._label.text().replace('&', '')}: "
        if message.startswith(own_title):
            message = message.removeprefix(own_title)
            message = message[:1].upper() + message[1:]
        style.set_property(self._rimmed, "problem", "true" if message else "false")
        self.problem_line.show_problem(message, hint)
        self._describe()

    def _describe(self) -> None:
        """Set the control's accessible description: the problem, then hint and help."""
        texts = (self.problem_line.text() or self.helper.text(), self._help)
        self.control.setAccessibleDescription("\n".join(part for part in texts if part))

    def problem(self) -> str:
        """Return the problem shown, "" if there is none."""
        return self.problem_line.text() if self.problem_line.isVisibleTo(self) else ""

    def set_read_only(self, read_only: bool) -> None:
        """Make the value read-only, without arrows, as in the recipe of a run."""
        if self._read_only_control is not None:
            self._read_only_control.set_read_only(read_only)
        elif isinstance(self.control, (QLineEdit, QPlainTextEdit)):
            self.control.setReadOnly(read_only)
            style.set_property(self.control, "read_only", "true" if read_only else "false")
        else:
            self.control.setEnabled(not read_only)


class NameRow(QWidget):
    """`named(name, replace)` carries a name, `left` means cancelled. Hidden until `ask`."""

    named = Signal(str, bool)
    left = Signal()

    def __init__(self, what: str) -> None:
        super().__init__()
        self.field = QLineEdit()
        self.field.setPlaceholderText(what)
        self.field.setAccessibleName(what)
        self.take, self.leave = plain(tr("Save"), press=self._emit_name), quiet(tr("Cancel"))
        self.problem = ProblemLine()
        self._asked = QWidget()
        self._verb, self._replaces = tr("Save"), False
        hbox((self.field, 1), self.take, self.leave, of=self._asked, spacing=4)
        vbox(self._asked, self.problem, of=self, spacing=4)
        self.field.returnPressed.connect(self._emit_name)
        self.field.textEdited.connect(lambda _text: self._calm())
        self.leave.clicked.connect(self._leave)
        self.hide()

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
        self._asked.hide()
        self.problem.show_problem(translate(error.message), translate(error.hint))
        self.show()

    def close_row(self) -> None:
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


class SearchField(QLineEdit):
    """`searched(text)` is emitted 120 ms after the last key, and at once when cleared or on Return."""

    searched = Signal(str)

    def __init__(self, placeholder: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPlaceholderText(placeholder)
        self.setAccessibleName(placeholder)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._lens = self.addAction(QIcon(), QLineEdit.ActionPosition.LeadingPosition)
        self._rest = once(self, 120, self._emit_searched)
        self.textChanged.connect(self._changed)
        self.returnPressed.connect(self._emit_searched)
        style.on_style_changed(self._restyle)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
            return
        super().keyPressEvent(event)

    def settle(self) -> None:
        """Emit a pending `searched` now instead of 120 ms after the last key."""
        if self._rest.isActive():
            self._emit_searched()

    def _changed(self, text: str) -> None:
        self._rest.start() if text else self._emit_searched()

    def _emit_searched(self) -> None:
        self._rest.stop()
        self.searched.emit(self.text().strip())

    def _restyle(self) -> None:
        self._lens.setIcon(icons.icon("search"))
