"""The history page: all runs by day, with outcome and next action.

Lays out and connects the parts in `gui.pages.history`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QElapsedTimer, QObject, Qt, Signal
from PySide6.QtWidgets import QDialog, QMenu, QPlainTextEdit, QWidget

from engine.api import (
    Adapter,
    AppError,
    RunEntry,
    adapter_toml,
    escaping,
    library,
    paths,
    run_names,
    run_store,
    run_summaries,
)
from gui.core.actions import Entry
from gui.core.background_tasks import BackgroundTasks
from gui.core.clipboard import copy_command, copy_recipe, copy_text
from gui.look import style
from gui.look.fonts import font
from gui.look.format import bytes_text, number_text
from gui.look.language import mark, tr, tr_count, translate
from gui.models.adapter_table import FEWEST, MOST
from gui.models.folder_readers import HistoryReader
from gui.models.run_table import SHOWN, RunTable, next_step
from gui.pages.history.run_details import RunDetails
from gui.pages.library.library_operations import Dialogs
from gui.pages.train.report_export import ReportExport
from gui.shell.page import Page, about
from gui.tables.grouped_view import GroupedTableView
from gui.tables.list_pane import ListPane, save_list_state
from gui.widgets.buttons import SEPARATOR, IconButton, below, make_menu, plain, primary
from gui.widgets.empty_state import EmptyState
from gui.widgets.layouts import hbox, vbox

FILTERS = {"all": mark("All"), "completed": mark("Completed"), "resumable": mark("Can resume")}
ROW_HEIGHT = 40
LIVE_MILLISECONDS = 1000
LOG_LINES = 2000


class HistoryPage(Page):
    """Shows all runs. `open` selects one.

    To the Train page: `open_requested(run id)` shows a run, `resume_requested(run id)` resumes it,
    `run_again_requested(recipe)` and `edit_requested(recipe)` start from its recipe, `new_run_requested` starts a new
    one, `train_from_requested(adapter id)` continues from its adapter. `library_requested(adapter id)` opens the
    library, `compare_requested(adapter ids)` compares adapters there, `trash_requested` opens the trash.
    """

    open_requested = Signal(str)
    edit_requested = Signal(object)
    run_again_requested = Signal(object)
    resume_requested = Signal(str)
    new_run_requested = Signal()
    train_from_requested = Signal(str)
    library_requested = Signal(str)
    compare_requested = Signal(list)
    trash_requested = Signal()

    def __init__(self, manager: Any, dialogs: Dialogs | None = None, parent: QWidget | None = None) -> None:
        super().__init__(tr("All runs"), "", parent)
        self._manager = manager
        self._dialogs = dialogs or Dialogs()
        self._wanted = ""
        self._since_live = QElapsedTimer()
        self.reader = HistoryReader(self)
        self.operations = RunOperations(self)
        self.report_export = ReportExport(self)
        self.table = RunTable(self)
        self.view = GroupedTableView(self.table, tr("Runs"), ROW_HEIGHT, several=True)
        self.details = RunDetails()
        self._make_parts()
        self._lay_out()
        self._connect()
        self._connect_engine()
        self.details.hide()
        self.reader.start()

    # Construction.
    def _make_parts(self) -> None:
        self.folder_button = plain(tr("Open folder"), "folder")
        self.new_button = plain(tr("New run"), "plus")
        self.trash_button = IconButton("trash", tr("Trash"))
        for button in (self.trash_button, self.folder_button, self.new_button):
            self.header.add(button)
        self._empty_run = primary(tr("New run"), "plus")
        empty = EmptyState(
            "history",
            tr("No runs yet"),
            tr("Every run is saved here to open, resume or repeat."),
            [self._empty_run],
        )
        nothing_found = EmptyState("search", tr("No run found"), tr("Change the search, or show all."))
        filters = {key: tr(title) for key, title in FILTERS.items()}
        self.pane = ListPane(self.view, tr("Search runs"), filters, empty, nothing_found)
        save_list_state(self.view, self.pane.search, self.pane.filter)

    def _lay_out(self) -> None:
        column = vbox(self.details, margins=(24, 0, 24, 16))
        self.body.addWidget(self.pane, 1)
        self.body.addLayout(column)

    def _connect(self) -> None:
        self.reader.listed.connect(self.table.retain)
        self.reader.read.connect(self._on_result)
        self.reader.finished.connect(self._on_finished)
        self.operations.changed.connect(self.reader.refresh)
        self.operations.done.connect(self.pane.undo_strip.offer)
        self.operations.failed.connect(self.pane.show_error)
        self.operations.promoted.connect(self._on_promoted)
        self.report_export.reported.connect(self.pane.show_notice)
        self.trash_button.clicked.connect(self.trash_requested)
        self.folder_button.clicked.connect(lambda: self._dialogs.open_folder(paths.runs_folder()))
        self.new_button.clicked.connect(self.new_run_requested)
        self._empty_run.clicked.connect(self.new_run_requested)
        self.pane.narrowed.connect(self._on_narrowed)
        view = self.view
        view.chosen.connect(self._on_chosen)
        view.opened.connect(self.open_run)
        view.link_pressed.connect(lambda entry, _column: self.do_next(entry))
        view.menu_wanted.connect(lambda entry, point: self.menu_of_selected(entry).popup(point))
        view.rename_wanted.connect(self.rename)
        view.delete_wanted.connect(lambda _entry: self.operations.delete(self.view.selected()))
        details = self.details
        details.open_pressed.connect(partial(self._with_shown, self.open_run))
        details.compare_pressed.connect(lambda: self.compare(self.view.selected()))
        details.edit_pressed.connect(partial(self._with_shown, self.edit))
        details.folder_pressed.connect(
            partial(self._with_shown, lambda entry: self._dialogs.open_folder(entry.job.folder))
        )
        details.more_pressed.connect(
            partial(self._with_shown, lambda entry: self.menu_for(entry).popup(below(details.more_button)))
        )

    def _connect_engine(self) -> None:
        self._manager.runs_changed.connect(self.reader.refresh)
        self._manager.run_changed.connect(self._on_run_changed)

    # Display.
    def open(self, run_id: str) -> None:
        """Select a run, now or as soon as it is read."""
        self._wanted = run_id
        self.pane.clear()
        self.reader.refresh()

    def shown(self) -> None:
        """Read again: a command line may have run something."""
        self.reader.refresh_soon()

    def _on_result(self, entries: list[RunEntry]) -> None:
        self.table.put(entries)
        self._show_counts()
        self._show_state()
        self._on_chosen(self.view.current())

    def _on_finished(self) -> None:
        if self._wanted and self.view.choose(self._wanted):
            self._wanted = ""
        self._show_counts()
        self._show_state()

    def _show_counts(self) -> None:
        count = len(self.table.entries())
        self.header.set_subtitle(
            tr_count(
                count,
                "{n} run. You can open, resume or repeat it",
                "{n} runs to open, resume or repeat",
            )
            if count
            else tr("Your runs are saved here")
        )
        for key in SHOWN:
            title, found = tr(FILTERS[key]), number_text(self.table.count(key))
            counted = tr("{filter} {count}", filter=title, count=found)
            self.pane.filter.set_text(key, counted if count else title)
        size = sum(entry.checkpoint_bytes for entry in self.table.items())
        self.pane.right.setText(
            tr("{size} of checkpoints; each run keeps its last two", size=bytes_text(size)) if size else ""
        )

    def _show_state(self) -> None:
        self.pane.show_state(any_there=bool(self.table.entries()))
        self.details.setVisible(self.view.current() is not None)

    def _on_narrowed(self, show: str, search: str) -> None:
        self.table.show_only(next(known for known in SHOWN if known == show), search)
        self._show_counts()
        self._show_state()

    def _on_chosen(self, entry: RunEntry | None) -> None:
        chosen = self.view.selected()
        if len(chosen) > 1:
            self.details.show_several(chosen, comparable=_are_comparable(chosen))
        elif entry is not None:
            self.details.show_entry(entry)
        self.details.setVisible(entry is not None)

    def _on_run_changed(self, model: Any) -> None:
        """Update the progress of the current run once a second."""
        if not self.isVisible() or (
            self._since_live.isValid() and self._since_live.elapsed() < LIVE_MILLISECONDS
        ):
            return
        entry = self.table.entry(model.id)
        if entry is None or not model.running:
            return
        self._since_live.start()
        state = model.state
        self.table.update_live(
            replace(
                entry,
                running=True,
                outcome=None,
                step=state.step,
                total_steps=state.total_steps,
                loss=run_summaries.downsampled(state.loss.values, run_summaries.SPARK_POINTS),
                seconds=state.seconds or 0.0,
            )
        )

    # Actions.
    def _with_shown(self, operation: Callable[[RunEntry], object]) -> None:
        entry = self.details.entry()
        if entry is not None:
            operation(entry)

    def open_run(self, entry: RunEntry) -> None:
        """Show a run on the Train page."""
        if entry.recipe is None:
            self.pane.show_error(
                tr("{run} can't be opened: {reason}", run=entry.name, reason=translate(entry.error))
            )
            return
        self.open_requested.emit(entry.id)

    def compare(self, entries: Sequence[RunEntry]) -> None:
        """Show the adapters of runs side by side in the library."""
        if _are_comparable(entries):
            self.compare_requested.emit([entry.adapter_id for entry in entries])

    def edit(self, entry: RunEntry) -> None:
        """Start a new recipe from a run's."""
        if entry.recipe is not None:
            self.edit_requested.emit(replace(entry.recipe, given_name=""))

    def run_again(self, entry: RunEntry) -> None:
        """Run a recipe once more, as a new run."""
        if entry.recipe is not None:
            self.run_again_requested.emit(replace(entry.recipe, given_name=""))

    def rename(self, entry: RunEntry) -> None:
        """Open an editor over the name in the list."""
        if entry.recipe is not None:
            editor = self.view.edit_name(entry.id, entry.name)
            editor.renamed.connect(lambda name: self.operations.rename(entry, name))

    def do_next(self, entry: RunEntry) -> None:
        """Run the next action of a run's row."""
        action, _ = next_step(entry)
        if action == "resume":
            self.resume_requested.emit(entry.id)
        elif action:
            {"open": self.open_run, "again": self.run_again, "edit": self.edit}[action](entry)

    def _on_promoted(self, adapter: Adapter) -> None:
        self._manager.adapters_changed.emit()
        self.pane.undo_strip.offer(
            tr("The adapter {adapter} was created from the checkpoint.", adapter=adapter.name),
            lambda: self.library_requested.emit(adapter.id),
            tr("Show in library"),
        )

    def show_log(self, entry: RunEntry) -> None:
        """Show the end of a run's log."""
        dialog = LogDialog(entry, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    # The menu.
    def menu_for(self, entry: RunEntry) -> QMenu:
        """Return the menu of a run with its possible actions."""
        return make_menu(self, self._entries_for(entry))

    def menu_of_selected(self, entry: RunEntry) -> QMenu:
        """Return the menu of a run, or that of all selected ones if it is one of several."""
        chosen = self.view.selected()
        if len(chosen) < FEWEST or entry not in chosen:
            return self.menu_for(entry)
        return make_menu(self, self._entries_for_several(chosen))

    def _entries_for_several(self, chosen: Sequence[RunEntry]) -> list[Entry]:
        entries: list[Entry] = []
        if _are_comparable(chosen):
            entries += [(tr("Compare"), partial(self.compare, chosen), ""), SEPARATOR]
        if not any(entry.running for entry in chosen):
            entries += [(tr("Delete"), partial(self.operations.delete, chosen), "list.delete")]
        return entries

    def entries(self) -> list[Entry]:
        """Return the actions of the selected run or runs."""
        chosen = self.view.selected()
        if len(chosen) >= FEWEST:
            count = tr_count(len(chosen), "{n} run", "{n} runs")
            return about(count, self._entries_for_several(chosen))
        entry = self.view.current()
        return about(entry.name, self._entries_for(entry)) if entry is not None else []

    def _entries_for(self, entry: RunEntry) -> list[Entry]:
        entries: list[Entry] = []
        if entry.recipe is not None:
            entries += [(tr("Open"), lambda: self.open_run(entry), "list.open")]
            if entry.can_resume:
                entries += [(tr("Resume"), lambda: self.resume_requested.emit(entry.id), "")]
            entries += [
                (tr("Run again"), lambda: self.run_again(entry), ""),
                (tr("New run from these settings"), lambda: self.edit(entry), ""),
                (tr("Rename"), lambda: self.rename(entry), "list.rename"),
                (tr("Copy recipe"), partial(copy_recipe, entry.recipe), ""),
                (tr("Copy as command"), partial(copy_command, entry.recipe), ""),
                SEPARATOR,
            ]
        entries += self._adapter_entries(entry)
        if entry.recipe is not None and not entry.running:
            entries += [(tr("Report…"), lambda: self.report_export.ask(self, entry.job), "")]
        entries += [
            (tr("Show log"), lambda: self.show_log(entry), ""),
            (tr("Open folder"), lambda: self._dialogs.open_folder(entry.job.folder), ""),
        ]
        if not entry.running:
            entries += [SEPARATOR, (tr("Delete"), lambda: self.operations.delete([entry]), "list.delete")]
        return entries

    def _adapter_entries(self, entry: RunEntry) -> list[Entry]:
        found: list[Entry] = []
        if entry.adapter_id:
            found += [
                (tr("Show in library"), lambda: self.library_requested.emit(entry.adapter_id), ""),
                (
                    tr("Continue training from its adapter"),
                    lambda: self.train_from_requested.emit(entry.adapter_id),
                    "",
                ),
            ]
        found += [
            (
                tr("Make an adapter from the checkpoint at step {step}", step=number_text(step_of(path))),
                partial(self.operations.promote, path),
                "",
            )
            for path in reversed(entry.checkpoints)
        ]
        return [*found, SEPARATOR] if found else []


def _are_comparable(entries: Sequence[RunEntry]) -> bool:
    """Return whether the library can show the adapters of these runs side by side."""
    return FEWEST <= len(entries) <= MOST and all(entry.adapter_id for entry in entries)


class LogDialog(QDialog):
    """Shows the end of a run's `worker.log`."""

    def __init__(self, entry: RunEntry, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Log of {run}", run=entry.name))
        self.resize(840, 560)
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setAccessibleName(self.windowTitle())
        self.text.setPlainText(
            escaping.escaped(entry.job.log_tail(LOG_LINES, last_attempt=False)) or tr("The log is empty.")
        )
        self.text.verticalScrollBar().setValue(self.text.verticalScrollBar().maximum())
        self.copy_button = plain(tr("Copy all"), "copy")
        self.copy_button.clicked.connect(lambda: copy_text(self.text.toPlainText()))
        close = plain(tr("Close"))
        close.clicked.connect(self.close)
        vbox((self.text, 1), hbox(self.copy_button, 1, close), of=self, margins=16, spacing=12)
        style.on_style_changed(self._restyle)

    def _restyle(self) -> None:
        self.text.setFont(font("fixed"))


class RunOperations(QObject):
    """`changed`: the history must be read again; `promoted(adapter)`: the library has a new adapter.

    `done(text, undo or None)`: what was done; `failed(text)`: an error.
    """

    changed = Signal()
    promoted = Signal(object)
    done = Signal(str, object)
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = BackgroundTasks(self)

    def delete(self, entries: Sequence[RunEntry]) -> None:
        """Move runs to the trash; a running one is refused. What is done before an error can be undone."""
        moved: list[Path] = []
        try:
            moved.extend(run_store.delete_run(entry.job) for entry in entries)
        except AppError as error:
            self._fail(error)
        self.changed.emit()
        if moved:
            text = tr_count(
                len(moved), "Moved {run} to the trash.", "Moved {n} runs to the trash.", run=entries[0].name
            )
            self.done.emit(text, lambda: self._restore(moved))

    def _restore(self, moved: Sequence[Path]) -> None:
        try:
            for path in moved:
                run_store.restore_run(path)
        except AppError as error:
            self._fail(error)
        self.changed.emit()

    def rename(self, entry: RunEntry, name: str) -> None:
        try:
            run_store.rename(entry.job, name)
        except AppError as error:
            self._fail(error)
            return
        self.changed.emit()

    def promote(self, checkpoint: Path) -> None:
        """Copy a checkpoint's adapter into the library, off the GUI thread."""
        self._background.run(lambda: promote(checkpoint), self.promoted.emit, self._fail)

    def _fail(self, error: AppError) -> None:
        self.failed.emit(translate(f"{error.message} {error.hint}".strip()))


def promote(checkpoint: Path) -> Adapter:
    """Make an adapter from a checkpoint, named after the run's adapter and the step."""
    found = adapter_toml.load(checkpoint)
    return library.promote(checkpoint, run_names.at_step(found.name, found.training.step))


def step_of(checkpoint: Path) -> int:
    """Return the step of a checkpoint."""
    return int(checkpoint.name.rpartition("-")[2])
