"""The view of a table with headings between its rows: layout, keyboard and mouse.

Shows any `gui.models.grouped_table.GroupedTable`; knows cells, not adapters or runs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import (
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractItemDelegate, QAbstractItemView, QHeaderView, QTableView, QWidget

from gui.core import actions
from gui.look import icons, style
from gui.look.focus_rim import has_rim
from gui.look.fonts import font, px
from gui.look.shown_texts import elided_name
from gui.models.grouped_table import CELL_ROLE, ITEM_ROLE, CheckCell, Column, GroupedTable, LinkCell
from gui.tables.cell_delegate import CHECK, INSET, RowDelegate

HEAD_HEIGHT = 32
MOVES = (
    Qt.Key.Key_Up,
    Qt.Key.Key_Down,
    Qt.Key.Key_Home,
    Qt.Key.Key_End,
    Qt.Key.Key_PageUp,
    Qt.Key.Key_PageDown,
)

Index = QModelIndex | QPersistentModelIndex


class GroupedTableView(QTableView):
    """Shows rows under headings, only those in view being laid out.

    With `several`, more than one row can be selected with Ctrl and Shift. With `has_lines`, there are hairlines below
    rows, and headings are as large as titles. With `chooses_on_focus`, the focus selects the first row if none is.

    `chosen(thing)` follows the selection (None when nothing is selected), `opened(thing)` is Return or a double click,
    `link_pressed(thing, column key)` a press on a link, `menu_wanted(thing, global place)` the context menu,
    `delete_wanted(thing)` Delete, `order_wanted(order)` a press on a column's head, `check_pressed(thing)` a press on a
    check, or Space. F2 edits a name.
    """

    chosen = Signal(object)
    opened = Signal(object)
    link_pressed = Signal(object, str)
    menu_wanted = Signal(object, QPoint)
    delete_wanted = Signal(object)
    order_wanted = Signal(str)
    check_pressed = Signal(object)

    def __init__(
        self,
        model: GroupedTable[Any],
        name: str,
        row_height: int = 36,
        parent: QWidget | None = None,
        *,
        several: bool = False,
        has_lines: bool = True,
        chooses_on_focus: bool = True,
    ) -> None:
        super().__init__(parent)
        self._row_height, self.has_lines, self._chooses_on_focus = row_height, has_lines, chooses_on_focus
        # The row under the pointer, −1 without one.
        self.hovered_row = -1
        self._last_key = ""
        self._last_keys: list[str] = []
        self._last_scroll = 0
        self.setAccessibleName(name)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setMouseTracking(True)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setMinimumSectionSize(1)
        if several:
            self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self._head = _HeaderView(self)
        self.setHorizontalHeader(self._head)
        self.setModel(model)
        self.setItemDelegate(RowDelegate(self))
        self._head.sectionClicked.connect(self._on_head_clicked)
        model.modelAboutToBeReset.connect(self._remember)
        model.modelReset.connect(self._lay_out_rows)
        model.modelReset.connect(self._lay_out_columns)
        style.on_style_changed(self._restyle)

    # Content and selection.
    def table(self) -> GroupedTable[Any]:
        model = self.model()
        assert isinstance(model, GroupedTable)
        return model

    def current(self) -> Any:
        """Return the selected item, or None; of several, the one that the keyboard is on."""
        rows = self.selectionModel().selectedRows()
        last = next((row for row in rows if row.row() == self.currentIndex().row()), None)
        found = last or next(iter(rows), None)
        return found.data(ITEM_ROLE) if found is not None else None

    def selected(self) -> list[Any]:
        rows = sorted(row.row() for row in self.selectionModel().selectedRows())
        return [self.table().item_at(row) for row in rows]

    def edit_name(self, key: str) -> None:
        """Open an editor over the name of an item, if that can be changed; the table's `renamed` carries another."""
        index = self.table().index(self.table().row_of(key), 0)
        if index.flags() & Qt.ItemFlag.ItemIsEditable:
            self.edit(index)

    def closeEditor(self, editor: QWidget, hint: QAbstractItemDelegate.EndEditHint) -> None:
        """Close the editor; Tab opens none over the next name."""
        super().closeEditor(editor, QAbstractItemDelegate.EndEditHint.NoHint)

    def choose(self, key: str) -> bool:
        """Select the item with a key; return whether it is listed."""
        row = self.table().row_of(key)
        if row < 0:
            self._last_key = key
            return False
        self._select_only(row)
        self.scrollTo(self.table().index(row, 0))
        return True

    def choose_nothing(self) -> None:
        """Select no item, nor one after the next reading."""
        self._last_key, self._last_keys = "", []
        self.selectionModel().clear()

    def choose_first(self) -> None:
        for row in range(self.table().rowCount()):
            if not self.table().is_heading(row):
                self._select_only(row)
                return

    def _select_only(self, row: int) -> None:
        """Select a row; Qt's own way would add it to the selection while Ctrl or Shift is held."""
        flag = QItemSelectionModel.SelectionFlag
        self.selectionModel().setCurrentIndex(self.table().index(row, 0), flag.ClearAndSelect | flag.Rows)

    def selectionChanged(self, selected: Any, deselected: Any) -> None:
        super().selectionChanged(selected, deselected)
        self.viewport().update()
        self.chosen.emit(self.current())

    def _remember(self) -> None:
        if self.state() == QAbstractItemView.State.EditingState:
            # A reset would close the editor and drop what was typed.
            self.setFocus()
        self._last_scroll = self.verticalScrollBar().value()
        found = self.current()
        if found is not None:
            self._last_key = self.table().key_of(found)
            self._last_keys = [self.table().key_of(each) for each in self.selected()]

    def _lay_out_rows(self) -> None:
        self.hovered_row = -1
        self.clearSpans()
        model = self.table()
        tall = px(44)
        first = px(self._row_height) if self.has_lines else tall
        for row in filter(model.is_heading, range(model.rowCount())):
            if model.columnCount() > 1:
                self.setSpan(row, 0, 1, model.columnCount())
            self.setRowHeight(row, tall if row else first)
        self.verticalScrollBar().setValue(self._last_scroll)
        row = model.row_of(self._last_key)
        if row >= 0:
            self._select_only(row)
            self._select_again()
        else:
            # None after a reset; after a change of style the selection is still there.
            self.chosen.emit(self.current())

    def _select_again(self) -> None:
        """Add the other rows of a selection of several."""
        command = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
        for row in map(self.table().row_of, self._last_keys if len(self._last_keys) > 1 else ()):
            if row >= 0:
                self.selectionModel().select(self.table().index(row, 0), command)

    # Sizes.
    def _restyle(self) -> None:
        self.verticalHeader().setDefaultSectionSize(px(self._row_height))
        self._head.setFixedHeight(px(HEAD_HEIGHT))
        self._remember()
        self._lay_out_rows()
        self._lay_out_columns()
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out_columns()

    def _lay_out_columns(self) -> None:
        width = self.viewport().width()
        left = width
        columns = self.table().columns
        heads = QFontMetrics(font("head"))
        for at, column in enumerate(columns):
            hidden = width < px(column.hidden_below)
            self.setColumnHidden(at, hidden)
            if not hidden and column.width:
                # A head may be longer in another language; a name as the head is shortened.
                head = 0 if column.as_is else heads.horizontalAdvance(column.head) + 2 * px(INSET) + 2
                self.setColumnWidth(at, max(px(column.width), head))
                left -= self.columnWidth(at)
        sharing = [
            at for at, column in enumerate(columns) if not column.width and not self.isColumnHidden(at)
        ]
        for at in sharing:
            self.setColumnWidth(at, max(px(columns[at].least), left // len(sharing)))

    # Pointer and keys.
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Highlight the row under the pointer; show a hand over links."""
        super().mouseMoveEvent(event)
        index = self.indexAt(event.position().toPoint())
        self._set_hovered(index.row() if index.isValid() and not self.table().is_heading(index.row()) else -1)
        over_link = isinstance(index.data(CELL_ROLE), LinkCell) if index.isValid() else False
        self.viewport().setCursor(
            Qt.CursorShape.PointingHandCursor if over_link else Qt.CursorShape.ArrowCursor
        )

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._set_hovered(-1)

    def _set_hovered(self, row: int) -> None:
        if row != self.hovered_row:
            self.hovered_row = row
            self.viewport().update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Select a row; activate a link."""
        super().mousePressEvent(event)
        index = self.indexAt(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and isinstance(index.data(CELL_ROLE), LinkCell):
            column = self.table().columns[index.column()]
            self.link_pressed.emit(index.data(ITEM_ROLE), column.key)
        elif event.button() == Qt.MouseButton.LeftButton and self._is_over_check(index, event):
            self.check_pressed.emit(index.data(ITEM_ROLE))

    def _is_over_check(self, index: QModelIndex, event: QMouseEvent) -> bool:
        has_check = isinstance(index.data(CELL_ROLE), CheckCell)
        return has_check and event.position().x() < self.visualRect(index).left() + px(1.5 * INSET + CHECK)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        found = index.data(ITEM_ROLE)
        if found is not None and not isinstance(index.data(CELL_ROLE), LinkCell):
            self.opened.emit(found)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open with Return, rename with F2, delete with Delete; other keys move."""
        if self.current() is None and event.key() in MOVES:
            self.choose_first()
        found = self.current()
        for action_id, wanted in (
            ("list.open", self.opened),
            ("list.delete", self.delete_wanted),
            ("list.check", self.check_pressed),
        ):
            if found is not None and actions.pressed(event, action_id):
                wanted.emit(found)
                return
        if found is not None and actions.pressed(event, "list.rename"):
            self.edit_name(self.table().key_of(found))
            return
        super().keyPressEvent(event)
        self.viewport().update()

    def moveCursor(
        self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier
    ) -> QModelIndex:
        """Go to the first and last row by Home and End; in a table of cells they would stay in the row."""
        if action in (QAbstractItemView.CursorAction.MoveHome, QAbstractItemView.CursorAction.MoveEnd):
            modifiers |= Qt.KeyboardModifier.ControlModifier
        return super().moveCursor(action, modifiers)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Request the menu of the row under the pointer, or of the selected one for the menu key."""
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if by_key else self.indexAt(event.pos())
        found = index.data(ITEM_ROLE) if index.isValid() else None
        if found is None:
            return
        point = self.visualRect(index).center() if by_key else event.pos()
        self.menu_wanted.emit(found, self.viewport().mapToGlobal(point))

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if self._chooses_on_focus and self.current() is None:
            self.choose_first()
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()

    def _on_head_clicked(self, section: int) -> None:
        order = self.table().columns[section].order
        if order:
            self.order_wanted.emit(order)
            self._head.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the rows, then the rim of the focused row, or of the list if it has none."""
        super().paintEvent(event)
        row = self.currentIndex().row()
        if not has_rim(self):
            return
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(style.color("accent"), 2))
        rim = self.viewport().rect().adjusted(1, 1, -1, -1)
        if row >= 0:
            rim = QRect(1, self.rowViewportPosition(row) + 1, rim.width(), self.rowHeight(row) - 3)
        painter.drawRoundedRect(rim, 5, 5)
        painter.end()


class ShortTableView(GroupedTableView):
    """A table as high as its rows, in a page that scrolls; a click or Return opens a row."""

    def __init__(
        self,
        model: GroupedTable[Any],
        name: str,
        open_row: Callable[..., object],
        parent: QWidget | None = None,
        *,
        has_head: bool = True,
    ) -> None:
        self._has_head = has_head
        super().__init__(model, name, parent=parent)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.horizontalHeader().setVisible(has_head)
        self.clicked.connect(lambda index: open_row(model.item_at(index.row())))
        self.opened.connect(open_row)
        model.modelReset.connect(self._fit)
        self.horizontalScrollBar().rangeChanged.connect(self._fit)
        style.on_style_changed(self._fit)

    def _fit(self) -> None:
        rows = sum(map(self.rowHeight, range(self.table().rowCount())))
        bar = self.horizontalScrollBar()
        below = bar.sizeHint().height() if bar.maximum() > 0 else 0
        self.setFixedHeight(px(HEAD_HEIGHT) * self._has_head + rows + below)


class _HeaderView(QHeaderView):
    """The column heads, between which columns are resized; a sortable one can be clicked and shows the direction."""

    def __init__(self, view: GroupedTableView) -> None:
        super().__init__(Qt.Orientation.Horizontal, view)
        self._view = view
        self.setMinimumSectionSize(px(24))
        self.setSectionsClickable(True)
        self.setHighlightSections(False)
        self.setMouseTracking(True)

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), px(HEAD_HEIGHT))

    def paintSection(self, painter: QPainter, rect: QRect, logicalIndex: int) -> None:
        if not rect.isValid():
            return
        column = self._view.table().columns[logicalIndex]
        sorts = bool(column.order) and getattr(self._view.table(), "order", "") == column.order
        painter.save()
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, style.color("edge"))
        painter.setFont(font("head"))
        painter.setPen(style.color("text" if self._is_hovered(rect) and column.order else "muted"))
        side = Qt.AlignmentFlag.AlignRight if column.right else Qt.AlignmentFlag.AlignLeft
        inner = rect.adjusted(px(INSET), 0, -px(INSET), -1)
        flags = side | Qt.AlignmentFlag.AlignVCenter
        measured = painter.fontMetrics()
        shown = (
            elided_name(column.head, measured, inner.width())
            if column.as_is
            else measured.elidedText(column.head, Qt.TextElideMode.ElideRight, inner.width())
        )
        painter.drawText(inner, flags, shown)
        if sorts and self._differs_from_rest():
            self._paint_arrow(painter, inner, column)
        painter.restore()

    def _is_hovered(self, rect: QRect) -> bool:
        return rect.contains(self.viewport().mapFromGlobal(self.cursor().pos()))

    def _differs_from_rest(self) -> bool:
        """Return whether the order is another than the default, newest first."""
        table = self._view.table()
        return (getattr(table, "order", ""), getattr(table, "descending", True)) != ("made", True)

    def _paint_arrow(self, painter: QPainter, inner: QRect, column: Column) -> None:
        wide = painter.fontMetrics().horizontalAdvance(column.head)
        left = inner.right() - wide - px(16) if column.right else inner.left() + wide + px(4)
        name = "chevron-down" if getattr(self._view.table(), "descending", True) else "chevron-up"
        square = QRect(left, inner.center().y() - px(6), px(12), px(12))
        icons.paint(painter, square.toRectF(), name, "muted")
