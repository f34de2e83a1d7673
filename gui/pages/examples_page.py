"""A finished run beside its base, conversation by conversation: what was gained, what was lost, where they differ.

Lays out the parts in `gui.pages.examples` and reads the run's scores. It is reached from a finished run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from engine.api import Example, Job, Recipe, comparison, example_scores, report, write_csv
from gui.look.format import number
from gui.look.type import px, text_scale
from gui.models.background import Background
from gui.models.example_table import ExampleTable, Order, Row
from gui.models.words import protocol_words
from gui.pages.examples.detail import ExampleDetail
from gui.shell.page import NARROW, Page
from gui.widgets.buttons import plain, primary
from gui.widgets.cards import NoticeStrip
from gui.widgets.empty_state import EmptyState
from gui.widgets.grouped_table import GroupedTableView
from gui.widgets.search_field import SearchField
from gui.widgets.segmented import Segmented

ORDERS: dict[Order, str] = {
    "gain": "Gained most",
    "loss": "Lost most",
    "disagreement": "Differ most",
    "given": "As scored",
}
DETAIL_WIDTH, DETAIL_LEAST, TABLE_LEAST = 400, 300, 320
CSV_FILES = "Tables (*.csv);;All files (*)"


class ExamplesPage(Page):
    """`open_run` shows a run.

    `back_requested` leads back to it, `try_requested(adapter id, example)` tries a conversation in the playground; the
    id is "" where the run's adapter is not known.
    """

    back_requested = Signal()
    try_requested = Signal(str, object)

    def __init__(self, _engine: Any = None, parent: QWidget | None = None) -> None:
        super().__init__("Conversations", "", parent)
        self._scores: example_scores.ExampleScores | None = None
        self._job: Job | None = None
        self._name = self._adapter = ""
        self._sides = ("base", "tuned")
        self._background = Background(self)
        self.table = ExampleTable(self)
        self.view = GroupedTableView(self.table, "Conversations")
        self.detail = ExampleDetail()
        self.orders = Segmented(list(ORDERS.items()), short=True, name="Order")
        self.search = SearchField("Search conversations")
        self.notice = NoticeStrip()
        self.notice.hide()
        self._add_buttons()
        self._lay_out()
        self._connect()

    def _add_buttons(self) -> None:
        self.back_button = plain("Back to the run", "arrow-left")
        self.export_button = plain("Export as csv…", "export")
        self.try_button = primary("Try in playground", "playground")
        for button in (self.back_button, self.export_button, self.try_button):
            self.header.add(button)

    def _lay_out(self) -> None:
        tools = QHBoxLayout()
        tools.setSpacing(16)
        self.search.setMaximumWidth(px(280))
        tools.addWidget(self.search, 2)
        tools.addWidget(self.orders)
        tools.addStretch(1)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(24, 16, 24, 16)
        column.setSpacing(12)
        column.addLayout(tools)
        self._nothing_found = EmptyState("search", "No conversation fits", "Change the search.")
        self._list = QStackedWidget()
        for part in (self.view, self._nothing_found):
            self._list.addWidget(part)
        column.addWidget(self._list, 1)
        column.addWidget(self.notice)
        left.setMinimumWidth(px(TABLE_LEAST))
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setHandleWidth(1)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(left)
        self.splitter.addWidget(self.detail)
        self.splitter.setStretchFactor(0, 1)
        self.detail.setMinimumWidth(px(DETAIL_LEAST))
        self._empty = EmptyState(
            "data",
            "No scores of single conversations",
            "The run was not scored, or by an earlier version that kept none.",
        )
        self._stack = QStackedWidget()
        for shown in (self.splitter, self._empty):
            self._stack.addWidget(shown)
        self.body.addWidget(self._stack, 1)

    def _connect(self) -> None:
        self.back_button.clicked.connect(self.back_requested)
        self.export_button.clicked.connect(self._ask_to_export)
        self.try_button.clicked.connect(lambda: self._try(self.view.current()))
        self.orders.currentChanged.connect(self._sort)
        self.search.searched.connect(self._search)
        self.notice.acted.connect(self.notice.hide)
        self.view.chosen.connect(self._choose)
        self.view.opened.connect(self._try)
        self.view.link_pressed.connect(lambda row, _column: self._try(row))

    # Showing

    def open_run(self, job: Job, recipe: Recipe, adapter_id: str) -> None:
        """Show a run's conversations; they are read off the GUI thread."""
        self._job, self._name, self._adapter = job, recipe.name, adapter_id
        self._sides = ("base", "tuned") if recipe.method.method.trains else ("plain prompt", "this prompt")
        self.notice.hide()
        self.header.set_subtitle(f"{self._name}. Reading its scores")
        self._background.run(lambda: _read(job), lambda found: self._show(job, *found))

    def wait(self) -> None:
        """Wait until nothing is left to read or write."""
        self._background.wait()

    def _show(self, job: Job, scores: example_scores.ExampleScores | None, rows: list[Row]) -> None:
        if job != self._job:
            return
        self._scores = scores
        self.table.set_rows_of(rows)
        self._stack.setCurrentWidget(self.splitter if rows else self._empty)
        self.export_button.setEnabled(bool(rows))
        self.header.set_subtitle(f"{self._name}. {_in_words(rows, scores)}" if rows else self._name)
        self._show_list()

    def _show_list(self) -> None:
        listed = self.table.rowCount() > 0
        self._list.setCurrentWidget(self.view if listed else self._nothing_found)
        if self.view.current() is None:
            self.view.choose_first()
        self._choose(self.view.current())

    def _sort(self, order: str) -> None:
        self.table.sort_by(next(known for known in ORDERS if known == order))
        self.view.scrollToTop()
        self.view.choose_first()

    def _search(self, text: str) -> None:
        self.table.search(text.strip())
        self._show_list()

    def _choose(self, row: Row | None) -> None:
        self.detail.setVisible(row is not None)
        self.try_button.setEnabled(row is not None and bool(row.conversation))
        if row is not None:
            self.detail.show_row(row, self._sides)

    def adapt(self, width: int) -> None:
        """Below 1200 the conversation stands under the table."""
        narrow = width < NARROW * text_scale()
        wanted = Qt.Orientation.Vertical if narrow else Qt.Orientation.Horizontal
        if wanted != self.splitter.orientation() or not self.splitter.sizes()[1]:
            self.splitter.setOrientation(wanted)
        room = self.height() if narrow else self.width()
        second = room // 2 if narrow else px(DETAIL_WIDTH)
        self.splitter.setSizes([max(1, room - second), second])

    # Doing

    def _try(self, row: Row | None) -> None:
        if row is None or not row.conversation:
            return
        first, *more = row.references or ("",)
        self.try_requested.emit(self._adapter, Example(row.id, row.conversation, first, tuple(more)))

    def _ask_to_export(self) -> None:
        if self._job is None:
            return
        name = f"{self._job.id}-conversations.csv"
        place, _ = QFileDialog.getSaveFileName(self, "Export the conversations", name, CSV_FILES)
        if place:
            self.export(Path(place))

    def export(self, place: Path) -> None:
        """Write texts, summaries and all scores of every conversation to a csv file."""
        scores = self._scores
        if scores is not None:
            self._background.run(
                lambda: write_csv(place, *report.conversations_table(scores)),
                lambda _: self.notice.show_notice(f"Exported to {place}.", "Close", "check", "ink2"),
                lambda error: self.notice.show_notice(f"{error.message} {error.hint}", "Close", "warning"),
            )


def _read(job: Job) -> tuple[example_scores.ExampleScores | None, list[Row]]:
    scores = example_scores.load(job.folder)
    return scores, comparison.compared(scores) if scores is not None else []


def _in_words(rows: list[Row], scores: example_scores.ExampleScores | None) -> str:
    """Return on how many conversations the score rose, fell and stayed, and under what it was taken."""
    rose, fell = sum(row.gain > 0 for row in rows), sum(row.gain < 0 for row in rows)
    counts = (
        f"ROUGE-1 rose on {number(rose)}, fell on {number(fell)}, stayed on {number(len(rows) - rose - fell)}"
    )
    return f"{counts}. {protocol_words(scores.protocol if scores is not None else {})}"
