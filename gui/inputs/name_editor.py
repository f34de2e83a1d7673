"""A field over a name in a list, to rename it: Return accepts, Esc cancels."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from gui.look.language import tr


class NameEditor(QLineEdit):
    """Opens at a rectangle of `parent`; `renamed(text)` is emitted at most once, and only for another name."""

    renamed = Signal(str)

    def __init__(self, parent: QWidget, rect: QRect, name: str) -> None:
        super().__init__(name, parent)
        self._name = name
        self._done = False
        self.setAccessibleName(tr("Name"))
        self.setGeometry(rect)
        self.selectAll()
        self.show()
        self.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._finish(accept=False)
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self._finish(accept=True)
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self._finish(accept=True)

    def _finish(self, *, accept: bool) -> None:
        if self._done:
            return
        self._done = True
        text = " ".join(self.text().split())
        self.hide()
        viewport = self.parentWidget()
        view = viewport.parentWidget() if viewport is not None else None
        if view is not None:
            view.setFocus()
        self.deleteLater()
        if accept and text and text != self._name:
            self.renamed.emit(text)
