"""A batch: several conversations summarised in every column, requested in portions, and read from files by a job.

Owns the rows. Shares the worker, the device and the columns with the playground's controller. Knows no widget.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from engine.api import (
    AppError,
    Event,
    Example,
    SummarizeOptions,
    clock,
    comparison,
    ingest,
    score_text,
)
from gui.look.format import number_text
from gui.look.language import sentences, tr, tr_count, translate
from gui.pages.playground.column_results import Column, ColumnModel, ColumnResults
from gui.pages.playground.controller import Controller
from gui.pages.playground.summary_requests import SummaryRequests
from gui.workers.device_lock import Strip
from gui.workers.engine_thread import ShownJob
from gui.workers.eta import Eta
from gui.workers.summarizer import ConversationInput, Request
from gui.workers.worker_manager import WorkerManager

# A request of this size fills the worker's batches, and little is lost if it is cancelled.
PORTION = 16
# Requests at the worker at a time: it never waits for the window.
AHEAD = 2


@dataclass(frozen=True)
class BatchRow:
    """A conversation and its columns."""

    number: int
    example: Example
    results: ColumnResults

    @property
    def is_done(self) -> bool:
        return all(column.status in ("finished", "failed") for column in self.results.columns)


class Batch(SummaryRequests):
    """One batch at a time; `problem` says why it did not come to its end."""

    def __init__(self, manager: WorkerManager, controller: Controller, parent: QObject | None = None) -> None:
        super().__init__(manager, tr("Finished summaries are saved."), parent)
        self._controller = controller
        self.rows: list[BatchRow] = []
        self.entries: tuple[ColumnModel, ...] = ()
        self.base: dict[str, Any] = {}
        self.options = SummarizeOptions()
        self.prompt: dict[str, Any] | None = None
        # What it waits for, before it begins.
        self.waits_for = ""
        # What was written stays while other conversations are shown.
        self._written: dict[Example, ColumnResults] = {}
        self._left = Eta()

    # Progress and scores

    @property
    def done(self) -> int:
        return sum(row.is_done for row in self.rows)

    @property
    def can_go_on(self) -> bool:
        return not self.is_busy and self.done < len(self.rows)

    def progress(self) -> tuple[float, str]:
        """Return the progress: a fraction, and a text with the remaining time or the worker's state."""
        ended, of = self._summaries()
        done, total = number_text(self.done), number_text(len(self.rows))
        how_far = tr("{done} of {total} conversations", done=done, total=total)
        starting = self.summarizer.status_text
        return (ended / of if of else 0.0), f"{how_far}. {starting}" if starting else self._left.beside(
            how_far
        )

    def _summaries(self) -> tuple[int, int]:
        """Return how many summaries have ended, and how many there will be."""
        ended = sum(
            column.status in ("finished", "failed") for row in self.rows for column in row.results.columns
        )
        return ended, len(self.rows) * len(self.entries)

    def scored(self, metric: str = comparison.SCORE) -> list[list[float]]:
        """Return a metric of every column, for the conversations that have it in all of them."""
        scored = [
            [column.scores[metric] for column in row.results.columns]
            for row in self.rows
            if row.is_done and all(metric in column.scores for column in row.results.columns)
        ]
        return [list(column) for column in zip(*scored, strict=True)]

    def column_scores(self, metric: str = comparison.SCORE) -> list[comparison.ColumnScore]:
        """Return a metric of the columns against the base; none without scored conversations."""
        columns = self.scored(metric)
        return comparison.compare_columns(columns) if columns else []

    # Operations

    def offer(self, examples: Sequence[Example], entries: tuple[ColumnModel, ...] = ()) -> None:
        """Show conversations to summarise in columns, those of the playground by default."""
        super().cancel()
        entries = entries or self.present_entries()
        if entries != self.entries:
            self._written.clear()
        self.entries = entries
        self.rows = [
            BatchRow(index, example, self._written.setdefault(example, self._empty_results()))
            for index, example in enumerate(examples, 1)
        ]
        self.changed.emit()

    def offer_again(self) -> None:
        """Show the same conversations without summaries, in the columns of the playground."""
        self._written.clear()
        self.offer([row.example for row in self.rows])

    def present_entries(self) -> tuple[ColumnModel, ...]:
        return tuple(column.entry for column in self._controller.results.columns)

    def start(self, base: dict[str, Any], options: SummarizeOptions, prompt: dict[str, Any] | None) -> None:
        self.base, self.options, self.prompt = base, options, prompt
        self._left.begin()
        self._feed()
        self.changed.emit()

    def cancel(self) -> None:
        """Cancel; the rest can be continued."""
        if self.is_busy:
            super().cancel()
            done, total = number_text(self.done), number_text(len(self.rows))
            text = tr("Cancelled after {done} of {total} conversations.", done=done, total=total)
            self.problem = Strip(text)
            self.changed.emit()

    def _empty_results(self) -> ColumnResults:
        first, *others = self.entries
        results = ColumnResults(first)
        for other in others:
            results.add(other)
        return results

    def _feed(self) -> None:
        """Keep the worker busy; while it loads or closes, send it a single portion."""
        limit, is_sent = AHEAD if self.summarizer.state == "ready" else 1, True
        while is_sent and len(self._sent) < limit:
            left = [row for row in self.rows if not row.is_done and not row.results.busy]
            is_sent = bool(left) and self._ask(left[:PORTION])

    def _ask(self, rows: list[BatchRow]) -> bool:
        request = Request(
            tuple(ConversationInput(row.example.conversation, row.example.summary) for row in rows),
            tuple(entry.adapter for entry in self.entries),
            self.options,
            self.prompt,
        )
        return self._send(self.base, request, [row.results for row in rows])

    # Events

    def _on_answered(self, results: Sequence[ColumnResults]) -> None:
        self._feed()

    def _on_events(self, events: list[Event]) -> None:
        super()._on_events(events)
        if self.is_busy and self.summarizer.state == "ready":
            self._left.report(*self._summaries(), clock(events[-1]))

    def _on_summarizer_changed(self) -> None:
        super()._on_summarizer_changed()
        if self.is_busy and self.summarizer.state == "ready":
            self._feed()


