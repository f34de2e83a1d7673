"""A combo box of keys and texts."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QComboBox, QSizePolicy, QStyle, QStyleOptionComboBox, QWidget

from engine.api import escaping
from gui.look import style
from gui.look.shown_texts import plain_tooltip


class ComboBox(QComboBox):
    """Chooses one of `items`: (key, text) pairs, or plain texts that are their own keys.

    `chosen(key)` reports a choice by the user; an `editable` one takes any text as its key.
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
        self._is_read_only = False
        # The tooltip that tells all of a shortened text.
        self._told = ""
        self.set_items(items)
        self.activated.connect(self._emit_chosen)
        self.currentTextChanged.connect(self._explain)
        line = self.lineEdit()
        if line is not None:
            line.setTextMargins(-2, 0, 0, 0)  # aligned with the text of a choice that is not editable
            line.editingFinished.connect(self._emit_chosen)
            line.cursorPositionChanged.connect(self._show_name)

    def set_items(self, items: Sequence[tuple[str, str] | str]) -> None:
        """Offer other items; the chosen key stays if it is among them."""
        chosen = self.key() if self.count() else None
        self.blockSignals(True)
        self.clear()
        for item in items:
            key, text = (item, item) if isinstance(item, str) else item
            self.addItem(escaping.in_one_line(text), key)
        if chosen is not None:
            self.set_key(chosen)
        self.blockSignals(False)

    def key(self) -> str:
        """Return the chosen key; in an editable choice, a text that is no item is its own key."""
        at = self.currentIndex()
        if self.isEditable() and (at < 0 or self.itemText(at) != self.currentText()):
            return self.currentText().strip()
        return str(self.itemData(at)) if at >= 0 else ""

    def set_key(self, key: str) -> None:
        """Choose a key. An unknown key is taken by an editable choice and ignored by others."""
        at = self.findData(key)
        if at >= 0:
            self.setCurrentIndex(at)
        elif self.isEditable():
            # A change of the chosen item, be it of its flags, would put its text into the field.
            self.setCurrentIndex(-1)
            self.setEditText(key)

    def set_read_only(self, read_only: bool) -> None:
        self._is_read_only = read_only
        style.set_property(self, "read_only", "true" if read_only else "false")
        line = self.lineEdit()
        if line is not None:
            line.setReadOnly(read_only)

    def showPopup(self) -> None:
        """Open the list, unless the choice is read-only. It is as wide as its longest text, if the screen is."""
        if not self._is_read_only:
            margins = (
                self.width()
                - self.contentsRect().width()
                + self.view().verticalScrollBar().sizeHint().width()
            )
            width = self.view().sizeHintForColumn(0) + margins
            self.view().setMinimumWidth(min(width, self.screen().availableGeometry().width()))
            super().showPopup()

    def keyPressEvent(self, event) -> None:  # type: ignore[no-untyped-def]
        """Handle keys, unless the choice is read-only."""
        if self._is_read_only and event.key() not in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
            event.ignore()
            return
        super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Pass the wheel to the page, so that scrolling changes no value."""
        event.ignore()

    def initStyleOption(self, option: QStyleOptionComboBox) -> None:
        """Shorten the chosen text if it does not fit."""
        super().initStyleOption(option)
        if not self.isEditable():
            field = QStyle.SubControl.SC_ComboBoxEditField
            room = self.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, field, self).width()
            text = self.currentText()
            option.currentText = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Tell all of a text that is shortened now."""
        super().resizeEvent(event)
        self._explain()

    def _explain(self) -> None:
        """Tell all of a shortened text in the tooltip, unless that says something else."""
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        is_whole = self.isEditable() or option.currentText == self.currentText()
        told = "" if is_whole else plain_tooltip(self.currentText())
        if self.toolTip() in ("", self._told) and told != self._told:
            self.setToolTip(told)
            self._told = told

    def _show_name(self) -> None:
        """Of a long text show the beginning, of a path the end, unless it is being typed."""
        line = self.lineEdit()
        if line is not None and not line.hasFocus():
            line.setCursorPosition(_name_position(line.text()))

    def _emit_chosen(self) -> None:
        line = self.lineEdit()
        if line is not None:
            line.setCursorPosition(_name_position(line.text()))
        self.chosen.emit(self.key())


def _name_position(text: str) -> int:
    return len(text) if "/" in text or "\\" in text else 0
