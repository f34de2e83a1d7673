"""The parts of Home: the last verdict with a conversation, what computes, a next step; and how they are read."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QWidget

from engine.api import (
    SAMPLE,
    Adapter,
    ScoreCard,
    added,
    labelling,
    library,
    paths,
    run_store,
    run_summaries,
    voting,
)
from gui.core.file_opening import RecentFiles
from gui.graphics.bars import Bar
from gui.look.fonts import px
from gui.look.format import left_text, percent
from gui.look.language import mark, tr, tr_count
from gui.models.adapter_table import SCORE
from gui.models.list_text import moment_text
from gui.pages.train.run_text import BeforeAndAfter, typical, verdict_of, verdict_sentence
from gui.widgets.buttons import link, plain
from gui.widgets.cards import Card
from gui.widgets.labels import ElidedLabel, IconLabel, Label
from gui.widgets.layouts import FlowBox, Line, discard, gridbox, hbox, vbox
from gui.widgets.text_view import Mark, TextView
from gui.workers.device_queue import DeviceQueue

# A narrower card shows conversation and summaries below each other.
SIDE_BY_SIDE = 520
MAX_WAITING = 4
HEADLINES = {
    ("better", "accent"): mark("{name} writes better summaries"),
    ("worse", "error"): mark("{name} writes worse summaries"),
}


class VerdictView(Card):
    """The last verdict in a sentence, with one conversation; its buttons try it, open its run, export it.

    `export_requested(adapter, button)` asks for a menu below the button.
    """

    try_requested = Signal(list)
    open_requested = Signal(str)
    export_requested = Signal(object, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon = IconLabel("check", "accent", 20)
        self.headline = Label("", "title", "text", wrap=True)
        self.sentence = TextView(role="body", token="muted")
        self._texts = QWidget()
        self.columns = {
            "conversation": (Label(tr("Conversation"), "label", "muted"), TextView()),
            "base": (Label(tr("Base model"), "label", "muted"), TextView(token="muted")),
            "tuned": (Label(tr("Your adapter"), "label", "muted"), TextView()),
        }
        self.try_button = plain(tr("Try it"), "playground")
        self.run_button, self.export_button = plain(tr("Open verdict")), plain(tr("Export…"), "export")
        self._adapter: Adapter
        self._run_id = ""
        self.try_button.clicked.connect(lambda: self.try_requested.emit([self._adapter.id]))
        self.run_button.clicked.connect(lambda: self.open_requested.emit(self._run_id))
        self.export_button.clicked.connect(
            lambda: self.export_requested.emit(self._adapter, self.export_button)
        )
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self._texts)
        self._row.setContentsMargins(0, 8, 0, 4)
        self._row.setSpacing(24)
        for head, text in self.columns.values():
            self._row.addLayout(vbox(head, text, 1, spacing=4), 1)
        self.column.addLayout(hbox(self._icon, (self.headline, 1), spacing=12))
        self.column.addWidget(self.sentence)
        self.column.addWidget(self._texts)
        self.column.addWidget(FlowBox([self.try_button, self.run_button, self.export_button]))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put conversation and summaries side by side where there is room."""
        super().resizeEvent(event)
        wide = self.width() >= px(SIDE_BY_SIDE)
        self._row.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)

    def show_verdict(self, found: LastVerdict) -> None:
        difference, protocol = found.card.difference[SCORE], found.card.protocol
        icon, headline, token = verdict_of(difference, protocol)
        name = found.adapter.name
        title = HEADLINES.get((str(difference.get("verdict")), token))
        self._icon.set_icon(icon, token)
        self.headline.setText(tr(title, name=name) if title else f"{name}: {headline}")
        created = tr("Created {moment}.", moment=moment_text(found.adapter.metadata.made, datetime.now(UTC)))
        self.sentence.set_markup(f"{verdict_sentence(difference, protocol)} {created}")
        self._adapter, self._run_id = found.adapter, found.run_id
        self.run_button.setVisible(bool(found.run_id))
        self._texts.setVisible(found.shown is not None)
        if found.shown is not None:
            shown = found.shown
            marks = [Mark(start, end - start) for start, end in added(shown.tuned, shown.base)]
            for key, text in (
                ("conversation", shown.conversation),
                ("base", shown.base),
                ("tuned", shown.tuned),
            ):
                self.columns[key][1].set_text(text, marks if key == "tuned" else ())


