"""Home: the last verdict, what computes and waits, recent adapters and data, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QBoxLayout, QStackedWidget, QWidget

from engine.api import SAMPLE, Adapter
from gui.core.background_tasks import BackgroundTasks
from gui.core.preferences import Preferences, values_of
from gui.look import style
from gui.look.fonts import px
from gui.look.format import UNKNOWN, number_text
from gui.look.language import mark, tr, tr_count
from gui.models.adapter_table import SCORE, AdapterTable, adapter_verdict
from gui.models.grouped_table import Cell, Column, GroupedTable, NameCell, TextCell, score_cell
from gui.models.list_text import data_text, when_text
from gui.models.metric_text import confidence_interval
from gui.pages.home.cards import (
    MAX_ADAPTERS,
    ComputingView,
    DataSet,
    HomeContent,
    NextStep,
    VerdictView,
    counted,
    read,
)
from gui.shell.page import NARROW, Page
from gui.tables.grouped_view import ShortTableView
from gui.widgets.buttons import link, plain, primary
from gui.widgets.cards import EmptyState
from gui.widgets.labels import Label
from gui.widgets.layouts import Line, Scroll, discard, hbox, vbox
from gui.workers.worker_manager import WorkerManager

SIDE_WIDTH = 408
MAX_STEPS = 3
# Where the window keeps the state of the data page, with the data that was checked.
DATA_PAGE = "page.data"


class HomePage(Page):
    """Reads its content off the GUI's thread when shown, and whenever runs or adapters change.

    Every signal leads to another view, named as in `gui.navigator`.
    """

    try_requested = Signal(list)
    open_requested = Signal(str)
    resume_requested = Signal(str)
    new_run_requested = Signal()
    library_requested = Signal(str)
    export_requested = Signal(object, object)
    score_requested = Signal(str)
    blind_requested = Signal(list)
    data_requested = Signal(str)
    set_requested = Signal(str)
    view_requested = Signal(str)
    queue_wanted = Signal()

    def __init__(
        self, manager: WorkerManager, preferences: Preferences, parent: QWidget | None = None
    ) -> None:
        super().__init__(tr("Home"), "", parent)
        self.manager, self._preferences = manager, preferences
        self._background = BackgroundTasks(self)
        self.found: HomeContent | None = None
        self.steps: list[NextStep] = []
        self.add_button = plain(tr("Add conversations"), "data")
        self.new_button = primary(tr("New run"), "plus", press=self.new_run_requested)
        for button in (self.add_button, self.new_button):
            self.header.add(button)
            button.hide()
        self._stack = QStackedWidget(self.content)
        self._scroll = Scroll((0, 0, 0, 0), 0, self._stack)
        self.verdict = VerdictView()
        self.computing = ComputingView(manager.device_queue)
        self.adapters, self.data = RecentAdapterTable(), DataTable()
        self.adapter_view = ShortTableView(
            self.adapters, tr("Recent adapters"), lambda adapter: self.library_requested.emit(adapter.id)
        )
        self.data_view = ShortTableView(self.data, tr("Conversations"), self._open_data, has_head=False)
        self.library_link, self.guide_link = link(tr("Library")), link(tr("Open the first-run guide"))
        self.guide_button = primary(tr("Train your first adapter"), "arrow-right")
        self.own_button = plain(tr("Add conversations"), "data")
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        self._recent = QWidget()
        head = hbox(Label(tr("Recent adapters"), "section"), 1, self.library_link)
        vbox(head, self.adapter_view, of=self._recent, spacing=4)
        left = QWidget()
        style.set_background(left, "background")
        vbox(self.verdict, self.computing, self._recent, 1, of=left, margins=24, spacing=24)
        self._side = QWidget()
        style.set_background(self._side, "surface")
        self._steps = vbox(spacing=12)
        self._next = Label(tr("Next steps"), "section")
        foot = hbox(Label(tr("New here?"), "label", "muted"), self.guide_link, 1, spacing=4)
        vbox(
            self._next,
            self._steps,
            Label(tr("Conversations"), "section"),
            self.data_view,
            1,
            foot,
            of=self._side,
            margins=24,
            spacing=12,
        )
        self._columns = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._columns.setSpacing(0)
        self._columns.addWidget(left, 1)
        self._edge = Line(vertical=True)
        self._columns.addWidget(self._edge)
        self._columns.addWidget(self._side)
        self._scroll.column.addLayout(self._columns)
        self._empty = EmptyState(
            "mark",
            tr("Your first adapter in five minutes"),
            tr("The guide trains a small model on sample conversations.\nOr start with your own."),
            [self.guide_button, self.own_button],
        )
        for part in (QWidget(), self._scroll, self._empty):
            self._stack.addWidget(part)
        self.body.addWidget(self._stack, 1)

    def _connect(self) -> None:
        self.verdict.try_requested.connect(self.try_requested)
        self.verdict.open_requested.connect(self.open_requested)
        self.verdict.export_requested.connect(self.export_requested)
        self.computing.queue_wanted.connect(self.queue_wanted)
        self.library_link.clicked.connect(lambda: self.view_requested.emit("library"))
        for button in (self.guide_button, self.guide_link):
            button.clicked.connect(lambda: self.view_requested.emit("welcome"))
        for button in (self.add_button, self.own_button):
            button.clicked.connect(lambda: self.view_requested.emit("data"))
        manager = self.manager
        for signal in (manager.runs_changed, manager.adapters_changed, manager.run_ended):
            signal.connect(self._on_changed)
        for signal in (manager.device_queue.changed, manager.run_changed):
            signal.connect(self._on_queue)

    def shown(self) -> None:
        """Read everything again: other pages, or a command line, may have changed it."""
        self.computing.refresh()
        recent = str(values_of(self._preferences.get(DATA_PAGE) or "").get("recent", ""))
        self._background.run(partial(read, recent), self.show_content)

    def _on_changed(self) -> None:
        if self.isVisible():
            self.shown()

    def _on_queue(self) -> None:
        if self.isVisible():
            self.computing.refresh()
            self._show_subtitle()

    def show_content(self, found: HomeContent) -> None:
        self.found = found
        computes = self.manager.device_queue.now() is not None
        is_empty = found.is_empty and not computes
        self._stack.setCurrentWidget(self._empty if is_empty else self._scroll)
        for button in (self.add_button, self.new_button):
            button.setHidden(is_empty)
        self.verdict.setVisible(found.verdict is not None)
        if found.verdict is not None:
            self.verdict.show_verdict(found.verdict)
        self._recent.setVisible(bool(found.adapters))
        self.adapters.put(found.adapters[:MAX_ADAPTERS])
        self.data.set_rows(found.data)
        self._show_steps(found)
        self._show_subtitle()

    def _show_subtitle(self) -> None:
        found = self.found
        if found is not None:
            computes = self.manager.device_queue.now() is not None
            is_empty = found.is_empty and not computes
            text = counted(len(found.adapters), len(found.data), computes)
            text = tr("Nothing trained yet") if is_empty else text
            if text != self.header.subtitle():
                self.header.set_subtitle(text)

    def _show_steps(self, found: HomeContent) -> None:
        discard(*self.steps)
        self.steps = [step for step, _ in zip(self._next_steps(found), range(MAX_STEPS), strict=False)]
        for step in self.steps:
            self._steps.addWidget(step)
        self._next.setVisible(bool(self.steps))

    def _next_steps(self, found: HomeContent) -> Iterator[NextStep]:
        """Yield what may be done next, the most useful first."""
        newest = found.newest
        if newest is not None and newest.can_resume:
            yield NextStep(
                "play",
                tr("Resume {run}", run=newest.name),
                tr("It ended early and can be resumed."),
                tr("Resume"),
                partial(self.resume_requested.emit, newest.id),
            )
        for data in found.data:
            if data.is_unfinished:
                yield self._writing_step(data)
                break
        if found.adapters and found.adapters[0].metadata.score_card is None:
            adapter = found.adapters[0]
            yield NextStep(
                "play",
                tr("Score {adapter}", adapter=adapter.name),
                tr("Find out whether it beats its base model."),
                tr("Score now"),
                partial(self.score_requested.emit, adapter.id),
            )
        if found.verdict is not None and found.verdict.shown is not None and not found.has_votes:
            yield NextStep(
                "equals",
                tr("Ask people, not only ROUGE"),
                tr("Choose the better of two summaries without knowing their models."),
                tr("Start comparing"),
                partial(self.blind_requested.emit, [(found.verdict.run_id, "")]),
            )
        if not found.adapters:
            yield NextStep(
                "mark",
                tr("Train your first adapter"),
                tr("The guide takes five minutes, with sample conversations or your own."),
                tr("Start the guide"),
                partial(self.view_requested.emit, "welcome"),
            )

    def _writing_step(self, data: DataSet) -> NextStep:
        return NextStep(
            "edit",
            tr("Finish {data}", data=data.name),
            tr_count(
                data.count - data.written,
                "{n} conversation has no summary yet.",
                "{n} conversations have no summary yet.",
            ),
            tr("Continue writing"),
            partial(self.set_requested.emit, data.set_id),
        )

    def _open_data(self, data: DataSet) -> None:
        if data.set_id:
            self.set_requested.emit(data.set_id)
        else:
            self.data_requested.emit(data.source)

    def adapt(self, width: int) -> None:
        """Put the steps below the rest if the window is narrower than 1200."""
        narrow = width < px(NARROW)
        direction = QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
        self._columns.setDirection(direction)
        self._edge.setHidden(narrow)
        # The scroll bar stands on the background beside it.
        style.set_background(self._scroll, "background" if narrow else "surface")
        self._side.setMinimumWidth(0 if narrow else px(SIDE_WIDTH))
        self._side.setMaximumWidth(16_777_215 if narrow else px(SIDE_WIDTH))


class RecentAdapterTable(GroupedTable[Adapter]):
    """The newest adapters. Their scores are of unlike protocols, so they share a scale from 0, not a narrower one."""

    columns = (
        Column("name", mark("Adapter")),
        Column("score", mark("ROUGE-1, dashed: base"), 176, hidden_below=560),
        Column("verdict", mark("vs. base"), 156),
        Column("made", mark("Created"), 112, right=True, hidden_below=420),
    )

    def __init__(self) -> None:
        super().__init__()
        self._top = 1.0
        self._texts = AdapterTable(self)

    def put(self, adapters: Sequence[Adapter]) -> None:
        cards = [adapter.metadata.score_card for adapter in adapters]
        spreads = [
            spread[SCORE]
            for card in cards
            if card is not None
            for spread in (card.scores, card.base)
            if SCORE in spread
        ]
        ends = [confidence_interval(spread).ends[1] for spread in spreads]
        self._top = min(1.0, max(ends, default=1.0) * 1.1)
        self.set_rows(adapters)

    def key_of(self, item: Adapter) -> str:
        return item.id

    def accessible_text(self, item: Adapter) -> str:
        return self._texts.accessible_text(item)

    def cell(self, item: Adapter, key: str) -> Cell:
        if key == "name":
            return NameCell(item.name)
        if key == "score":
            return self._score(item)
        if key == "verdict":
            return adapter_verdict(item)
        return TextCell(when_text(item.metadata.made, datetime.now(UTC)), "figure", right=True)

    def _score(self, adapter: Adapter) -> Cell:
        card = adapter.metadata.score_card
        if card is None or SCORE not in card.scores:
            return TextCell(UNKNOWN)
        base = card.base.get(SCORE, {}).get("mean")
        return score_cell(card.scores[SCORE], (0.0, self._top), base, "accent")


class DataTable(GroupedTable[DataSet]):
    """Data that was used lately, and how far its summaries are."""

    columns = (Column("name", mark("Data")), Column("state", mark("State"), 196, right=True))

    def key_of(self, item: DataSet) -> str:
        return item.source

    def accessible_text(self, item: DataSet) -> str:
        return f"{item.name or data_text(item.source)}, {state_text(item)}"

    def cell(self, item: DataSet, key: str) -> Cell:
        if key == "name":
            return NameCell(item.name or data_text(item.source))
        return TextCell(state_text(item), "figure", "warning" if item.is_unfinished else "muted", right=True)


def state_text(data: DataSet) -> str:
    """Return how far the summaries of a set are, or how many conversations there are."""
    count = number_text(data.count)
    if data.set_id:
        return tr("{written} of {count} written", written=number_text(data.written), count=count)
    if data.count:
        return tr_count(data.count, "{n} conversation", "{n} conversations")
    return tr("bundled") if data.source == SAMPLE else ""
