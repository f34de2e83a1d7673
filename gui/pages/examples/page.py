"""Compares finished runs with the base model, conversation by conversation.

Lays out the parts in `gui.pages.examples` and reads the runs' scores. Opened from a finished run; other runs scored
under the same protocol can be added.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from engine.api import (
    Example,
    Job,
    Recipe,
    escaping,
    example_scores,
    report,
    run_comparison,
    run_summaries,
    write_csv,
)
from gui.core.background_tasks import BackgroundTasks
from gui.inputs.search_field import SearchField
from gui.inputs.segmented_control import SegmentedControl
from gui.look import style
from gui.look.fonts import px, text_scale
from gui.look.format import number_text
from gui.look.language import mark, tr, tr_count, translate
from gui.models.example_table import ExampleTable, Row
from gui.models.list_text import protocol_text
from gui.pages.examples.detail import ExampleDetail
from gui.pages.examples.run_chooser import RunChooser
from gui.shell.page import NARROW, Page
from gui.tables.grouped_view import GroupedTableView
from gui.tables.list_pane import save_list_state
from gui.widgets import file_dialogs
from gui.widgets.buttons import plain, primary
from gui.widgets.cards import NoticeStrip
from gui.widgets.empty_state import EmptyState
from gui.widgets.flow_layout import FlowBox
from gui.widgets.layouts import vbox
from gui.widgets.splitter import Splitter

ORDERS = {
    "gain": mark("Largest gain"),
    "loss": mark("Largest drop"),
    "disagreement": mark("Most different"),
    "given": mark("Scoring order"),
}
DETAIL_WIDTH, MIN_DETAIL_WIDTH, MIN_TABLE_WIDTH = 400, 300, 320
CSV_FILES = mark("Tables (*.csv);;All files (*)")


class ExamplesPage(Page):
    """`open_run` shows a run; without one, the newest with scores is shown.

    `try_requested(adapter ids, example)` opens a conversation in the playground with the known adapters.
    """

    try_requested = Signal(list, object)
    blind_requested = Signal(list)

    def __init__(self, _manager: Any = None, parent: QWidget | None = None) -> None:
        super().__init__(tr("By conversation"), "", parent)
        self._shown: tuple[run_comparison.Scored, ...] = ()
        self._rows: list[Row] = []
        self._job: Job | None = None
        self._name = self._adapter = self._label = ""
        self._sides = (tr("Base"), tr("Tuned"))
        self._background = BackgroundTasks(self)
        self.table = ExampleTable(self)
        self._add_buttons()
        self._stack = QStackedWidget(self.content)
        self.splitter = Splitter("examples", parent=self._stack)
        self._left = QWidget(self.splitter)
        self.search = SearchField(tr("Search conversations"), self._left)
        orders = [(key, tr(title)) for key, title in ORDERS.items()]
        self.orders = SegmentedControl(orders, short=True, name=tr("Order"), parent=self._left)
        self._list = QStackedWidget(self._left)
        self.view = GroupedTableView(self.table, tr("Conversations"), parent=self._list)
        self.notice = NoticeStrip(parent=self._left)
        self.notice.hide()
        self.detail = ExampleDetail(self.splitter)
        self.chooser = RunChooser(self._stack)
        save_list_state(self.view, self.search, orders=ORDERS)
        self._lay_out()
        self._connect()

    def _add_buttons(self) -> None:
        self.compare_button = plain(tr("Compare with…"), "plus")
        self.blind_button = plain(tr("Compare blind…"), "equals")
        self.export_button = plain(tr("Export as CSV…"), "export")
        self.try_button = primary(tr("Try in playground"), "playground")
        for button in (
            self.compare_button,
            self.blind_button,
            self.export_button,
            self.try_button,
        ):
            self.header.add(button)

    def _lay_out(self) -> None:
        # At large text the orders are shortened, rather than to widen the page.
        self.orders.setMinimumWidth(1)
        tools = FlowBox([self.search, self.orders], 16)
        column = vbox(tools, of=self._left, margins=(24, 16, 24, 16), spacing=12)
        self._nothing_found = EmptyState("search", tr("No conversation found"), tr("Change the search."))
        for part in (self.view, self._nothing_found):
            self._list.addWidget(part)
        column.addWidget(self._list, 1)
        column.addWidget(self.notice)
        style.scale(self._left, QWidget.setMinimumWidth, MIN_TABLE_WIDTH)
        for side in (self._left, self.detail):
            self.splitter.addWidget(side)
        self.splitter.setStretchFactor(0, 1)
        style.scale(self.detail, QWidget.setMinimumWidth, MIN_DETAIL_WIDTH)
        self._empty = EmptyState(
            "data",
            tr("No scores per conversation"),
            tr("The run was not scored."),
        )
        self._no_run = EmptyState(
            "data",
            tr("No finished run yet"),
            tr("Train an adapter, then read its summaries beside those of the base model here."),
        )
        for shown in (self._no_run, self.splitter, self._empty, self.chooser):
            self._stack.addWidget(shown)
        for button in (self.compare_button, self.blind_button, self.export_button, self.try_button):
            button.setEnabled(False)
        self.body.addWidget(self._stack, 1)

    def _connect(self) -> None:
        self.export_button.clicked.connect(self._ask_to_export)
        self.try_button.clicked.connect(lambda: self._try(self.view.current()))
        self.compare_button.clicked.connect(self._offer_runs)
        self.blind_button.clicked.connect(self._compare_blind)
        self.chooser.chosen.connect(self.compare)
        self.chooser.cancelled.connect(self._leave_chooser)
        self.orders.currentChanged.connect(self._sort)
        self.view.order_wanted.connect(self._sort)
        self.search.searched.connect(self._search)
        self.notice.acted.connect(self.notice.hide)
        self.view.chosen.connect(self._choose)
        self.view.opened.connect(self._try)
        self.view.link_pressed.connect(lambda row, _column: self._try(row))

    # Display

    def shown(self) -> None:
        """Show the newest run with scores per conversation, unless a run was opened."""
        if self._job is None:
            self._background.run(run_comparison.newest, self._open_newest)

    def _open_newest(self, found: run_summaries.RunEntry | None) -> None:
        if self._job is None and found is not None and found.recipe is not None:
            self.open_run(found.job, found.recipe, found.adapter_id)

    def open_run(self, job: Job, recipe: Recipe, adapter_id: str) -> None:
        """Show a run's conversations, read off the GUI thread."""
        self._job, self._name, self._adapter = job, recipe.name, adapter_id
        self._label = run_comparison.label_of(recipe)
        trains = recipe.method.method.trains
        self._sides = (tr("Base"), tr("Tuned")) if trains else (tr("Plain prompt"), tr("This prompt"))
        self.compare([])

    def compare(self, others: Sequence[run_comparison.Candidate]) -> None:
        """Compare the run with others; without any, show only the run."""
        job = self._job
        assert job is not None
        wanted = [
            (job, self._label, self._adapter),
            *((each.job, each.label, each.adapter) for each in others),
        ]
        self.notice.hide()
        self.header.set_subtitle(tr("{run}. Reading scores", run=self._name))
        self._background.run(lambda: _read(wanted), lambda found: self._show(job, *found))

    def _show(self, job: Job, shown: tuple[run_comparison.Scored, ...], rows: list[Row]) -> None:
        if job != self._job:
            return
        self._shown, self._rows = shown, rows
        self.table.set_rows_of(rows, [each.label for each in shown] or [""])
        self._stack.setCurrentWidget(self.splitter if rows else self._empty)
        for button in (self.export_button, self.compare_button, self.blind_button):
            button.setEnabled(bool(rows))
        self._show_summary()
        self._show_buttons()
        self._show_other_bases()
        self._show_list()

    def _show_summary(self) -> None:
        """Say how the scores moved on the conversations that are listed."""
        listed = self.table.items()
        total, count = number_text(len(self._rows)), number_text(len(listed))
        parts = [self._heading() if self._rows else self._name]
        if len(listed) < len(self._rows):
            parts.append(tr("{count} of {total} conversations found", count=count, total=total))
        parts += [_summary_text(listed, self._shown)] if listed else []
        self.header.set_subtitle(". ".join(parts))

    def _heading(self) -> str:
        others = len(self._shown) - 1
        return (
            tr("{run} and {count} more", run=self._name, count=number_text(others)) if others else self._name
        )

    def _show_other_bases(self) -> None:
        others = run_comparison.other_bases(self._shown) if self._shown else []
        if others:
            first = translate(self._label)
            unlike = tr_count(
                len(others),
                "{others} uses another base model than {first}, or runs it in another way.",
                "{others} use another base model than {first}, or run it in another way.",
                others=reduce(
                    lambda some, one: tr("{some} and {one}", some=some, one=one), map(translate, others)
                ),
                first=first,
            )
            shown = tr(
                "Each gain is over the run's own base model. The base shown is that of {first}.", first=first
            )
            text = f"{unlike} {shown}"
            self.notice.show_notice(text, tr("Close"), "info", "muted")

    # Choosing other runs

    def _offer_runs(self) -> None:
        """Offer the runs that can be compared, read off the GUI thread."""
        if self._shown:
            first = self._shown[0]
            self._background.run(
                lambda: run_comparison.candidates(first), lambda found: self._open_chooser(first.job, found)
            )

    def _open_chooser(self, job: Job, found: list[run_comparison.Candidate]) -> None:
        if job == self._job:
            self.chooser.offer(found, [each.job.id for each in self._shown[1:]])
            self._stack.setCurrentWidget(self.chooser)
            self._show_buttons()

    def _leave_chooser(self) -> None:
        self._stack.setCurrentWidget(self.splitter if self._rows else self._empty)
        self._show_buttons()

    def _show_buttons(self) -> None:
        """Hide the buttons while runs are being chosen."""
        chooses = self._stack.currentWidget() is self.chooser
        for button in (self.compare_button, self.blind_button, self.export_button, self.try_button):
            button.setVisible(not chooses)

    def _show_list(self) -> None:
        listed = self.table.rowCount() > 0
        self._list.setCurrentWidget(self.view if listed else self._nothing_found)
        if self.view.current() is None:
            self.view.choose_first()
        self._choose(self.view.current())

    def _sort(self, order: str) -> None:
        self.table.sort_by(order)
        if order in ORDERS:
            self.orders.set_current(order)
        self.view.scrollToTop()
        self.view.choose_first()

    def _search(self, text: str) -> None:
        self.table.search(text.strip())
        self._show_summary()
        self._show_list()

    def _choose(self, row: Row | None) -> None:
        self.detail.setVisible(row is not None)
        self.try_button.setEnabled(row is not None and bool(row.conversation))
        if row is not None:
            several = len(self._shown) > 1
            labels = [translate(each.label) for each in self._shown] if several else [self._sides[1]]
            self.detail.show_row(row, self._sides[0], labels)

    def adapt(self, width: int) -> None:
        """Show the conversation below the table if the window is narrower than 1200."""
        narrow = width < NARROW * text_scale()
        wanted = Qt.Orientation.Vertical if narrow else Qt.Orientation.Horizontal
        if wanted != self.splitter.orientation() or not self.splitter.sizes()[1]:
            self.splitter.setOrientation(wanted)
        room = self.height() if narrow else self.width()
        second = room // 2 if narrow else px(DETAIL_WIDTH)
        self.splitter.share([max(1, room - second), second])

    # Actions

    def _try(self, row: Row | None) -> None:
        if row is None or not row.conversation:
            return
        first, *more = row.references or ("",)
        adapters = [each.adapter for each in self._shown if each.adapter]
        self.try_requested.emit(adapters, Example(row.id, row.conversation, first, tuple(more)))

    def _compare_blind(self) -> None:
        self.blind_requested.emit([(each.job.id, each.label) for each in self._shown])

    def _ask_to_export(self) -> None:
        if self._job is None:
            return
        name = f"{escaping.file_name(self._job.id)}-conversations.csv"
        path = file_dialogs.save_file(self, "export", tr("Export the conversations"), name, tr(CSV_FILES))
        if path:
            self.export(path)

    def export(self, path: Path) -> None:
        """Write texts, summaries and all scores of every conversation to a CSV file."""
        shown, rows = self._shown, self._rows
        if shown:
            self._background.run(
                lambda: write_csv(path, *_table(shown, rows)),
                lambda _: self.notice.show_notice(
                    tr("Exported to {place}.", place=path), tr("Close"), "check", "muted"
                ),
                lambda error: self.notice.show_notice(
                    translate(f"{error.message} {error.hint}"), tr("Close"), "warning"
                ),
            )


