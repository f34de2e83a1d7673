"""Rows and columns of widgets, each in one call, and hairlines between them."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLayout, QSizePolicy, QVBoxLayout, QWidget

from gui.look import style

Item = QWidget | QLayout
# A number is a stretch between parts; with a part, it is the part's own.
Part = Item | int | tuple[Item, int] | tuple[Item, int, Qt.AlignmentFlag]
Margins = int | tuple[int, int, int, int]


def hbox(*parts: Part, of: QWidget | None = None, margins: Margins = 0, spacing: int = -1) -> QHBoxLayout:
    """Return a row of parts, the layout of a widget if `of` is given; spacing is the style's unless given."""
    row = QHBoxLayout()
    _fill(row, parts, of, margins, spacing)
    return row


def vbox(*parts: Part, of: QWidget | None = None, margins: Margins = 0, spacing: int = -1) -> QVBoxLayout:
    """Return a column of parts, the layout of a widget if `of` is given; spacing is the style's unless given."""
    column = QVBoxLayout()
    _fill(column, parts, of, margins, spacing)
    return column


def _fill(
    box: QBoxLayout, parts: tuple[Part, ...], of: QWidget | None, margins: Margins, spacing: int
) -> None:
    if of is not None:
        of.setLayout(box)
    box.setContentsMargins(*((margins,) * 4 if isinstance(margins, int) else margins))
    box.setSpacing(spacing)
    for part in parts:
        if isinstance(part, int):
            box.addStretch(part)
        else:
            _add(box, *(part if isinstance(part, tuple) else (part,)))


def _add(box: QBoxLayout, item: Item, stretch: int = 0, alignment: Qt.AlignmentFlag | None = None) -> None:
    if isinstance(item, QLayout):
        box.addLayout(item, stretch)
    elif alignment is None:
        box.addWidget(item, stretch)
    else:
        box.addWidget(item, stretch, alignment)


class Line(QWidget):
    """A line of one pixel, horizontal unless `vertical`, in a token (line, edge)."""

    def __init__(self, vertical: bool = False, token: str = "line", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._token = token
        self._vertical = vertical
        stretch, thin = QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed
        self.setSizePolicy(*((thin, stretch) if vertical else (stretch, thin)))
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def sizeHint(self) -> QSize:
        """Return one pixel across."""
        return QSize(1, 1)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the line."""
        painter = QPainter(self)
        rect = self.contentsRect()
        rect.setWidth(1) if self._vertical else rect.setHeight(1)
        painter.fillRect(rect, style.color(self._token))
        painter.end()
