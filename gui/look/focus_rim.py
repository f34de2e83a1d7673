"""Decides when a control with the focus shows a rim: after a key was pressed, not after a click.

A text field has its caret, and shows its rim always. Buttons and tabs get the property "rim" for the style sheet;
what paints itself asks `has_rim`.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QWindow
from PySide6.QtWidgets import QAbstractButton, QApplication, QGraphicsView, QLineEdit, QTabBar, QWidget
from shiboken6 import isValid


class _LastInput(QObject):
    """Watches the windows, not each widget: few events pass here."""

    by_keyboard = False

    def follow(self, application: QApplication) -> None:
        application.focusWindowChanged.connect(self._watch)
        application.focusChanged.connect(self._move)

    def _watch(self, window: QWindow | None) -> None:
        if window is not None:
            window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take notice of keys and clicks before they change anything."""
        if event.type() in (QEvent.Type.KeyPress, QEvent.Type.MouseButtonPress):
            self.set_by_keyboard(event.type() == QEvent.Type.KeyPress)
        return False

    def set_by_keyboard(self, by_keyboard: bool) -> None:
        if by_keyboard != self.by_keyboard:
            self.by_keyboard = by_keyboard
            self._move(None, QApplication.focusWidget())

    def _move(self, old: QWidget | None, new: QWidget | None) -> None:
        for widget, rimmed in ((old, False), (new, self.by_keyboard)):
            if widget is None or not isValid(widget):
                continue
            if isinstance(widget, QAbstractButton | QTabBar) and bool(widget.property("rim")) != rimmed:
                widget.setProperty("rim", rimmed)
                polish_again(widget)
            (widget.viewport() if isinstance(widget, QGraphicsView) else widget).update()


_last_input = _LastInput()


def follow(application: QApplication) -> None:
    """Follow the focus in all windows from now on."""
    _last_input.follow(application)


def has_rim(widget: QWidget | None) -> bool:
    """Return whether a control has the focus and shows it."""
    return widget is not None and widget.hasFocus() and _last_input.by_keyboard


def polish_again(widget: QWidget) -> None:
    """Apply the style sheet again; the font stays, where Qt would bring back that of an earlier text size.

    Qt does so for the line of a spin box, too.
    """
    lines = widget.findChildren(QLineEdit, options=Qt.FindChildOption.FindDirectChildrenOnly)
    chosen = [
        (each, each.font()) for each in (widget, *lines) if each.testAttribute(Qt.WidgetAttribute.WA_SetFont)
    ]
    widget.style().unpolish(widget)
    widget.style().polish(widget)
    for each, font in chosen:
        each.setFont(font)
