"""A scroll area that reserves its bar inside the right margin, so that fields stay aligned with those above."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QWidget

from gui.widgets.layouts import hbox, vbox

BAR = 10
NO_LIMIT = 16_777_215


class Scroll(QScrollArea):
    """Scrolls one column; content goes into `column`. `margins` are left, top, right and bottom, the bar included."""

    def __init__(
        self,
        margins: tuple[int, int, int, int] = (24, 16, 24, 16),
        spacing: int = 12,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        left, top, right, bottom = margins
        self.content = QWidget()
        self.column = vbox(of=self.content, margins=(left, top, max(0, right - BAR), bottom), spacing=spacing)
        self.setWidget(self.content)
        self.viewport().setAutoFillBackground(False)
        self.content.setAutoFillBackground(False)
        self.verticalScrollBar().rangeChanged.connect(self._range_changed)
        self._range_changed(0, 0)

    def _range_changed(self, low: int, high: int) -> None:
        """Hide the handle of a bar without range; the space of the bar stays."""
        self.verticalScrollBar().setEnabled(high > low)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.verticalScrollBar().maximum() > 0:
            super().wheelEvent(event)
        else:
            event.ignore()


class FittedScroll(Scroll):
    """A scroll area as high as its content, up to a limit."""

    def __init__(
        self,
        margins: tuple[int, int, int, int] = (24, 16, 24, 16),
        spacing: int = 12,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(margins, spacing, parent)
        self._limit = NO_LIMIT
        self.content.installEventFilter(self)

    def limit_height(self, limit: int) -> None:
        self._limit = limit
        self._fit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.content and event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit to the lines that a text takes at this width."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        width = self.viewport().width()
        wanted = self.column.heightForWidth(width) if self.column.hasHeightForWidth() else -1
        self.setFixedHeight(min(self._limit, wanted if wanted >= 0 else self.column.sizeHint().height()))


def at_most_so_wide(content: QWidget) -> QHBoxLayout:
    """Return a row that limits a content to a maximum width.

    In a plain column, its height would be computed at the column's width, and wrapped texts would be cut.
    """
    return hbox((content, 1000), 1, spacing=0)
