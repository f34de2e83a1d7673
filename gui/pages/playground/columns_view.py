"""The playground's parts, laid out: the conversation at the left, the columns beside it, decoding and history below.

A table of several conversations stands above the columns, which show the selected one.

The base's column is fixed at the left, the adapters' are scrolled if there are many.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QScrollArea,
    QSizePolicy,
    QWidget,
)

from gui.inputs.choices import SegmentedControl
from gui.inputs.fields import SearchField
from gui.look import style
from gui.look.fonts import px, text_scale
from gui.look.format import clock_text, number_text
from gui.look.language import tr, tr_count
from gui.look.shown_texts import told_apart
from gui.models.grouped_table import ITEM_ROLE, Cell, Column, GroupedTable, TextCell
from gui.pages.playground.column_results import ColumnResults
from gui.pages.playground.column_view import MIN_WIDTH, ColumnView
from gui.pages.playground.conversation_panel import ConversationPanel
from gui.pages.playground.history import HistoryEntry
from gui.pages.playground.parts import FoldedConversation, Legend
from gui.shell.page import NARROW
from gui.tables.grouped_view import GroupedTableView
from gui.widgets.buttons import link, plain
from gui.widgets.cards import EmptyState, UndoStrip
from gui.widgets.labels import Label
from gui.widgets.layouts import Line, Scroll, Splitter, discard, fill, hbox, vbox


class ColumnsView(QWidget):
    """All columns, of equal width.

    Signals: `closed(adapter id)`, `cancelled`, `feedback_given(adapter id or None, Feedback)`.
    """

    MARGIN = 8

    closed = Signal(str)
    cancelled = Signal()
    feedback_given = Signal(object, object)

    def __init__(self) -> None:
        super().__init__()
        self.base = ColumnView(is_base=True)
        self.base.cancelled.connect(self.cancelled)
        self.base.feedback_given.connect(lambda feedback: self.feedback_given.emit(None, feedback))
        self._views: dict[str, ColumnView] = {}
        self._others = QWidget()
        self._row = hbox(of=self._others, spacing=0)
        self._scroll = QScrollArea()
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setWidgetResizable(True)
        self._scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setWidget(self._others)
        self._scroll.horizontalScrollBar().rangeChanged.connect(self._line_up_feet)
        # The base keeps space for the horizontal scroll bar, so that all feet are on one line.
        self._base_box = QWidget()
        hbox(self.base, of=self._base_box)
        self.add_button = plain(tr("Add adapter"), "plus")
        self._empty = EmptyState(
            "library",
            tr("No adapter yet"),
            tr("Add one to compare it with the base model."),
            [self.add_button],
        )
        # The page's scroll bar takes the margin at the other side.
        margins = (self.MARGIN, 0, 0, 0)
        hbox(self._base_box, (self._scroll, 1), (self._empty, 1), of=self, margins=margins, spacing=0)

    def views(self) -> list[ColumnView]:
        return [self.base, *self._views.values()]

    def view(self, adapter: str | None) -> ColumnView:
        return self.base if adapter is None else self._views[adapter]

    def show_results(
        self,
        results: ColumnResults,
        waiting_text: str = "",
        can_rate: bool = False,
        is_fixed: bool = False,
    ) -> None:
        """Show results; with `can_rate` the summaries take feedback; `is_fixed` columns can't be changed."""
        if list(self._views) != results.adapters:
            self._rebuild(results.adapters)
        # While a model is loaded that they wait for, one column offers to cancel.
        first = next((column for column in results.columns if column.status == "waiting"), None)
        base, *others = [column.entry.title for column in results.columns]
        names = [base, *(told_apart(others) if len(others) > 1 else others)]
        for column, name in zip(results.columns, names, strict=True):
            view = self.view(column.entry.adapter)
            view.show_name(name, column.entry)
            view.act.setVisible(not is_fixed)
            can_cancel = bool(waiting_text) and column is first
            view.show_column(column, results.marks(column), waiting_text, can_rate, can_cancel)

    def _rebuild(self, adapters: list[str]) -> None:
        while (item := self._row.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None and widget not in self._views.values():
                discard(widget)
        reused = {adapter: view for adapter, view in self._views.items() if adapter in adapters}
        for adapter, view in self._views.items():
            if adapter not in reused:
                discard(view)
        self._views = {adapter: reused.get(adapter) or self._make_view(adapter) for adapter in adapters}
        for view in self._views.values():
            fill(self._row, Line(vertical=True), (view, 1))
        self._share_width()

    def _make_view(self, adapter: str) -> ColumnView:
        view = ColumnView(is_base=False)
        view.act.clicked.connect(lambda: self.closed.emit(adapter))
        view.cancelled.connect(self.cancelled)
        view.feedback_given.connect(lambda feedback: self.feedback_given.emit(adapter, feedback))
        return view

    def sizeHint(self) -> QSize:
        """Return the minimum height; columns scroll by themselves and take the space that is left."""
        return QSize(super().sizeHint().width(), self.minimumHeight())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share_width()

    def _share_width(self) -> None:
        """Give every column the same width, at least the minimum; in a narrow window the base takes half of it."""
        count = len(self._views) + 1
        room = self.contentsRect().width() - self.MARGIN
        self._base_box.setFixedWidth(min(max(px(MIN_WIDTH), room // max(2, count)), room // 2))
        self._scroll.setVisible(bool(self._views))
        self._empty.setVisible(not self._views)

    def _line_up_feet(self) -> None:
        bar = self._scroll.horizontalScrollBar()
        shown = bar.maximum() > bar.minimum()
        layout = self._base_box.layout()
        assert layout is not None
        layout.setContentsMargins(0, 0, 0, bar.sizeHint().height() if shown else 0)


PANEL_WIDTH, MIN_PANEL_WIDTH = 368, 300


class PlaygroundView(QWidget):
    """The parts by name. `show_several` shows the table, and without a selected row no columns."""

    def __init__(self, table: QWidget, options: QWidget) -> None:
        super().__init__()
        self._table = table
        self.panel = ConversationPanel()
        self.columns = ColumnsView()
        self.history = HistoryView()
        self.undo_strip = UndoStrip(foot=True)
        self.folded = FoldedConversation()
        self._is_narrow = False
        self._columns_shown = 0
        # In a low window, or with large text, the right side scrolls, so that nothing is clipped.
        right = Scroll((0, 0, 10, 16), spacing=0)
        self.columns.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        fill(right.column, (table, 1), (self.columns, 1))
        self._legend = Legend()
        # The history is of single conversations.
        self._history_box = QWidget()
        vbox(self.history, of=self._history_box)
        foot = vbox(Line(), self._legend, options, self._history_box, margins=(24, 0, 14, 0), spacing=12)
        right.column.addLayout(foot)
        self.splitter = Splitter("playground")
        fill(self.splitter, self.panel, right)
        self.splitter.setStretchFactor(1, 1)
        vbox(self.folded, (self.splitter, 1), self.undo_strip, of=self, spacing=0)
        self.folded.hide()
        table.hide()
        self.folded.button.clicked.connect(self._toggle_conversation)
        style.on_style_changed(self._restyle)

    def _restyle(self) -> None:
        self.columns.setMinimumHeight(px(240))
        self.panel.setMinimumWidth(px(MIN_PANEL_WIDTH))
        self._columns_shown = 0
        self.adapt(self.window().width())

    def show_several(self, is_several: bool, *, has_row: bool) -> None:
        self._table.setVisible(is_several)
        self.columns.setVisible(has_row or not is_several)
        self._legend.reason.setVisible(not is_several)
        self._history_box.setVisible(not is_several)

    def show_length(self) -> None:
        panel = self.panel
        self.folded.show_conversation(panel.conversation, panel.length, piecewise=panel.is_piecewise)

    def adapt(self, width: int) -> None:
        """Fold the conversation to a strip below a width of 1200."""
        narrow = width < NARROW * text_scale()
        if narrow != self._is_narrow:
            self._is_narrow = narrow
            self.folded.setVisible(narrow)
            self._open_conversation(not narrow)

    def share_width(self, columns: int) -> None:
        """Narrow the conversation, down to its minimum, before this many columns have to scroll."""
        if columns == self._columns_shown or self._is_narrow:
            return
        self._columns_shown = columns
        rest = self.width() - columns * px(MIN_WIDTH) - 3 * ColumnsView.MARGIN - columns
        wide = max(px(MIN_PANEL_WIDTH), min(px(PANEL_WIDTH), rest))
        self.splitter.share([wide, max(1, self.width() - wide)])

    def _toggle_conversation(self) -> None:
        self._open_conversation(self.panel.isHidden())

    def _open_conversation(self, is_open: bool) -> None:
        self.panel.setVisible(is_open)
        if is_open:
            wide = px(MIN_PANEL_WIDTH if self._is_narrow else PANEL_WIDTH)
            self.splitter.share([wide, max(1, self.width() - wide)])
        self.folded.button.setText(tr("Hide") if is_open else tr("Show"))


ROWS_SHOWN = 3
ROW_HEIGHT = 30


def found_text(entry: HistoryEntry) -> str:
    """Return a text about the columns of an entry: "1 good, 4 columns"."""
    count = len(entry.columns)
    columns = tr_count(count, "{n} column", "{n} columns") if count > 1 else tr("base only")
    if not entry.good:
        return columns
    return tr("{good} good, {columns}", good=number_text(len(entry.good)), columns=columns)


class HistoryTable(GroupedTable[HistoryEntry]):
    """Time, headline, and a text about the columns of each entry."""

    columns = (
        Column("made_at", "", 96, as_is=True),
        Column("headline", "", as_is=True),
        Column("found", "", 180, right=True, as_is=True),
    )

    def cell(self, item: HistoryEntry, key: str) -> Cell:
        if key == "made_at":
            return TextCell(clock_text(item.made_at), "figure_small")
        if key == "headline":
            return TextCell(item.headline, "body_medium", "text")
        return TextCell(found_text(item), "label", "accent" if item.good else "muted", right=True)

    def accessible_text(self, item: HistoryEntry) -> str:
        return f"{clock_text(item.made_at)} {item.headline}, {found_text(item)}"


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
        self.export_button.setToolTip(tr("Export good summaries as training data"))
        self.search = SearchField(tr("Search the history"))
        self.which = SegmentedControl(
            [("all", tr("All")), ("rated", tr("Commented"))], short=True, name=tr("Show")
        )
        self.table = HistoryTable(self)
        self.list = GroupedTableView(self.table, tr("History"), ROW_HEIGHT)
        self.list.horizontalHeader().hide()
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
        style.scale(self.list, QWidget.setFixedHeight, ROW_HEIGHT * ROWS_SHOWN)
        style.scale(self.search, QWidget.setMaximumWidth, 220)
        self.search.searched.connect(self._fill)
        self.which.currentChanged.connect(self._fill)
        self.list.clicked.connect(lambda index: self.chosen.emit(index.data(ITEM_ROLE)))
        self.list.opened.connect(self.chosen)

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
        self.table.set_rows(
            [entry for entry in self._all if entry.has(text) and (entry.is_rated or not rated_only)]
        )
