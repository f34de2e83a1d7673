"""A layout that wraps its widgets like words in a text."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QMargins, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget

LINE_GAP = 8


class FlowLayout(QLayout):
    """Lays out widgets side by side, `gap` pixels apart, and wraps to the next line, which is 8 below at most.

    Each is in the middle of its line, or with `at_top` at its top.
    """

    def __init__(self, parent: QWidget | None = None, gap: int = 8, *, at_top: bool = False) -> None:
        super().__init__(parent)
        self._gap, self._at_top = gap, at_top
        self._items: list[QLayoutItem] = []
        self.setContentsMargins(QMargins(0, 0, 0, 0))

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)
        self.invalidate()

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        if not 0 <= index < len(self._items):
            return None
        self.invalidate()
        return self._items.pop(index)

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._place(QRect(0, 0, width, 0), move=False)

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._place(rect, move=True)

    def sizeHint(self) -> QSize:
        hints = [item.sizeHint() for item in self._items if not item.isEmpty()]
        width = sum(hint.width() for hint in hints) + self._gap * max(0, len(hints) - 1)
        return QSize(width, max((hint.height() for hint in hints), default=0))

    def minimumSize(self) -> QSize:
        made = QSize(0, 0)
        for item in self._items:
            made = made.expandedTo(item.minimumSize())
        return made

    def _place(self, rect: QRect, move: bool) -> int:
        top = rect.top()
        for line in self._lines(rect.width()):
            height = max(hint.height() for _, _, hint in line)
            for item, left, hint in line if move else ():
                shown = rect.width() - left - hint.width() if self._mirrored() else left
                above = 0 if self._at_top else (height - hint.height()) // 2
                item.setGeometry(QRect(QPoint(rect.left() + shown, top + above), hint))
            top += height + min(self._gap, LINE_GAP)
        return max(0, top - min(self._gap, LINE_GAP) - rect.top())

    def _lines(self, width: int) -> list[list[tuple[QLayoutItem, int, QSize]]]:
        """Return the shown items of each line, with the place in it and the size of each; none is wider than a line."""
        lines: list[list[tuple[QLayoutItem, int, QSize]]] = []
        left = 0
        for item in self._items:
            if item.isEmpty():
                continue
            hint = item.sizeHint()
            hint.setWidth(max(min(hint.width(), width), item.minimumSize().width()))
            if item.hasHeightForWidth():
                hint.setHeight(max(item.heightForWidth(hint.width()), item.minimumSize().height()))
            if not lines or left + hint.width() > width:
                lines.append([])
                left = 0
            lines[-1].append((item, left, hint))
            left += hint.width() + self._gap
        return lines

    def _mirrored(self) -> bool:
        parent = self.parentWidget()
        return parent is not None and parent.layoutDirection() == Qt.LayoutDirection.RightToLeft


class FlowBox(QWidget):
    """A box of wrapping widgets that sets its minimum height, the only one a scroll area uses."""

    def __init__(
        self, parts: Sequence[QWidget], gap: int = 8, parent: QWidget | None = None, *, at_top: bool = False
    ) -> None:
        super().__init__(parent)
        self._flow = FlowLayout(self, gap, at_top=at_top)
        for part in parts:
            self._flow.addWidget(part)

    def add(self, part: QWidget) -> None:
        self._flow.addWidget(part)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._keep_height()

    def event(self, event: QEvent) -> bool:
        """Update the minimum height when a part is shown, hidden or resized."""
        if event.type() == QEvent.Type.LayoutRequest:
            self._keep_height()
        return super().event(event)

    def _keep_height(self) -> None:
        self.setMinimumHeight(self._flow.heightForWidth(self.width()))
