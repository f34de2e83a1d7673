"""The earlier tries as rows: when, about what, how many columns; pressing one brings it back."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from gui.look import style
from gui.look.format import clock_text
from gui.look.type import font, px
from gui.pages.playground.tries import Try
from gui.widgets.buttons import link
from gui.widgets.labels import Label
from gui.widgets.scroll import Scroll

ROWS_SHOWN = 3
ROW_HEIGHT = 30


class TryRow(QAbstractButton):
    """One try."""

    def __init__(self, tried: Try, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tried = tried
        self._when = clock_text(tried.made_at)
        self._what = tried.headline
        self._columns = f"{len(tried.columns)} columns" if len(tried.columns) > 1 else "base only"
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(f"{self._when} {self._what}, {self._columns}")
        style.follow(self.update)

    def sizeHint(self) -> QSize:
        return QSize(200, px(ROW_HEIGHT))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self.underMouse():
            painter.fillRect(self.rect(), style.color("hover", 0.6))
        painter.fillRect(0, self.height() - 1, self.width(), 1, style.color("line"))
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
        box = QRectF(self.rect()).adjusted(4, 0, -4, -1)
        self._write(painter, box, "figure_small", "ink2", Qt.AlignmentFlag.AlignLeft | middle, self._when)
        self._write(painter, box, "label", "ink2", Qt.AlignmentFlag.AlignRight | middle, self._columns)
        room = box.adjusted(px(96), 0, -px(80), 0)
        painter.setFont(font("body_medium"))
        shown = painter.fontMetrics().elidedText(
            self._what, Qt.TextElideMode.ElideRight, max(0, int(room.width()))
        )
        self._write(painter, room, "body_medium", "ink", Qt.AlignmentFlag.AlignLeft | middle, shown)
        if self.hasFocus():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(style.color("accent"), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 5, 5)
        painter.end()

    @staticmethod
    def _write(painter: QPainter, box: QRectF, role: str, token: str, how: int, text: str) -> None:
        painter.setFont(font(role))
        painter.setPen(style.color(token))
        painter.drawText(box, how, text)


class TriesView(QWidget):
    """Three rows high, scrolled beyond; `chosen(Try)`, `cleared`, and `label_wanted` to write their summaries."""

    chosen = Signal(object)
    cleared = Signal()
    label_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._clear = link("Clear")
        self._clear.clicked.connect(self.cleared)
        self.label_button = link("Write summaries")
        self.label_button.setToolTip("Write summaries of these conversations, with drafts to begin from")
        self.label_button.clicked.connect(self.label_wanted)
        head = QHBoxLayout()
        head.addWidget(Label("Earlier tries", "head", "ink2"), 1)
        head.addWidget(self.label_button)
        head.addWidget(self._clear)
        self._scroll = Scroll((0, 0, 0, 0), spacing=0)
        self._rows: list[TryRow] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self._scroll)
        style.follow(self._restyle)

    def _restyle(self) -> None:
        self._scroll.setFixedHeight(px(ROW_HEIGHT) * ROWS_SHOWN)

    def rows(self) -> list[TryRow]:
        """Return the rows, newest first."""
        return list(self._rows)

    def show_tries(self, tries: Sequence[Try]) -> None:
        """Show tries; without any the list takes no room."""
        while (item := self._scroll.column.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        self._rows = [self._row(tried) for tried in tries]
        for row in self._rows:
            self._scroll.column.addWidget(row)
        self._scroll.column.addStretch(1)
        self.setVisible(bool(tries))

    def _row(self, tried: Try) -> TryRow:
        row = TryRow(tried)
        row.clicked.connect(lambda: self.chosen.emit(tried))
        return row
