"""The history as a list: time, headline, columns; a click restores an entry, a search filters."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Signal
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QFrame, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from gui.inputs.search_field import SearchField
from gui.inputs.segmented_control import SegmentedControl
from gui.look import style
from gui.look.focus_rim import has_rim
from gui.look.fonts import px
from gui.look.format import clock_text, number_text
from gui.look.language import tr, tr_count
from gui.models.grouped_table import ITEM_ROLE
from gui.models.row_model import Index, RowModel
from gui.pages.playground.history import HistoryEntry
from gui.tables.cell_delegate import draw_background, draw_text
from gui.widgets.buttons import link
from gui.widgets.labels import Label
from gui.widgets.layouts import hbox, vbox

ROWS_SHOWN = 3
ROW_HEIGHT = 30


def found_text(entry: HistoryEntry) -> str:
    """Return a text about the columns of an entry: "1 good, 4 columns"."""
    count = len(entry.columns)
    columns = tr_count(count, "{n} column", "{n} columns") if count > 1 else tr("base only")
    if not entry.good:
        return columns
    return tr("{good} good, {columns}", good=number_text(len(entry.good)), columns=columns)


class HistoryDelegate(QStyledItemDelegate):
    """Draws an entry: time, headline, and a text about its columns."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(200, px(ROW_HEIGHT))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        option.state &= ~QStyle.StateFlag.State_Selected
        draw_background(painter, option, hovered=hovered)
        entry = index.data(ITEM_ROLE)
        box = option.rect.adjusted(4, 0, -4, -1)
        draw_text(painter, box, clock_text(entry.made_at), "figure_small", "muted")
        token = "accent" if entry.good else "muted"
        wide = draw_text(painter, box, found_text(entry), "label", token, right=True)
        draw_text(painter, box.adjusted(px(96), 0, -wide - 12, 0), entry.headline, "body_medium", "text")
        if option.state & QStyle.StateFlag.State_HasFocus and has_rim(option.widget):
            painter.setPen(QPen(style.color("accent"), 2))
            painter.drawRoundedRect(QRectF(option.rect).adjusted(1, 1, -1, -1), 5, 5)


class HistoryView(QWidget):
    """A list with at most three visible rows; `chosen(HistoryEntry)` reports a click."""

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._all: list[HistoryEntry] = []
        self.clear_button = link(tr("Clear"))
        self.label_button = link(tr("Write summaries"))
        self.label_button.setToolTip(tr("Write summaries of these conversations, starting from drafts"))
        self.export_button = link(tr("Export good summaries…"))
        self.export_button.setToolTip(tr("Export the summaries rated good as training data"))
        self.search = SearchField(tr("Search the history"))
        self.which = SegmentedControl(
            [("all", tr("All")), ("rated", tr("Commented"))], short=True, name=tr("Show")
        )
        self.model = RowModel(
            lambda entry, _column: entry.headline,
            spoken=lambda entry: f"{clock_text(entry.made_at)} {entry.headline}, {found_text(entry)}",
        )
        self.list = QListView()
        self.list.setModel(self.model)
        self.list.setItemDelegate(HistoryDelegate(self.list))
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setMouseTracking(True)
        self.list.setUniformItemSizes(True)
        self.list.setAccessibleName(tr("History"))
        head = hbox(
            Label(tr("History"), "head", "muted"),
            self.search,
            self.which,
            1,
            self.export_button,
            self.label_button,
            self.clear_button,
            spacing=12,
        )
        vbox(head, self.list, of=self, spacing=4)
        style.on_style_changed(self._restyle)
        self._connect()

    def _restyle(self) -> None:
        self.list.setFixedHeight(px(ROW_HEIGHT) * ROWS_SHOWN)
        self.search.setMaximumWidth(px(220))
        self.list.doItemsLayout()

    def _connect(self) -> None:
        self.search.searched.connect(self._fill)
        self.which.currentChanged.connect(self._fill)
        self.list.clicked.connect(self._choose)
        self.list.activated.connect(self._choose)

    def entries(self) -> list[HistoryEntry]:
        """Return all entries, listed or not, newest first."""
        return list(self._all)

    def show_entries(self, entries: Sequence[HistoryEntry]) -> None:
        self._all = list(entries)
        rated = any(entry.is_rated for entry in entries)
        self.search.setVisible(len(entries) > ROWS_SHOWN)
        self.which.setVisible(rated)
        if not rated:
            self.which.set_current("all")
        self.export_button.setVisible(any(entry.good for entry in entries))
        self._fill()
        self.setVisible(bool(entries))

    def _fill(self, _changed: str = "") -> None:
        text = "" if self.search.isHidden() else self.search.text()
        rated_only = self.which.current() == "rated"
        found = [entry for entry in self._all if entry.has(text) and (entry.is_rated or not rated_only)]
        if found != self.model.rows:
            self.model.show_rows(found)

    def _choose(self, index: Index) -> None:
        self.chosen.emit(index.data(ITEM_ROLE))
