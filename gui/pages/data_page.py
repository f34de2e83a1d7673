"""The data page: choose conversations, see what is in them, and use them for the next run.

Lays out the parts in `gui.pages.data` and asks the engine for a data check. Judges no data itself.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from engine.api import SAMPLE, DataOptions, Ending, Example, Problem
from gui.download_check import DownloadCheck, data_set, is_on_hub
from gui.engine import Engine
from gui.look import style
from gui.look.type import px, text_scale
from gui.pages.data import report as reports
from gui.pages.data.checker import Checker
from gui.pages.data.findings_view import FindingsView
from gui.pages.data.overview import Figures, LengthView
from gui.pages.data.preview import Preview
from gui.pages.data.report import Report, Row
from gui.pages.data.rows_view import RowsView
from gui.pages.data.source_bar import SourceBar
from gui.shell.page import NARROW, Page
from gui.widgets.buttons import plain, primary
from gui.widgets.cards import NoticeStrip
from gui.widgets.empty_state import EmptyState
from gui.widgets.line import Line
from gui.widgets.scroll import Scroll
from gui.widgets.segmented import Segmented

PREVIEW_WIDTH, DRAWER_WIDTH, PREVIEW_LEAST = 400, 340, 300
BELOW_LEAST = 120
LOW_WINDOW, LOW_HISTOGRAM = 800, 128
USUAL = DataOptions(source=SAMPLE)


class DataPage(Page):
    """Look at data before it is used. `open` shows it a source.

    Signals: `use_requested(dict)` with `[data]` values of a recipe; `try_requested(Example)` to summarise a
    row in the playground; `rows_checked(str, list of Example)` with the name and first rows of checked data;
    `label_requested(dict)` to write summaries, with the `[data]` values of what is named here, empty if nothing is.
    """

    use_requested = Signal(dict)
    try_requested = Signal(object)
    rows_checked = Signal(str, list)
    label_requested = Signal(dict)

    def __init__(self, engine: Engine, parent: QWidget | None = None) -> None:
        super().__init__("Data", "No data checked yet", parent)
        self._engine = engine
        self.checker = Checker(engine, self)
        self._downloads = DownloadCheck(engine, self)
        self._wanted: dict[str, Any] = {}
        self._read_source = ""
        self._asked_for_models = False
        self._checked: dict[str, Any] = {}
        self.report: Report | None = None
        self._make_parts()
        self._lay_out()
        self._connect()
        self.setAcceptDrops(True)
        self._show_report()

    def _make_parts(self) -> None:
        self.label_button = plain("Write summaries", "edit")
        self.use_button = primary("Use for the next run", "arrow-right")
        for button in (self.label_button, self.use_button):
            self.header.add(button)
        self.source = SourceBar()
        self.question = NoticeStrip()
        self.question.hide()
        self.unlabelled = NoticeStrip(
            "These conversations have no summaries yet.", "Write them here", "edit", "ink2"
        )
        self.unlabelled.hide()
        self.figures = Figures()
        self.conversations = LengthView("Conversation length", USUAL.max_conversation_tokens)
        self.summaries = LengthView("Summary length", USUAL.max_summary_tokens)
        self.split = Segmented(reports.SPLITS, short=True, name="Split")
        self.part = Segmented([("findings", "Findings"), ("rows", "Rows")], short=True, name="Below")
        self.findings = FindingsView()
        self.rows = RowsView()
        self.preview = Preview()
        sample = plain("Look at the sample")
        sample.clicked.connect(lambda: self.open(SAMPLE))
        self._empty = EmptyState(
            "data",
            "No data checked yet",
            "Name a hub id, choose a file or a folder, or drop one here.",
            [sample],
        )

    def _lay_out(self) -> None:
        self._below = QStackedWidget()
        self._below.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self._below.addWidget(self.findings)
        self._below.addWidget(self.rows)
        choose = QHBoxLayout()
        choose.addWidget(self.part)
        choose.addStretch(1)
        choose.addWidget(self.split)
        lengths = QHBoxLayout()
        lengths.setSpacing(32)
        lengths.addWidget(self.conversations, 1)
        lengths.addWidget(self.summaries, 1)
        found = QWidget()
        column = QVBoxLayout(found)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(14)
        column.addWidget(self.figures)
        column.addWidget(Line())
        column.addLayout(lengths, 3)
        column.addLayout(choose)
        column.addWidget(self._below, 2)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(found)
        # In a low window, or with large text, the page scrolls rather than clip anything.
        left = Scroll((24, 14, 24, 16), spacing=14)
        left.column.addWidget(self.source)
        left.column.addWidget(self.question)
        left.column.addWidget(self.unlabelled)
        left.column.addWidget(Line())
        left.column.addWidget(self._stack, 1)
        self._splitter = QSplitter(Qt.Orientation.Horizontal)
        self._splitter.setHandleWidth(1)
        self._splitter.setChildrenCollapsible(False)
        self._splitter.addWidget(left)
        self._splitter.addWidget(self.preview)
        self._splitter.setStretchFactor(0, 1)
        self.body.addWidget(self._splitter, 1)
        self._is_narrow = False
        style.follow(self._restyle)

    def _restyle(self) -> None:
        """Give what is fixed its size in the present text size."""
        self.preview.setMinimumWidth(px(PREVIEW_LEAST))
        self._below.setMinimumHeight(px(BELOW_LEAST))
        self.adapt(self.window().width())

    def _connect(self) -> None:
        self.use_button.clicked.connect(self._use)
        self.label_button.clicked.connect(self._label)
        self.unlabelled.acted.connect(self._label)
        self.source.check_wanted.connect(self.check)
        self._downloads.clear.connect(self._read)
        self._downloads.asked.connect(self._ask)
        self._downloads.refused.connect(self._refuse)
        self.question.acted.connect(lambda: self._read(self._wanted))
        self.source.stop_wanted.connect(self.checker.stop)
        self.checker.progressed.connect(self.source.show_progress)
        self.checker.found.connect(self.show_result)
        self.checker.failed.connect(self._show_problems)
        self.split.currentChanged.connect(lambda _key: self._show_split())
        self.part.currentChanged.connect(self._show_part)
        self.conversations.limit_changed.connect(lambda _limit: self._show_row(self.preview.row()))
        self.findings.row_wanted.connect(self.show_row)
        self.rows.row_chosen.connect(self._choose_row)
        self.preview.step_wanted.connect(self._step)
        self.preview.closed.connect(self._close_preview)
        self.preview.try_wanted.connect(lambda row: self.try_requested.emit(_example(row)))
        QShortcut(QKeySequence("Escape"), self.preview, self._close_preview)

    # Being shown something

    def shown(self) -> None:
        """Learn which base models there are to count tokens for."""
        if not self._asked_for_models:
            self._asked_for_models = True
            thread = self._engine.ask("models", {"action": "list"}, parent=self)
            thread.result.connect(
                lambda result: self.source.offer_tokenizers([model["id"] for model in result["models"]])
            )

    def open(self, source: str) -> None:
        """Show another source and check it."""
        self.source.set_source(source)
        self.check()

    # Checking

    def check(self) -> None:
        """Read the source that is named, in place of whatever is being read."""
        values = self.source.values()
        self.source.show_problems([])
        if not values["source"]:
            self.source.show_problems([Problem("data.source", "There is no source yet.", "Name one.")])
            return
        asked = self._wanted = values | self._limits()
        if is_on_hub(values["source"]):
            self.question.show_notice(f"Asking the hub about {values['source']}…")
            self._downloads.check(asked, [data_set(values["source"])])
        else:
            self._read(asked)

    def _read(self, asked: dict[str, Any]) -> None:
        """Read a source, unless another one was named meanwhile."""
        if asked == self._wanted:
            self.question.hide()
            self._read_source = asked["source"]
            self.checker.check(asked, self.source.tokenizer.key())

    def _ask(self, asked: dict[str, Any], words: str) -> None:
        if asked == self._wanted:
            text = f"The check fetches what is not on this computer yet. {words}"
            self.question.show_notice(text, "Fetch and check")

    def _refuse(self, ending: Ending) -> None:
        self.question.hide()
        self._show_problems([Problem("data.source", ending.message, ending.hint)])

    def show_result(self, result: dict[str, Any], asked: dict[str, Any]) -> None:
        """Show what a check found; `asked` are the `[data]` values that it was made with."""
        self._checked = asked
        self.report = reports.read(result)
        self._show_report()
        rows = [_example(row) for split in self.report.splits.values() for row in split.rows]
        self.rows_checked.emit(self.report.title, rows)

    def _show_problems(self, problems: list[Problem]) -> None:
        self.report = None
        self._show_report()
        self.source.show_problems(problems)
        self.unlabelled.setVisible(any(problem.field == "data.summary" for problem in problems))

    # Showing

    def _show_report(self) -> None:
        found = self.report
        self.unlabelled.hide()
        self.use_button.setEnabled(found is not None)
        self._stack.setCurrentIndex(0 if found is None else 1)
        self._place_preview()
        if found is None:
            self.header.set_title("Data")
            self.header.set_subtitle("No data checked yet")
            return
        self.header.set_title(found.title)
        self.header.set_subtitle(_subtitle(found))
        self.source.show_report(found)
        self.figures.show_report(found)
        shown = {name: len(split.rows) for name, split in found.splits.items()}
        self.findings.show_findings(found.findings, shown)
        self.part.set_text("findings", f"Findings ({len(found.findings)})")
        for name in reports.SPLITS:
            count = found.splits[name].examples if name in found.splits else 0
            self.split.set_text(name, f"{name.capitalize()} ({count:,})")
        self.split.set_current(next(iter(found.splits)))
        self._show_split()

    def _show_split(self) -> None:
        split = self.report.splits.get(self.split.current()) if self.report else None
        if split is None:
            self.rows.show_rows(())
            return
        for view, lengths, kind, limit_key in (
            (self.conversations, split.conversation, "long_conversation", "max_conversation_tokens"),
            (self.summaries, split.summary, "long_summary", "max_summary_tokens"),
        ):
            view.show_lengths(lengths, (self._checked[limit_key], self._found(kind, split.name)))
        self.rows.show_rows(split.rows)
        self._show_row(split.rows[0] if split.rows else None)

    def _found(self, kind: str, split: str) -> int:
        """Return how many rows of a split a kind of finding has."""
        findings = self.report.findings if self.report else ()
        return next((finding.counts.get(split, 0) for finding in findings if finding.id == kind), 0)

    def _show_part(self, key: str) -> None:
        self._below.setCurrentIndex(1 if key == "rows" else 0)

    def show_row(self, split: str, number: int) -> None:
        """Show one row of a split in the table and in the preview."""
        self.part.set_current("rows")
        self.split.set_current(split)
        self.rows.choose(number)

    def _choose_row(self, row: Row) -> None:
        self._show_row(row)
        self._open_preview()

    def _show_row(self, row: Row | None) -> None:
        self.preview.show_row(row, self.rows.count(), self.conversations.limit)

    def _step(self, by: int) -> None:
        row = self.preview.row()
        if row is not None:
            self.rows.choose(row.number + by)

    # Laying out

    def adapt(self, width: int) -> None:
        """Make the preview a drawer below 1200, and the histograms low in a low window."""
        narrow = width < NARROW * text_scale()
        if narrow != self._is_narrow:
            self._is_narrow = narrow
            self.preview.set_drawer(narrow)
            self._place_preview()
        low = self.window().height() < LOW_WINDOW * text_scale()
        for view in (self.conversations, self.summaries):
            view.set_height(LOW_HISTOGRAM if low else 0)

    def _place_preview(self) -> None:
        self.preview.set_drawer(self._is_narrow)
        self.preview.setVisible(self.report is not None and not self._is_narrow)
        self._share_width()

    def _open_preview(self) -> None:
        if self.preview.isHidden():
            self.preview.show()
            self._share_width()

    def _close_preview(self) -> None:
        if self._is_narrow:
            self.preview.hide()

    def _share_width(self) -> None:
        wide = px(DRAWER_WIDTH if self._is_narrow else PREVIEW_WIDTH)
        self._splitter.setSizes([max(1, self.width() - wide), wide])

    # Using

    def values(self) -> dict[str, Any]:
        """Return the `[data]` values of a recipe that uses this data as it is shown."""
        return self._checked | self._limits()

    def _limits(self) -> dict[str, int]:
        return {
            "max_conversation_tokens": self.conversations.limit,
            "max_summary_tokens": self.summaries.limit,
        }

    def _use(self) -> None:
        self.use_requested.emit(self.values())

    def _label(self) -> None:
        """Ask for summaries to be written; of the hub nothing is fetched before the check has asked."""
        values = self.source.values()
        source = values["source"]
        if source and is_on_hub(source) and source != self._read_source:
            self.check()
        else:
            self.label_requested.emit(values if source else {})

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files and folders."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Check what was dropped."""
        files = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if files:
            event.acceptProposedAction()
            self.open(str(files[0]))


def _subtitle(found: Report) -> str:
    licence = f", licence {found.licence}" if found.licence else ""
    place = "Bundled with Tunesmith" if found.source == SAMPLE else found.source
    return f"{place}{licence}. {found.counted}".rstrip(". ") + "."


def _example(row: Row) -> Example:
    return Example(row.id, row.conversation, row.summary)
