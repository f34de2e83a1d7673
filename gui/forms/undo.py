"""Undo and redo in a form: what it held before each change, and which field the change was in.

Knows states by equality alone; a form says what its state is, takes one back, and shows a place.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
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

MOST = 100
# Typing in one field goes on for as long as no pause is longer.
PAUSE_SECONDS = 1.0


@dataclass(frozen=True)
class Change(Generic[State]):
    """The state on the other side of a change, and the place that the change was in."""

    state: State
    place: str


class Changes(Generic[State]):
    """The changes of a form that can be undone and redone, at most `MOST`."""

    def __init__(self, state: State, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.begin(state)

    def begin(self, state: State) -> None:
        """Begin anew: nothing before this state can be come back to."""
        self._present = state
        self._past: list[Change[State]] = []
        self._future: list[Change[State]] = []
        self._typed_at = -math.inf

    @property
    def can_undo(self) -> bool:
        """Whether there is something to undo."""
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        """Whether there is something to redo."""
        return bool(self._future)

    def add(self, state: State, place: str, *, typed: bool = False) -> None:
        """Take a change as a new one, or as more of the last if it is typed in the same place soon after."""
        if state == self._present:
            return
        now = self._clock()
        goes_on = typed and now - self._typed_at < PAUSE_SECONDS
        self._take(state, place, joined=goes_on and self._last_place() == place)
        self._typed_at = now if typed else -math.inf

    def add_of_field(self, state: State, place: str) -> None:
        """Take what a text field's own undo or redo has made of it: it is no change of its own."""
        if state == self._present:
            return
        if self._future and self._future[-1] == Change(state, place):
            self.redo()
        else:
            self._take(state, place, joined=self._last_place() == place)

    def _take(self, state: State, place: str, *, joined: bool) -> None:
        if joined and self._past[-1].state == state:
            self.undo()
            return
        if not joined:
            self._past.append(Change(self._present, place))
            del self._past[:-MOST]
        self._future.clear()
        self._present = state

    def _last_place(self) -> str | None:
        return self._past[-1].place if self._past else None

    def undo(self) -> Change[State]:
        """Return the state before the last change and where that was; it can be redone."""
        return self._go(self._past, self._future)

    def redo(self) -> Change[State]:
        """Return the state after the change that was undone last."""
        return self._go(self._future, self._past)

    def _go(self, whence: list[Change[State]], other: list[Change[State]]) -> Change[State]:
        gone_to = whence.pop()
        other.append(Change(self._present, gone_to.place))
        self._present = gone_to.state
        self._typed_at = -math.inf
        return gone_to


class FormUndo(QObject, Generic[State]):
    """Undo and redo of a form, by their keys while it is seen and by the palette.

    A text field that has something to undo itself comes first, as everywhere. `restore(state)` lets the form hold
    another state, `widget_of(place)` is what shows a place, None if nothing does.
    """

    def __init__(
        self,
        form: QWidget,
        state: State,
        restore: Callable[[State], None],
        widget_of: Callable[[str], QWidget | None],
    ) -> None:
        super().__init__(form)
        self._form, self._restore, self._widget_of = form, restore, widget_of
        self._changes = Changes(state)
        self._is_locked = self._is_of_field = False
        actions.bind(form, "form.undo", self.undo, possible=self.can_undo)
        actions.bind(form, "form.redo", self.redo, possible=self.can_redo)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._listen)

    def begin(self, state: State) -> None:
        """Begin anew, with another thing in the form."""
        self._changes.begin(state)

    def lock(self, locked: bool) -> None:
        """Let nothing be undone while the form is not to be changed."""
        self._is_locked = locked

    def add(self, state: State, place: str, *, typed: bool = False) -> None:
        """Take what the form holds after a change of a place."""
        if self._is_of_field:
            self._changes.add_of_field(state, place)
        else:
            self._changes.add(state, place, typed=typed)

    def can_undo(self) -> bool:
        """Tell whether there is something to undo."""
        return self._changes.can_undo and not self._is_locked

    def can_redo(self) -> bool:
        """Tell whether there is something to redo."""
        return self._changes.can_redo and not self._is_locked

    def undo(self) -> None:
        """Bring back what the form held before the last change."""
        if self.can_undo():
            self._show(self._changes.undo())

    def redo(self) -> None:
        """Bring back what was undone last."""
        if self.can_redo():
            self._show(self._changes.redo())

    def _show(self, change: Change[State]) -> None:
        self._restore(change.state)
        shown = self._widget_of(change.place)
        if shown is None:
            return
        target = _focusable(shown.control if isinstance(shown, Field) else shown)
        if target is not None:
            target.setFocus(Qt.FocusReason.ShortcutFocusReason)
        above = shown.parentWidget()
        while above is not None and not isinstance(above, QScrollArea):
            above = above.parentWidget()
        if above is not None:
            above.ensureWidgetVisible(shown)

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
