"""Rows and columns of widgets, each in one call, and hairlines between them."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QBoxLayout,
    QHBoxLayout,
    QLayout,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from gui.look import style

Item = QWidget | QLayout
# A number is a stretch between parts; with a part, it is the part's own.
Part = Item | int | tuple[Item, int] | tuple[Item, int, Qt.AlignmentFlag]
Margins = int | tuple[int, int, int, int]


def hbox(*parts: Part, of: QWidget | None = None, margins: Margins = 0, spacing: int = -1) -> QHBoxLayout:
    """Return a row of parts, the layout of a widget if `of` is given; spacing is the style's unless given."""
    row = QHBoxLayout()
    _make(row, parts, of, margins, spacing)
    return row


def vbox(*parts: Part, of: QWidget | None = None, margins: Margins = 0, spacing: int = -1) -> QVBoxLayout:
    """Return a column of parts, the layout of a widget if `of` is given; spacing is the style's unless given."""
    column = QVBoxLayout()
    _make(column, parts, of, margins, spacing)
    return column


def fill(box: QBoxLayout | QStackedWidget | QSplitter, *parts: Part) -> None:
    """Add parts to a row or column, or widgets to a stack or splitter."""
    for part in parts:
        if not isinstance(box, QBoxLayout):
            assert isinstance(part, QWidget)
            box.addWidget(part)
        elif isinstance(part, int):
            box.addStretch(part)
        else:
            _add(box, *(part if isinstance(part, tuple) else (part,)))


def _make(
    box: QBoxLayout, parts: tuple[Part, ...], of: QWidget | None, margins: Margins, spacing: int
) -> None:
    if of is not None:
        of.setLayout(box)
    box.setContentsMargins(*((margins,) * 4 if isinstance(margins, int) else margins))
    box.setSpacing(spacing)
    fill(box, *parts)


def _add(box: QBoxLayout, item: Item, stretch: int = 0, alignment: Qt.AlignmentFlag | None = None) -> None:
    if isinstance(item, QLayout):
        box.addLayout(item, stretch)
    elif alignment is None:
        box.addWidget(item, stretch)
    else:
        box.addWidget(item, stretch, alignment)


class Line(QWidget):
    """A hairline of one pixel, horizontal unless `vertical`."""

    def __init__(self, vertical: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        style.set_background(self, "line")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        if vertical:
            self.setFixedWidth(1)
        else:
            self.setFixedHeight(1)