def _read(wanted: Sequence[tuple[Job, str, str]]) -> tuple[tuple[run_comparison.Scored, ...], list[Row]]:
    """Return the runs with readable scores, at least the first, and their conversations."""
    found = []
    for job, label, adapter in wanted:
        scores = example_scores.load(job.folder)
        if scores is not None:
            found.append(run_comparison.Scored(job, label, adapter, scores))
        elif not found:
            return (), []
    return tuple(found), run_comparison.compared(found)


def _table(shown: Sequence[run_comparison.Scored], rows: Sequence[Row]) -> Any:
    """Return the full table of one run, or the comparison of several."""
    return (
        report.conversations_table(shown[0].scores) if len(shown) == 1 else run_comparison.table(shown, rows)
    )


def _summary_text(rows: Sequence[Row], shown: Sequence[run_comparison.Scored]) -> str:
    """Return on how many conversations the score rose, fell and stayed the same, and the protocol."""
    rose, fell = sum(row.gain > 0 for row in rows), sum(row.gain < 0 for row in rows)
    counts = {
        "rose": number_text(rose),
        "fell": number_text(fell),
        "stayed": number_text(len(rows) - rose - fell),
    }
    text = (
        tr("ROUGE-1 rose on {rose}, fell on {fell}, stayed the same on {stayed}.", **counts)
        if len(shown) == 1
        else tr("On average, ROUGE-1 rose on {rose}, fell on {fell}, stayed the same on {stayed}.", **counts)
    )
    return f"{text} {protocol_text(shown[0].scores.protocol)}"
