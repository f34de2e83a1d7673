"""Undo and redo in a form, over Qt's undo stack: the states around each change, and the field it was in.

Knows states by equality alone; a form gives its state, takes one back, and shows a field.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QUndoCommand, QUndoStack
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QScrollArea,
    QWidget,
)

from gui.core import actions
from gui.inputs.fields import Field

State = TypeVar("State")

MAX_CHANGES = 100
# Typing in one field is one change until a pause is longer than this.
PAUSE_SECONDS = 1.0


class _Change(QUndoCommand, Generic[State]):
    """A change of one field with the states around it; `joins` makes it a part of the change before."""

    def __init__(
        self, before: State, after: State, field: str, joins: bool, show: Callable[[State, str], None]
    ) -> None:
        super().__init__()
        self.before, self.after, self.field, self.joins = before, after, field, joins
        self._show = show

    def id(self) -> int:
        """Return one id for all changes: Qt asks `mergeWith` of those with the same."""
        return 1

    def mergeWith(self, other: QUndoCommand) -> bool:
        """Take in a change that follows, if it is one with this."""
        assert isinstance(other, _Change)
        if other.joins:
            self.after = other.after
        return other.joins

    def undo(self) -> None:
        self._show(self.before, self.field)

    def redo(self) -> None:
        self._show(self.after, self.field)


class FormUndo(QObject, Generic[State]):
    """Undo and redo of a form, by their keys while it is shown and by the palette.

    A text field that has something to undo itself comes first. `restore(state)` gives the form another state,
    `widget_of(field)` is the widget of a field, None if nothing shows it.
    """

    def __init__(
        self,
        form: QWidget,
        state: State,
        restore: Callable[[State], None],
        widget_of: Callable[[str], QWidget | None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(form)
        self._form, self._restore, self._widget_of, self._clock = form, restore, widget_of, clock
        self._stack = QUndoStack(self, undoLimit=MAX_CHANGES)
        self._is_locked = self._is_of_field = self._is_recording = False
        self.begin(state)
        actions.bind(form, "form.undo", self.undo, possible=self.can_undo)
        actions.bind(form, "form.redo", self.redo, possible=self.can_redo)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._listen)

    def begin(self, state: State) -> None:
        self._stack.clear()
        self._state = state
        self._typed_at = -math.inf

    def lock(self, locked: bool) -> None:
        """Allow no undo while the form can't be changed."""
        self._is_locked = locked

    def add(self, state: State, field: str, *, typed: bool = False) -> None:
        """Record the form's state after a change of a field: a step of its own, or more of the last one.

        Typing joins the last step while no pause is longer than `PAUSE_SECONDS`; what a text field's own undo does
        always joins the step of that field.
        """
        if state == self._state:
            return
        now, last = self._clock(), self._command(self._stack.index() - 1)
        goes_on = self._is_of_field or (typed and now - self._typed_at < PAUSE_SECONDS)
        joins = goes_on and last is not None and last.field == field
        following = self._command(self._stack.index()) if self._is_of_field else None
        self._is_recording = True
        if following is not None and (following.after, following.field) == (state, field):
            self._stack.redo()
        elif joins and last is not None and last.before == state:
            self._stack.undo()
        else:
            self._stack.push(_Change(self._state, state, field, joins, self._show))
        self._is_recording = False
        self._state = state
        self._typed_at = now if typed and not self._is_of_field else -math.inf

    def _command(self, index: int) -> _Change[State] | None:
        command = self._stack.command(index)
        return command if isinstance(command, _Change) else None

    def can_undo(self) -> bool:
        return self._stack.canUndo() and not self._is_locked

    def can_redo(self) -> bool:
        return self._stack.canRedo() and not self._is_locked

    def undo(self) -> None:
        """Bring back the state before the last change."""
        if self.can_undo():
            self._stack.undo()

    def redo(self) -> None:
        """Bring back the state after the change that was undone last."""
        if self.can_redo():
            self._stack.redo()

    def _show(self, state: State, field: str) -> None:
        """Give the form a state and show the field of the change; a change that is recorded is shown already."""
        if self._is_recording:
            return
        self._state, self._typed_at = state, -math.inf
        self._restore(state)
        self.lead_to(field)

    def lead_to(self, field: str) -> bool:
        """Scroll to a field and give it the keyboard; False if nothing shows it."""
        shown = self._widget_of(field)
        if shown is None:
            return False
        target = _focusable(shown.control if isinstance(shown, Field) else shown)
        if target is not None:
            target.setFocus(Qt.FocusReason.ShortcutFocusReason)
        above = shown.parentWidget()
        while above is not None and not isinstance(above, QScrollArea):
            above = above.parentWidget()
        if above is not None:
            above.ensureWidgetVisible(shown)
        return True

    # Text fields

    def _listen(self, _before: QWidget | None, now: QWidget | None) -> None:
        """Hear the keys of a text field in the form: left to itself it takes them even with nothing to undo."""
        if now is not None and _text_of(now) is not None and self._holds(now):
            now.installEventFilter(self)

    def _holds(self, widget: QWidget) -> bool:
        """Tell whether a widget is in the form, without asking that: it may be on its way out."""
        above: QWidget | None = widget
        while above is not None and above is not self._form:
            above = above.parentWidget()
        return above is not None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let a text field undo what was typed into it, else the form its last change."""
        kinds = (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress)
        if event.type() not in kinds or not isinstance(event, QKeyEvent):
            return False
        step = _own_step(_text_of(watched), event)
        if step is None:
            return False
        if not step.is_possible:
            event.ignore()
        elif event.type() == QEvent.Type.KeyPress:
            self._is_of_field = True
            step.do()
            self._is_of_field = False
        else:
            event.accept()
        return True


def _focusable(control: QWidget) -> QWidget | None:
    """Return the part of a control that takes keys, None where nothing does now."""
    while (proxy := control.focusProxy()) is not None:
        control = proxy
    parts = [control, *control.findChildren(QWidget)]
    none = Qt.FocusPolicy.NoFocus
    return next((each for each in parts if each.focusPolicy() != none and each.isVisible()), None)


@dataclass(frozen=True)
class _Step:
    is_possible: bool
    do: Callable[[], None]


def _text_of(widget: QObject | None) -> QLineEdit | QPlainTextEdit | None:
    """Return the text that a widget with the focus lets be typed, None if it has none."""
    if isinstance(widget, (QComboBox, QAbstractSpinBox)):
        widget = widget.lineEdit()
    return widget if isinstance(widget, (QLineEdit, QPlainTextEdit)) else None


def _own_step(text: QLineEdit | QPlainTextEdit | None, event: QKeyEvent) -> _Step | None:
    """Return what the keys of undo or redo would do in a text; None for other keys."""
    if text is None:
        return None
    source = text.document() if isinstance(text, QPlainTextEdit) else text
    if actions.pressed(event, "form.undo"):
        return _Step(not text.isReadOnly() and source.isUndoAvailable(), text.undo)
    if actions.pressed(event, "form.redo"):
        return _Step(not text.isReadOnly() and source.isRedoAvailable(), text.redo)
    return None