def state_text(column: Column) -> str:
    """Return the text shown in place of a missing summary."""
    if column.status == "failed":
        return sentences(column.message, column.hint)
    texts = {"running": column.text or tr("Writing"), "waiting": tr("Waiting"), "cancelled": tr("Cancelled")}
    return texts.get(column.status, "")


LEFT_OUT: dict[str, Callable[[int], str]] = {
    "empty": lambda count: tr_count(count, "{n} without conversation", "{n} without conversation"),
    "too_long": lambda count: tr_count(count, "{n} too long", "{n} too long"),
    "beyond": lambda count: tr_count(count, "{n} beyond the limit of 1,000", "{n} beyond the limit of 1,000"),
}


class BatchReader(ShownJob):
    """The files being read. `found(list of (name, list of Example), left-out text)` carries what they hold."""

    found = Signal(list, str)

    def __init__(self, manager: WorkerManager, parent: QObject | None = None) -> None:
        super().__init__(manager, parent)
        self._read: dict[str, list[Example]] = {}
        self.name = ""

    def read(self, files: Sequence[Path]) -> None:
        """Read files (several as one source) or a folder, in place of any others."""
        self.stop()
        count = len(files)
        self.name = files[0].name if count == 1 else tr_count(count, "{n} file", "{n} files")
        self._read = {}
        try:
            asked = {"data": {"source": str(ingest.save_files(list(files)))}}
        except AppError as error:
            self.error = error
            self.changed.emit()
        else:
            self._ask("read_conversations", asked)

    def _follow(self, events: list[Event]) -> None:
        for event in events:
            if event["event"] == "conversations_read":
                into = self._read.setdefault(event["split"] or "", [])
                for row in event["conversations"]:
                    references = tuple(row["more_references"])
                    into.append(Example(row["id"], row["conversation"], row["summary"], references))
        super()._follow(events)

    def _take(self, result: dict[str, Any]) -> None:
        super()._take(result)
        named = [(self._source_name(split), examples) for split, examples in self._read.items()]
        self.found.emit(named, left_out_text(result["left_out"]))

    def _source_name(self, split: str) -> str:
        title = translate(score_text.SPLITS.get(split, split))
        return f"{self.name} ({title})" if split else self.name


def left_out_text(left_out: dict[str, int]) -> str:
    """Return how many conversations were left out and why, or ""."""
    parts = [LEFT_OUT[why](count) for why, count in left_out.items() if count]
    return tr("Skipped: {parts}.", parts=", ".join(parts)) if parts else ""
