"""Systems side by side, conversation by conversation: what each wrote, its scores, and one conversation in full."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from engine.api import Example, escaping, report, run_comparison, write_csv
from gui.core.background_tasks import BackgroundTasks
from gui.inputs.search_field import SearchField
from gui.inputs.segmented_control import SegmentedControl
from gui.look import style
from gui.look.fonts import px, text_scale
from gui.look.format import number_text
from gui.look.language import mark, sentences, tr, tr_count, translate
from gui.models.example_table import ExampleTable, Row
from gui.pages.compare.conversation_detail import ConversationDetail
from gui.pages.compare.systems import Found
from gui.shell.page import NARROW
from gui.tables.grouped_view import GroupedTableView
from gui.tables.list_pane import save_list_state
from gui.widgets import file_dialogs
from gui.widgets.cards import NoticeStrip
from gui.widgets.empty_state import EmptyState
from gui.widgets.flow_layout import FlowBox
from gui.widgets.labels import Label
from gui.widgets.layouts import fill, vbox
from gui.widgets.splitter import Splitter

ORDERS = {
    "gain": mark("Largest gain"),
    "loss": mark("Largest drop"),
    "disagreement": mark("Most different"),
    "given": mark("Scoring order"),
}
CSV_FILES = mark("Tables (*.csv);;All files (*)")


class ConversationsView(QWidget):
    """Shows the conversations that all systems summarised; `changed` reports another selection.

    `try_requested(adapter ids, example)` opens a conversation in the playground with the known adapters.
    """

    try_requested = Signal(list, object)
    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: Sequence[run_comparison.Scored] = ()
        self._rows: list[Row] = []
        self._background = BackgroundTasks(self)
        self.table = ExampleTable(self)
        self._stack = QStackedWidget(self)
        self.splitter = Splitter("examples", parent=self._stack)
        self._left = QWidget(self.splitter)
        self.search = SearchField(tr("Search conversations"), self._left)
        orders = [(key, tr(title)) for key, title in ORDERS.items()]
        self.orders = SegmentedControl(orders, short=True, name=tr("Order"), parent=self._left)
        self._list = QStackedWidget(self._left)
        self.view = GroupedTableView(self.table, tr("Conversations"), parent=self._list)
        self.summary = Label("", "label", "muted", self._left, wrap=True)
        self.notice = NoticeStrip(parent=self._left)
        self.notice.hide()
        self.detail = ConversationDetail(self.splitter)
        save_list_state(self.view, self.search, orders=ORDERS)
        # At large text the orders are shortened, rather than to widen the page.
        self.orders.setMinimumWidth(1)
        tools = FlowBox([self.search, self.orders], 16)
        column = vbox(tools, self.summary, of=self._left, margins=(24, 16, 24, 16), spacing=12)
        self._nothing_found = EmptyState("search", tr("No conversation found"), tr("Change the search."))
        fill(self._list, self.view, self._nothing_found)
        fill(column, (self._list, 1), self.notice)
        style.scale(self._left, QWidget.setMinimumWidth, 320)
        fill(self.splitter, self._left, self.detail)
        self.splitter.setStretchFactor(0, 1)
        style.scale(self.detail, QWidget.setMinimumWidth, 300)
        self._empty = EmptyState(
            "data",
            tr("No scores per conversation"),
            tr("They are kept of runs that are scored to their end, on the same conversations."),
        )
        fill(self._stack, self._empty, self.splitter)
        vbox(self._stack, of=self)
        self._connect()

    def _connect(self) -> None:
        self.orders.currentChanged.connect(self._sort)
        self.view.order_wanted.connect(self._sort)
        self.search.searched.connect(self._search)
        self.notice.acted.connect(self.notice.hide)
        self.view.chosen.connect(self._choose)
        self.view.opened.connect(self.try_row)
        self.view.link_pressed.connect(lambda row, _column: self.try_row(row))

    # Display

    def show_found(self, found: Found) -> None:
        self._shown, self._rows = found.scored, found.rows
        self.notice.hide()
        self.table.set_rows_of(self._rows, [each.label for each in self._shown] or [""])
        self._stack.setCurrentWidget(self.splitter if self._rows else self._empty)
        others = run_comparison.other_bases(self._shown) if self._rows else []
        if others:
            first = translate(self._shown[0].label)
            unlike = tr_count(
                len(others),
                "{others} uses another base model than {first}, or runs it in another way.",
                "{others} use a different base model than {first}, or run it differently.",
                others=reduce(
                    lambda some, one: tr("{some} and {one}", some=some, one=one), map(translate, others)
                ),
                first=first,
            )
            shown = tr(
                "Each gain is over the run's own base model. The base shown is from {first}.", first=first
            )
            self._say(f"{unlike} {shown}", "info", "muted")
        self._show_list()

    def _show_summary(self) -> None:
        """Say how the scores moved on the conversations that are listed."""
        listed = self.table.items()
        total, count = number_text(len(self._rows)), number_text(len(listed))
        found = tr("{count} of {total} conversations found", count=count, total=total)
        parts = [f"{found}."] if len(listed) < len(self._rows) else []
        parts += [_summary_text(listed, self._shown)] if listed else []
        self.summary.setText(" ".join(parts))

    def _say(self, text: str, icon: str, token: str = "warning") -> None:
        self.notice.show_notice(text, tr("Close"), icon, token)

    def _show_list(self) -> None:
        listed = self.table.rowCount() > 0
        self._list.setCurrentWidget(self.view if listed else self._nothing_found)
        if self.view.current() is None:
            self.view.choose_first()
        self._choose(self.view.current())
        self._show_summary()

    def _sort(self, order: str) -> None:
        self.table.sort_by(order)
        if order in ORDERS:
            self.orders.set_current(order)
        self.view.scrollToTop()
        self.view.choose_first()

    def _search(self, text: str) -> None:
        self.table.search(text.strip())
        self._show_list()

    def _choose(self, row: Row | None) -> None:
        self.detail.setVisible(row is not None)
        if row is not None and self._shown:
            first = self._shown[0]
            base, tuned = (
                (tr("Base"), tr("Tuned")) if first.trains else (tr("Plain prompt"), tr("This prompt"))
            )
            several = len(self._shown) > 1
            labels = [translate(each.label) for each in self._shown] if several else [tuned]
            self.detail.show_row(row, base, labels)
        self.changed.emit()

    def adapt(self, width: int) -> None:
        """Show the conversation below the table if the window is narrower than 1200."""
        narrow = width < NARROW * text_scale()
        wanted = Qt.Orientation.Vertical if narrow else Qt.Orientation.Horizontal
        if wanted != self.splitter.orientation() or not self.splitter.sizes()[1]:
            self.splitter.setOrientation(wanted)
        room = self.height() if narrow else self.width()
        second = room // 2 if narrow else px(400)
        self.splitter.share([max(1, room - second), second])

    # Actions

    def can_try(self) -> bool:
        row = self.view.current()
        return row is not None and bool(row.conversation)

    def try_row(self, row: Row | None) -> None:
        if row is None or not row.conversation:
            return
        first, *more = row.references or ("",)
        adapters = [each.adapter for each in self._shown if each.adapter]
        self.try_requested.emit(adapters, Example(row.id, row.conversation, first, tuple(more)))

    def ask_to_export(self) -> None:
        name = f"{escaping.file_name(self._shown[0].label)}-conversations.csv"
        path = file_dialogs.save_file(self, "export", tr("Export the conversations"), name, tr(CSV_FILES))
        if path:
            self.export(path)

    def export(self, path: Path) -> None:
        """Write texts, summaries and all scores of every conversation to a CSV file."""
        shown, rows = self._shown, self._rows
        self._background.run(
            lambda: write_csv(path, *_table(shown, rows)),
            lambda _: self._say(tr("Exported to {place}.", place=path), "check", "muted"),
            lambda error: self._say(sentences(error.message, error.hint), "warning"),
        )


def _table(shown: Sequence[run_comparison.Scored], rows: Sequence[Row]) -> Any:
    """Return the full table of one run, or the comparison of several."""
    return (
        report.conversations_table(shown[0].scores) if len(shown) == 1 else run_comparison.table(shown, rows)
    )


def _summary_text(rows: Sequence[Row], shown: Sequence[run_comparison.Scored]) -> str:
    """Return on how many conversations the score rose, fell and stayed the same."""
    rose, fell = sum(row.gain > 0 for row in rows), sum(row.gain < 0 for row in rows)
    counts = {
        "rose": number_text(rose),
        "fell": number_text(fell),
        "stayed": number_text(len(rows) - rose - fell),
    }
    return (
        tr("ROUGE-1 rose on {rose}, fell on {fell} and stayed the same on {stayed}.", **counts)
        if len(shown) == 1
        else tr(
            "On average, ROUGE-1 rose on {rose}, fell on {fell} and stayed the same on {stayed}.", **counts
        )
    )