class ComputingView(QWidget):
    """What computes and what waits for the device, hidden while nothing does; `queue_wanted` opens the queue."""

    queue_wanted = Signal()

    def __init__(self, queue: DeviceQueue, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._queue = queue
        self._titles: list[str] = []
        self.title = ElidedLabel("", "body_medium")
        self._bar, self.share = Bar(), Label("", "figure", "accent")
        self.left = Label("", "figure", "muted")
        self._now = QWidget()
        self._waiting = vbox(spacing=0)
        self.queue_link = link(tr("Queue"), press=self.queue_wanted)
        self._bar.setFixedWidth(px(160))
        now = hbox(
            IconLabel("train", "accent"), (self.title, 1), self._bar, self.share, self.left, spacing=12
        )
        vbox(now, Line(), of=self._now, spacing=8)
        head = hbox(Label(tr("Computing"), "section"), 1, self.queue_link)
        vbox(head, self._now, self._waiting, of=self, spacing=8)
        self.refresh()

    def refresh(self) -> None:
        now, waiting = self._queue.now(), self._queue.waiting
        self.setVisible(now is not None or bool(waiting))
        self._now.setVisible(now is not None)
        if now is not None:
            self.title.setText(now.title)
            known = now.share is not None
            self._bar.setVisible(known)
            self._bar.set_fraction(now.share or 0.0)
            paused = now.run is not None and now.run.state.paused
            self.share.setText(percent(now.share) if known and not paused else now.text)
            left = now.run.state.seconds_left() if now.run is not None and not paused else None
            self.left.setText(left_text(left) if left is not None else "")
        titles = [each.title for each in waiting]
        if titles != self._titles:
            self._titles = titles
            self._list()

    def _list(self) -> None:
        """List what waits, the first ones by name."""
        while (item := self._waiting.takeAt(0)) is not None:
            row = item.widget()
            if row is not None:
                discard(row)
        waiting = self._queue.waiting
        for entry in waiting[:MAX_WAITING]:
            row = QWidget(self)
            texts = hbox(
                IconLabel(entry.icon),
                (ElidedLabel(entry.title, "body", "muted"), 1),
                (ElidedLabel(self._queue.waits_for(entry), "label", "hint"), 1),
                spacing=12,
            )
            vbox(texts, Line(), of=row, margins=(0, 8, 0, 0), spacing=8)
            self._waiting.addWidget(row)
        if len(waiting) > MAX_WAITING:
            more = len(waiting) - MAX_WAITING
            self._waiting.addWidget(Label(tr_count(more, "and {n} more", "and {n} more"), "label", "hint"))


class NextStep(QWidget):
    """One thing to do next: an icon, what and why, and its button."""

    def __init__(self, icon_name: str, title: str, text: str, action: str, act: Callable[[], object]) -> None:
        super().__init__()
        self.title = title
        self.button = plain(action)
        self.button.clicked.connect(lambda _checked: act())
        grid = gridbox(across=12, down=4, stretch=[1])
        grid.addWidget(IconLabel(icon_name, "accent"), 0, 0)
        grid.addWidget(Label(title, "body_medium", wrap=True), 0, 1)
        grid.addWidget(Label(text, "label", "muted", wrap=True), 1, 1)
        grid.addLayout(hbox(self.button, 1, margins=(0, 4, 0, 12)), 2, 1)
        vbox(grid, Line(), of=self, spacing=8)


def counted(adapters: int, data: int, computes: bool) -> str:
    """Return what there is, for the header: "2 data sets, 4 adapters, one run in progress"."""
    parts = [
        tr_count(data, "{n} data set", "{n} data sets"),
        tr_count(adapters, "{n} adapter", "{n} adapters"),
    ]
    return ", ".join([*parts, tr("one task in progress")] if computes else parts)


MAX_ADAPTERS, MAX_DATA, MAX_SETS = 4, 5, 5


@dataclass(frozen=True)
class LastVerdict:
    """The newest scored adapter; `run_id` is "" if its run is gone, `shown` None if it kept no conversations."""

    adapter: Adapter
    card: ScoreCard
    run_id: str
    shown: BeforeAndAfter | None


@dataclass(frozen=True)
class DataSet:
    """Conversations that were used lately: `count` 0 if unknown; `set_id` of a set whose summaries are written."""

    source: str
    name: str
    count: int = 0
    set_id: str = ""
    written: int = 0

    @property
    def is_unfinished(self) -> bool:
        """Whether conversations wait for a summary."""
        return bool(self.set_id) and self.written < self.count


@dataclass(frozen=True)
class HomeContent:
    """All that Home shows but the queue; `newest` is the newest run, `data` the latest first."""

    adapters: tuple[Adapter, ...]
    verdict: LastVerdict | None
    newest: run_summaries.RunEntry | None
    data: tuple[DataSet, ...]
    has_votes: bool

    @property
    def is_empty(self) -> bool:
        """Whether nothing was begun yet."""
        return (
            not self.adapters and self.newest is None and not any(each.source != SAMPLE for each in self.data)
        )


def read(recent: str) -> HomeContent:
    """Read all; `recent` is the saved list of data that was checked. What can't be read is left out."""
    adapters = tuple(sorted(library.scan()[0], key=lambda adapter: adapter.metadata.made, reverse=True))
    scored = (
        (adapter, card)
        for adapter in adapters
        if (card := adapter.metadata.score_card) is not None and SCORE in card.difference
    )
    return HomeContent(
        adapters,
        next((_verdict(adapter, card) for adapter, card in scored), None),
        next(map(run_summaries.read_entry, run_store.list_jobs()), None),
        tuple(_data(recent, adapters)),
        bool(voting.list_comparisons()),
    )


def _verdict(adapter: Adapter, card: ScoreCard) -> LastVerdict:
    run_id = adapter.metadata.training.run
    folder = paths.runs_folder() / run_id
    if not run_id or not folder.is_dir():
        return LastVerdict(adapter, card, "", None)
    return LastVerdict(adapter, card, run_id, next(iter(typical(folder, 1)), None))


def _data(recent: str, adapters: tuple[Adapter, ...]) -> list[DataSet]:
    """Return recent data with what is known of it, and the sample at the end."""
    found: dict[str, DataSet] = {}
    with suppress(OSError):
        for about in labelling.list_sets()[:MAX_SETS]:
            known = labelling.written(about.source)
            if known is not None:
                set_, progress = known
                count = progress.total - progress.skipped
                found[about.source] = DataSet(about.source, set_.name, count, set_.id, progress.accepted)
    trained_on = [adapter.metadata.data for adapter in reversed(adapters) if adapter.metadata.data.source]
    counts = {facts.source: facts.train + facts.validation + facts.test for facts in trained_on}
    checked = RecentFiles()
    checked.restore_state(recent)
    named = {source: name for source, name in checked if source != SAMPLE}
    named = {source: Path(source).name for source in counts if source != SAMPLE} | named
    for source, name in named.items():
        found.setdefault(source, DataSet(source, name, counts.get(source, 0)))
    # What waits for summaries comes first, then what was checked last.
    listed = sorted(found.values(), key=lambda each: not each.is_unfinished)[: MAX_DATA - 1]
    return [*listed, DataSet(SAMPLE, "", counts.get(SAMPLE, 0))]
