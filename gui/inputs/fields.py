"""A form field: label, a hint at its right, the control, a hint below, and a problem.

Shows a control as read-only or with a problem; does not know what it sets.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QWidget

from gui.look import style
from gui.widgets.labels import IconLabel, Label
from gui.widgets.layouts import hbox, vbox


@runtime_checkable
class Fixable(Protocol):
    """A control that can be read-only."""

    def set_fixed(self, fixed: bool) -> None:
        """Make the value read-only, or editable again."""


@runtime_checkable
class CompositeControl(Protocol):
    """A control of several parts; one shows a problem by its rim."""

    def rimmed(self) -> QWidget:
        """Return that part."""


class ProblemLine(QWidget):
    """An icon and one line: the problem, and what to do."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = Label("", "label", "error", self, wrap=True)
        hbox(
            (IconLabel("problem", "error", 14, self), 0, Qt.AlignmentFlag.AlignTop),
            (self._text, 1),
            of=self,
            spacing=6,
        )
        self.hide()

    def show_problem(self, message: str, hint: str = "") -> None:
        """Show a problem; an empty message removes it."""
        self._text.setText(f"{message} {hint}".strip())
        self.setVisible(bool(message))

    def text(self) -> str:
        return self._text.text()


class Field(QWidget):
    """Label, right hint, control, foot hint, problem. `control` may be any widget; the label is its buddy."""

    def __init__(
        self,
        label: str,
        control: QWidget,
        foot: str = "",
        right: str = "",
        tooltip: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.control = control
        # Asked for once: what a protocol holds takes longer to find out than to set.
        self._rimmed = control.rimmed() if isinstance(control, CompositeControl) else control
        self._fixable = control if isinstance(control, Fixable) else None
        self._label = Label(label, "label", "muted", self)
        self._right = Label(right, "label", "hint", self)
        self._problem = ProblemLine(self)
        self._foot = Label(foot, "label", "hint", self, wrap=True)
        self._lay_out()
        self._label.setBuddy(control)
        self._label.setToolTip(tooltip)
        self._help = tooltip
        control.setAccessibleName(label.replace("&", ""))
        self.set_right(right)
        self.set_foot(foot)

    def _lay_out(self) -> None:
        vbox(
            hbox((self._label, 1), self._right, spacing=8),
            self.control,
            self._problem,
            self._foot,
            of=self,
            spacing=4,
        )

    def set_right(self, text: str) -> None:
        """Show a hint at the label's right."""
        self._right.setText(text)
        self._right.setVisible(bool(text))

    def set_foot(self, text: str) -> None:
        """Show a hint below the control."""
        self._foot.setText(text)
        self._foot.setVisible(bool(text))
        self._describe()

    def keep_foot(self) -> None:
        """Reserve a line below the control for a later hint, so that nothing moves."""
        policy = self._foot.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._foot.setSizePolicy(policy)

    def set_problem(self, message: str = "", hint: str = "") -> None:
        """Show a problem as a red rim and one line, which need not name the field; an empty message removes it."""
        own_title = f"{self._label.text().replace('&', '')}: "
        if message.startswith(own_title):
            message = message.removeprefix(own_title)
            message = message[:1].upper() + message[1:]
        style.set_property(self._rimmed, "problem", "true" if message else "false")
        self._problem.show_problem(message, hint)
        self._describe()

    def _describe(self) -> None:
        """Set the control's accessible description: the problem, then hint and help."""
        texts = (self._problem.text() or self._foot.text(), self._help)
        self.control.setAccessibleDescription("\n".join(part for part in texts if part))

    def problem(self) -> str:
        """Return the problem shown, "" if there is none."""
        return self._problem.text() if self._problem.isVisibleTo(self) else ""

    def set_fixed(self, fixed: bool) -> None:
        """Make the value read-only, without arrows, as in the recipe of a run."""
        if self._fixable is not None:
            self._fixable.set_fixed(fixed)
        elif isinstance(self.control, (QLineEdit, QPlainTextEdit)):
            self.control.setReadOnly(fixed)
            style.set_property(self.control, "fixed", "true" if fixed else "false")
        else:
            self.control.setEnabled(not fixed)
