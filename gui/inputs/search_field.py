"""A search field with a lens and a placeholder; Esc clears it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QIcon, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QSizePolicy, QWidget

from gui.core.background_tasks import once
from gui.look import icons, style


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

    def _changed(self, text: str) -> None:
        self._rest.start() if text else self._emit_searched()

    def _emit_searched(self) -> None:
        self._rest.stop()
        self.searched.emit(self.text().strip())

    def _restyle(self) -> None:
        self._lens.setIcon(icons.icon("search"))
