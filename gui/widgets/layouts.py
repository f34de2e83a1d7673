"""Rows, columns and flows of widgets, each in one call; hairlines, splitters and scroll areas around them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from PySide6.QtCore import QEvent, QMargins, QObject, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QResizeEvent, QWheelEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLayout,
    QLayoutItem,
    QScrollArea,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from gui.core.preferences import SavedState
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


def gridbox(
    of: QWidget | None = None, *, across: int = 0, down: int = 0, stretch: Iterable[int] = ()
) -> QGridLayout:
    """Return a grid without margins, the layout of `of` if given; the columns `stretch` share what is left."""
    made = QGridLayout()
    if of is not None:
        of.setLayout(made)
    made.setContentsMargins(0, 0, 0, 0)
    made.setHorizontalSpacing(across)
    made.setVerticalSpacing(down)
    for column in stretch:
        made.setColumnStretch(column, 1)
    return made


def discard(*widgets: QWidget) -> None:
    """Hide widgets at once, and delete them."""
    for widget in widgets:
        widget.hide()
        widget.deleteLater()


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


class Splitter(QSplitter):
    """Splits as the page asks (`share`), or as the user last set the handle with the same parts shown.

    `name` identifies it in the saved state.
    """

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        # Fractions by what is shown, such as "h:11": horizontal, both parts.
        self._handled: dict[str, list[float]] = {}
        self.setHandleWidth(1)
        self.setChildrenCollapsible(False)
        self.splitterMoved.connect(self._on_moved)
        SavedState(self, f"split.{name}", self.saved_state, self.restore_state)

    def share(self, sizes: Sequence[int]) -> None:
        """Set the sizes, unless the user has set others."""
        handled = self._handled.get(self._shown())
        total = sum(sizes)
        if handled is None or len(handled) != len(sizes):
            self.setSizes(list(sizes))
        else:
            self.setSizes([max(1, round(part * total)) for part in handled])

    def saved_state(self) -> str:
        """Return the user's sizes as text, "" if the handle was never moved."""
        return json.dumps(self._handled) if self._handled else ""

    def restore_state(self, text: str) -> None:
        """Restore sizes from the text of `saved_state`; what can't be read is ignored."""
        try:
            found = json.loads(text)
        except ValueError:
            return
        if isinstance(found, dict):
            self._handled = {
                key: list(map(float, parts)) for key, parts in found.items() if _are_shares(parts)
            }
            if self._shown() in self._handled:
                self.share([max(1, size) for size in self.sizes()])

    def _shown(self) -> str:
        side = "h" if self.orientation() == Qt.Orientation.Horizontal else "v"
        parts = (self.widget(at) for at in range(self.count()))
        return f"{side}:{''.join('0' if part is None or part.isHidden() else '1' for part in parts)}"

    def _on_moved(self, _place: int, _handle: int) -> None:
        total = sum(self.sizes())
        if total:
            self._handled[self._shown()] = [round(size / total, 4) for size in self.sizes()]


def _are_shares(parts: object) -> bool:
    return (
        isinstance(parts, list)
        and all(isinstance(part, (int, float)) and 0 <= part <= 1 for part in parts)
        and 0.9 < sum(parts) < 1.1
    )


LINE_GAP = 8


class FlowLayout(QLayout):
    """Lays out widgets side by side, `gap` pixels apart, and wraps to the next line, which is 8 below at most.

    Each is in the middle of its line, or with `at_top` at its top; with `shares`, all of a line share its width.
    """

    def __init__(
        self, parent: QWidget | None = None, gap: int = 8, *, at_top: bool = False, shares: bool = False
    ) -> None:
        super().__init__(parent)
        self._gap, self._at_top, self._shares = gap, at_top, shares
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
        margins = self.contentsMargins()
        high = self._place(QRect(0, 0, width - margins.left() - margins.right(), 0), move=False)
        return high + margins.top() + margins.bottom()

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._place(rect.marginsRemoved(self.contentsMargins()), move=True)

    def sizeHint(self) -> QSize:
        hints = [item.sizeHint() for item in self._items if not item.isEmpty()]
        width = sum(hint.width() for hint in hints) + self._gap * max(0, len(hints) - 1)
        high = max((hint.height() for hint in hints), default=0)
        return QSize(width, high).grownBy(self.contentsMargins())

    def minimumSize(self) -> QSize:
        made = QSize(0, 0)
        for item in self._items:
            made = made.expandedTo(item.minimumSize())
        return made.grownBy(self.contentsMargins())

    def _place(self, rect: QRect, move: bool) -> int:
        top = rect.top()
        for line in self._lines(rect.width()):
            height = max(hint.height() for _, hint in line)
            left = 0
            for item, hint in self._shared(line, rect.width()) if move else ():
                shown = rect.width() - left - hint.width() if self._mirrored() else left
                above = 0 if self._at_top else (height - hint.height()) // 2
                item.setGeometry(QRect(QPoint(rect.left() + shown, top + above), hint))
                left += hint.width() + self._gap
            top += height + min(self._gap, LINE_GAP)
        return max(0, top - min(self._gap, LINE_GAP) - rect.top())

    def _lines(self, width: int) -> list[list[tuple[QLayoutItem, QSize]]]:
        """Return the shown items of each line, with the size of each; none is wider than a line."""
        lines: list[list[tuple[QLayoutItem, QSize]]] = []
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
            lines[-1].append((item, hint))
            left += hint.width() + self._gap
        return lines

    def _shared(self, line: list[tuple[QLayoutItem, QSize]], width: int) -> list[tuple[QLayoutItem, QSize]]:
        """Return a line with the width that is left shared out, so that all are as wide if their texts allow it."""
        if not self._shares:
            return line
        room = width - self._gap * (len(line) - 1)
        each, more = room // len(line), (room - sum(hint.width() for _, hint in line)) // len(line)
        is_even = all(hint.width() <= each for _, hint in line)
        return [(item, QSize(each if is_even else hint.width() + more, hint.height())) for item, hint in line]

    def _mirrored(self) -> bool:
        parent = self.parentWidget()
        return parent is not None and parent.layoutDirection() == Qt.LayoutDirection.RightToLeft


class FlowBox(QWidget):
    """A box of wrapping widgets that sets its minimum height, the only one a scroll area uses."""

    def __init__(
        self,
        parts: Sequence[QWidget],
        gap: int = 8,
        parent: QWidget | None = None,
        *,
        at_top: bool = False,
        shares: bool = False,
    ) -> None:
        super().__init__(parent)
        self._flow = FlowLayout(self, gap, at_top=at_top, shares=shares)
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

    _limit = NO_LIMIT

    def limit_height(self, limit: int) -> None:
        self._limit = limit
        self._fit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the content, whose events Qt's scroll areas get."""
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
