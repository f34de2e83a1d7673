"""Combo box: one of a list, drawn with the product's chevron."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QComboBox, QSizePolicy, QWidget

from gui.look import icons, style
from gui.look.fonts import px


class Choice(QComboBox):
    """Choose one of `items`, (key, text) pairs or plain texts that are their own keys.

    `chosen(key)` tells of a choice by the person; `editable` takes any text, which is then its own key.
    """

    chosen = Signal(str)

    def __init__(
        self,
        items: Sequence[tuple[str, str] | str] = (),
        parent: QWidget | None = None,
        editable: bool = False,
    ) -> None:
        super().__init__(parent)
        self.setEditable(editable)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumContentsLength(6)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self._is_fixed = False
        self.set_items(items)
        self.activated.connect(self._emit_chosen)
        line = self.lineEdit()
        if line is not None:
            line.setTextMargins(-2, 0, 0, 0)  # in line with the text of a choice that cannot be edited
            line.editingFinished.connect(self._emit_chosen)
        style.follow(self.update)

    def set_items(self, items: Sequence[tuple[str, str] | str]) -> None:
        """Offer other items, keeping the chosen key if it is among them."""
        chosen = self.key() if self.count() else None
        self.blockSignals(True)
        self.clear()
        for item in items:
            key, text = (item, item) if isinstance(item, str) else item
            self.addItem(text, key)
        if chosen is not None:
            self.set_key(chosen)
        self.blockSignals(False)

    def key(self) -> str:
        """Return the chosen key; for an editable choice a text that is no item is its own key."""
        at = self.currentIndex()
        if self.isEditable() and (at < 0 or self.itemText(at) != self.currentText()):
            return self.currentText().strip()
        return str(self.itemData(at)) if at >= 0 else ""

    def set_key(self, key: str) -> None:
        """Choose a key; an editable choice takes one that is no item, another leaves it as it was."""
        at = self.findData(key)
        if at >= 0:
            self.setCurrentIndex(at)
        elif self.isEditable():
            self.setEditText(key)

    def set_fixed(self, fixed: bool) -> None:
        """Show the choice as settled: readable, but not to be changed."""
        self._is_fixed = fixed
        style.set_property(self, "fixed", "true" if fixed else "false")
        line = self.lineEdit()
        if line is not None:
            line.setReadOnly(fixed)
        self.update()

    def showPopup(self) -> None:
        """Open the list, unless the choice is fixed."""
        if not self._is_fixed:
            super().showPopup()

    def keyPressEvent(self, event) -> None:  # type: ignore[no-untyped-def]
        """Take keys, unless the choice is fixed."""
        if self._is_fixed and event.key() not in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
            event.ignore()
            return
        super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the page, so that scrolling changes nothing."""
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the box and the chevron."""
        super().paintEvent(event)
        if self._is_fixed:
            return
        painter = QPainter(self)
        side = px(16)
        ltr = self.layoutDirection() == Qt.LayoutDirection.LeftToRight
        left = self.width() - side - 6 if ltr else 6
        rect = QRectF(left, (self.height() - side) / 2, side, side)
        icons.paint(painter, rect, "chevron-down", "ink2" if self.isEnabled() else "off")
        painter.end()

    def _emit_chosen(self) -> None:
        self.chosen.emit(self.key())
