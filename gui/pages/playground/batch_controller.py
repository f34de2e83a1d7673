"""The controller of a batch: its sources, summarising, opening one row, and export.

Connects the batch, its files and its view. Decides nothing about a single conversation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from engine.api import Example, SummarizeOptions, write_csv
from gui.core.background_tasks import BackgroundTasks
from gui.core.file_opening import file_filter
from gui.look.format import number_text
from gui.look.language import sentences, tr
from gui.pages.playground.batch import Batch, BatchReader, BatchRow
from gui.pages.playground.batch_view import BatchView, spreadsheet
from gui.pages.playground.choices import source_title
from gui.pages.playground.column_results import ColumnModel
from gui.pages.playground.controller import Controller
from gui.pages.playground.history import from_results
from gui.widgets import file_dialogs
from gui.workers.device_queue import Waiting, Work
from gui.workers.worker_manager import WorkerManager

KIND = "batch"


class BatchController(QObject):
    """Controls the batch view. `changed` reports progress."""

    changed = Signal()

    def __init__(self, manager: WorkerManager, controller: Controller, parent: QWidget) -> None:
        super().__init__(parent)
        self._controller, self._queue = controller, manager.device_queue
        self._sources: dict[str, Sequence[Example]] = {}
        self._own: dict[str, Sequence[Example]] = {}
        self._key = ""
        self._message = ""
        self.view = BatchView(parent)
        self.batch = Batch(manager, controller, self)
        self.reader = BatchReader(manager, self)
        self._background = BackgroundTasks(self)
        self._queue.serve(KIND, self._begin)
        self._queue.changed.connect(self._show_turn)
        view = self.view
        view.chosen.connect(self._choose)
        view.open_button.clicked.connect(self._choose_files)
        view.cancel_button.clicked.connect(self.cancel)
        view.notice.acted.connect(lambda: self._add(self.batch.options, self.batch.prompt, goes_on=True))
        view.export_button.clicked.connect(self._choose_place)
        self.batch.changed.connect(self._show)
        self.reader.changed.connect(self._show)
        self.reader.found.connect(self._take_files)
        self._show_sources()

    # The conversations

    def offer(self, sources: Mapping[str, Sequence[Example]]) -> None:
        """Offer the page's conversations by the name of their source; select new ones."""
        first = next(iter(sources), "")
        if first not in self._sources and not self.batch.done:
            self._key = first
        self._sources = dict(sources)
        self._show_sources()

    def read(self, files: Sequence[Path]) -> None:
        self._message = ""
        self.reader.read(files)

    def _take_files(self, named: list[tuple[str, list[Example]]], left_out: str) -> None:
        self._own = dict(named) | {
            name: examples for name, examples in self._own.items() if name not in dict(named)
        }
        self._key, self._message = named[0][0], left_out
        self._show_sources()

    def _known(self) -> dict[str, Sequence[Example]]:
        return {**self._own, **self._sources}

    def _show_sources(self) -> None:
        known = self._known()
        if self._key not in known:
            self._key = next(iter(known), "")
        names = [(name, f"{source_title(name)} ({number_text(len(found))})") for name, found in known.items()]
        self.view.show_sources(names, self._key)
        self._offer()

    def _choose(self) -> None:
        self._key = self.view.source.key()
        self._quiet()
        self._offer()

    def _offer(self) -> None:
        """Put the chosen conversations into the table, unless they are there already."""
        wanted = self.view.search.text().casefold().split()
        found = [
            each
            for each in self._known().get(self._key, ())
            if all(word in each.conversation.casefold() for word in wanted)
        ]
        self.view.show_most(len(found))
        examples = found[: self.view.count.value()]
        there = [row.example for row in self.batch.rows]
        if examples != there and not self.is_busy:
            self.batch.offer(examples)

    def follow_columns(self) -> None:
        """Show the columns of the playground, unless the batch has results."""
        batch = self.batch
        if not self.is_busy and not batch.done and batch.entries != batch.present_entries():
            batch.offer([row.example for row in batch.rows])

    # Operations

    @property
    def is_busy(self) -> bool:
        """Whether the batch uses the worker, or waits for its turn."""
        return self.batch.is_busy or self._waiting is not None

    @property
    def _waiting(self) -> Waiting | None:
        return self._queue.find(KIND)

    def summarise(self, options: SummarizeOptions, prompt: dict[str, Any] | None) -> None:
        self._quiet()
        if self.batch.rows:
            self.batch.offer_again()
            self._add(options, prompt, goes_on=False)

    def _add(self, options: SummarizeOptions, prompt: dict[str, Any] | None, *, goes_on: bool) -> None:
        batch, name = self.batch, source_title(self._key)
        given = {
            "name": self._key,
            "conversations": [astuple(row.example) for row in batch.rows],
            "columns": [asdict(entry) for entry in batch.entries],
            "base": batch.base if goes_on else self._controller.base_table(),
            "options": options.model_dump(),
            "prompt": prompt,
        }
        self._queue.add(KIND, name, given)

    def _begin(self, given: Mapping[str, Any]) -> Work:
        """Summarise what waited; what is in the table keeps its summaries, after a restart all begins anew."""
        examples = [Example(row[0], row[1], row[2], tuple(row[3])) for row in given["conversations"]]
        batch = self.batch
        entries = tuple(ColumnModel(**entry) for entry in given["columns"])
        if examples != [row.example for row in batch.rows] or entries != batch.entries:
            self._own, self._key = {given["name"]: examples} | self._own, given["name"]
            batch.offer(examples, entries)
            self._show_sources()
        batch.start(given["base"], SummarizeOptions(**given["options"]), given["prompt"])
        return Work(lambda: batch.is_busy, batch.progress, batch.cancel, batch.changed)

    def _show_turn(self) -> None:
        entry = self._waiting
        waits_for = self._queue.waits_for(entry) if entry is not None else ""
        if waits_for != self.batch.waits_for:
            self.batch.waits_for = waits_for
            self._show()

    def _quiet(self) -> None:
        self._message, self.reader.error = "", None

    def cancel(self) -> None:
        """Cancel what is read, waits or runs."""
        if self.reader.is_busy:
            self.reader.stop()
        if self._waiting is not None:
            self._queue.remove(self._waiting.key)
        self.batch.cancel()

    def store(self, row: BatchRow) -> None:
        """Store a row in the history, unless it is there."""
        batch, results = self.batch, row.results
        if results.entry not in self._controller.history.items:
            entry = from_results(results, row.example.summary, batch.base, batch.options, batch.prompt)
            self._controller.store(results, entry)

    # Files

    def _choose_files(self) -> None:
        paths = file_dialogs.open_files(self.view, "data", tr("Open conversations"), file_filter())
        if paths:
            self.read(paths)

    def _choose_place(self) -> None:
        title, kinds = tr("Export the summaries"), tr("Tables (*.csv);;All files (*)")
        path = file_dialogs.save_file(self.view, "export", title, "summaries.csv", kinds)
        if path:
            self.export(path)

    def export(self, path: Path) -> None:
        """Write every conversation with its summaries and scores to a CSV file."""
        table = spreadsheet(self.batch.rows, self.batch.entries)
        self._background.run(
            lambda: write_csv(path, *table),
            lambda _: self._show_message(tr("Exported to {place}.", place=path)),
            lambda error: self._show_message(sentences(error.message, error.hint)),
        )

    # Showing

    def _show_message(self, text: str) -> None:
        self._message = text
        self._show()

    def _show(self) -> None:
        self.view.show_batch(self.batch)
        if self.reader.is_busy:
            left = self.reader.left
            self.view.show_reading(self.reader.name, left.share, left.how_far)
        if self.reader.error is not None:
            self.view.show_notice(self.reader.error_text, icon_name="problem")
        else:
            problem = self.batch.problem.text if self.batch.problem is not None else ""
            goes_on = problem and self.batch.can_go_on
            message = " ".join(filter(None, (self._message, problem)))
            self.view.show_notice(message, tr("Continue") if goes_on else "")
        self.changed.emit()
