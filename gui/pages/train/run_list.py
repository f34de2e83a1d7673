"""The runs at the left of the train page: what trains, what waits, what has ended, and what can be done with each.

The run chosen here is shown beside the list; several can be compared.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QElapsedTimer, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QStackedWidget, QWidget

from engine.api import Adapter, RunEntry, paths
from gui.core.actions import about, menu_action, separator
from gui.core.background_tasks import once
from gui.core.clipboard import copy_command, copy_recipe
from gui.core.preferences import SavedState, values_of
from gui.inputs.fields import SearchField
from gui.look import style
from gui.look.format import bytes_text, number_text
from gui.look.language import mark, tr, tr_count, translate
from gui.models.adapter_table import FEWEST, MOST
from gui.models.folder_readers import HistoryReader
from gui.models.run_table import SHOWN, RunTable, Show, WaitingRun
from gui.pages.train.run_operations import LogDialog, ReportExport, RunOperations, step_of
from gui.tables.grouped_view import GroupedTableView
from gui.widgets.buttons import IconButton, below, link, make_menu, plain
from gui.widgets.cards import ClosableNotice, UndoStrip
from gui.widgets.file_dialogs import open_path
from gui.widgets.labels import ElidedLabel, Label
from gui.widgets.layouts import hbox, vbox
from gui.workers.device_queue import RUNS
from gui.workers.run_model import RunModel
from gui.workers.worker_manager import WorkerManager

FILTERS: dict[Show, str] = {
    "all": mark("All"),
    "completed": mark("Completed"),
    "resumable": mark("Can resume"),
}
TITLES: dict[Show, str] = {
    "all": mark("Runs"),
    "completed": mark("Runs: completed"),
    "resumable": mark("Runs: can resume"),
}
# Of the list, and of a run's result beside it.
RUNS_WIDTH, LEAST_BESIDE = 280, 480
ROW_HEIGHT = 52
LIVE_MILLISECONDS = 1000
# A run is opened when the arrow keys rest on it.
REST_MILLISECONDS = 150


class RunList(QWidget):
    """Lists all runs. `show_current` marks the one that is shown beside it.

    `open_requested(run id)` shows a run, `waiting_requested(key)` one that waits in the queue. `resume_requested(run
    id)` resumes a run, `run_again_requested(recipe)` and `edit_requested(recipe)` start from its recipe,
    `new_run_requested` starts a new one, `train_from_requested(adapter id)` continues from its adapter.
    `library_requested(adapter id)` and `compare_requested(adapter ids)` lead to the library, `trash_requested` and
    `queue_wanted` open the trash and the queue.
    """

    open_requested = Signal(str)
    waiting_requested = Signal(str)
    edit_requested = Signal(object)
    run_again_requested = Signal(object)
    resume_requested = Signal(str)
    new_run_requested = Signal()
    train_from_requested = Signal(str)
    library_requested = Signal(str)
    compare_requested = Signal(list)
    trash_requested = Signal()
    queue_wanted = Signal()

    def __init__(self, manager: WorkerManager, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        style.set_background(self, "surface")
        self._manager = manager
        # The run that is shown beside the list, "" while a new one is made.
        self._shown = ""
        self._filter: Show = "all"
        self._since_live = QElapsedTimer()
        self._rest = once(self, REST_MILLISECONDS, self._open_chosen)
        self.reader = HistoryReader(self)
        self.operations = RunOperations(self)
        self.report_export = ReportExport(self)
        self.table = RunTable(self)
        # The focus alone chooses no run: the one that is chosen is shown.
        self.view = GroupedTableView(
            self.table, tr("Runs"), ROW_HEIGHT, self, several=True, has_lines=False, chooses_on_focus=False
        )
        self.new_button = plain(tr("New run"), "plus", self, press=self.new_run_requested)
        self.compare_button = link(tr("Compare…"), self, press=self._compare_chosen)
        self.title = ElidedLabel(tr("Runs"), "section", "text")
        self.more_button = IconButton("more", tr("More for runs"))
        self.search = SearchField(tr("Search runs"), self)
        self.empty = Label("", "label", "muted", wrap=True)
        self.size_label = Label("", "small", "hint", wrap=True)
        self.notice, self.undo_strip = ClosableNotice(), UndoStrip()
        self.view.horizontalHeader().hide()
        self._stack = QStackedWidget()
        for part in (self.view, QWidget()):
            self._stack.addWidget(part)
        vbox(self.empty, 1, of=self._stack.widget(1), margins=(12, 12, 12, 8))
        head = hbox((self.title, 1), self.compare_button, self.more_button, spacing=4)
        top = vbox(head, self.new_button, self.search, margins=(20, 12, 12, 0), spacing=8)
        foot = vbox(self.size_label, self.notice, self.undo_strip, margins=(20, 8, 12, 8), spacing=8)
        vbox(top, hbox((self._stack, 1), margins=(8, 0, 0, 0)), foot, of=self, spacing=0)
        self._connect()
        SavedState(self.view, "list", self._saved_state, self._restore_state)
        self.reader.start()

    def _connect(self) -> None:
        self.reader.listed.connect(self.table.retain)
        self.reader.read.connect(self._on_result)
        self.reader.finished.connect(self._show_state)
        self.operations.changed.connect(self.reader.refresh)
        self.operations.done.connect(self.undo_strip.offer)
        self.operations.failed.connect(self.notice.warn)
        self.operations.promoted.connect(self._on_promoted)
        self.report_export.reported.connect(self.notice.say)
        self.more_button.clicked.connect(lambda: self.more_menu().popup(below(self.more_button)))
        self.search.searched.connect(lambda _text: self._narrow())
        view = self.view
        view.chosen.connect(self._on_chosen)
        view.opened.connect(self.open_run)
        view.menu_wanted.connect(lambda item, point: self.menu_of_selected(item).popup(point))
        self.table.renamed.connect(self._rename)
        view.delete_wanted.connect(lambda _entry: self.delete(self.selected()))
        manager = self._manager
        manager.runs_changed.connect(self.reader.refresh)
        manager.run_changed.connect(self._on_run_changed)
        manager.device_queue.changed.connect(self._show_waiting)

    # Display.
    def refresh(self) -> None:
        """Read again: a command line may have run something."""
        self.reader.refresh_soon()
        self._show_waiting()

    def show_current(self, run_id: str) -> None:
        """Mark the run that is shown beside the list, now or as soon as it is read; none with ""."""
        self._shown = run_id
        self._rest.stop()
        if run_id:
            if not self.view.choose(run_id) and self.table.entry(run_id) is not None:
                self.search.clear()
                self.show_only("all")
                self.view.choose(run_id)
        else:
            self.view.choose_nothing()

    def selected(self) -> list[RunEntry]:
        return [item for item in self.view.selected() if isinstance(item, RunEntry)]

    def _on_result(self, entries: list[RunEntry]) -> None:
        self.table.put(entries)
        self._show_state()

    def _show_state(self) -> None:
        has_runs, is_listed = bool(self.table.entries()), self.table.rowCount() > 0
        self.empty.setText(
            tr("No run found. Change the search, or show all.")
            if has_runs
            else tr("Your runs are saved here.")
        )
        self._stack.setCurrentIndex(0 if is_listed else 1)
        self.search.setVisible(has_runs)
        self.compare_button.setVisible(has_runs)
        size = sum(entry.checkpoint_bytes for entry in self.table.runs())
        text = tr("{size} of checkpoints; each run keeps two", size=bytes_text(size))
        self.size_label.setText(text if size else "")
        self.size_label.setVisible(bool(size))

    def _show_waiting(self) -> None:
        queue = self._manager.device_queue
        waiting = [each for each in queue.waiting if each.kind in RUNS]
        self.table.put_waiting([WaitingRun(each.key, each.title, queue.waits_for(each)) for each in waiting])
        self._show_state()

    def show_only(self, show: Show) -> None:
        self._filter = show
        self._narrow()

    def _narrow(self) -> None:
        self.title.setText(tr(TITLES[self._filter]))
        self.table.show_only(self._filter, self.search.text().strip())
        self._show_state()

    def _saved_state(self) -> str:
        return json.dumps({"search": self.search.text(), "shown": self._filter})

    def _restore_state(self, text: str) -> None:
        saved = values_of(text)
        self._filter = next((known for known in SHOWN if known == saved.get("shown")), "all")
        self.search.setText(str(saved.get("search", "")))
        self._narrow()

    def _on_run_changed(self, model: RunModel) -> None:
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
        live = replace(entry, running=True, outcome=None, step=state.step, total_steps=state.total_steps)
        live = replace(live, seconds=state.seconds or 0.0, seconds_left=state.seconds_left())
        self.table.update_live(live)

    # Actions.
    def _on_chosen(self, item: RunEntry | WaitingRun | None) -> None:
        is_other = item is not None and item.id != self._shown
        if is_other and len(self.view.selected()) == 1:
            self._rest.start()
        else:
            self._rest.stop()

    def _open_chosen(self) -> None:
        item = self.view.current()
        if item is not None and len(self.view.selected()) == 1 and item.id != self._shown:
            self.open_run(item)

    def open_run(self, item: RunEntry | WaitingRun) -> None:
        """Show a run beside the list, or the recipe of one that waits."""
        if isinstance(item, WaitingRun):
            self.waiting_requested.emit(item.id)
        elif item.recipe is None:
            self.notice.warn(
                tr("{run} can't be opened: {reason}", run=item.name, reason=translate(item.error))
            )
        else:
            self.open_requested.emit(item.id)

    def _compare_chosen(self) -> None:
        """Compare the selected runs; where they can't be, those are chosen there."""
        chosen = self.selected()
        self.compare_requested.emit([entry.adapter_id for entry in chosen] if _are_comparable(chosen) else [])

    def _rename(self, entry: RunEntry, name: str) -> None:
        self.operations.rename(entry, name)
        if entry.id == self._shown and not entry.running:
            self.open_requested.emit(entry.id)

    def delete(self, entries: Sequence[RunEntry]) -> None:
        """Move runs to the trash, and leave the one that is shown."""
        self.operations.delete(entries)
        if any(entry.id == self._shown and not entry.job.folder.exists() for entry in entries):
            self.new_run_requested.emit()

    def _on_promoted(self, adapter: Adapter) -> None:
        self._manager.adapters_changed.emit()
        self.undo_strip.offer(
            tr("Created {adapter} from the checkpoint.", adapter=adapter.name),
            lambda: self.library_requested.emit(adapter.id),
            tr("Show in library"),
        )

    def show_log(self, entry: RunEntry) -> None:
        """Show the end of a run's log."""
        dialog = LogDialog(entry, self)
        dialog.open()

    # The menus.
    def more_menu(self) -> QMenu:
        """Return the menu of the whole list: which runs it shows, their folder, the trash."""
        menu = make_menu(self, [separator(), *self._general_entries()])
        group, first = QActionGroup(menu), menu.actions()[0]
        for show, title in FILTERS.items():
            text = tr("{filter} {count}", filter=tr(title), count=number_text(self.table.count(show)))
            action = menu_action(text, partial(self.show_only, show))
            action.setParent(menu)
            action.setCheckable(True)
            action.setChecked(show == self._filter)
            group.addAction(action)
        menu.insertActions(first, group.actions())
        return menu

    def _general_entries(self) -> list[QAction]:
        return [
            menu_action(tr("Open the runs folder"), lambda: open_path(paths.runs_folder())),
            menu_action(tr("Trash"), self.trash_requested.emit),
        ]

    def menu_for(self, entry: RunEntry) -> QMenu:
        """Return the menu of a run with its possible actions."""
        return make_menu(self, self._entries_for(entry))

    def menu_of_selected(self, item: RunEntry | WaitingRun) -> QMenu:
        """Return the menu of a run, or that of all selected ones if it is one of several."""
        if isinstance(item, WaitingRun):
            return make_menu(self, [menu_action(tr("Queue…"), self.queue_wanted.emit)])
        chosen = self.selected()
        if len(chosen) < FEWEST or item not in chosen:
            return self.menu_for(item)
        return make_menu(self, self._entries_for_several(chosen))

    def _entries_for_several(self, chosen: Sequence[RunEntry]) -> list[QAction]:
        entries: list[QAction] = []
        if _are_comparable(chosen):
            entries += [menu_action(tr("Compare"), self._compare_chosen), separator()]
        if not any(entry.running for entry in chosen):
            entries += [menu_action(tr("Delete"), partial(self.delete, chosen), "list.delete")]
        return entries

    def entries(self) -> list[QAction]:
        """Return what can be done with the selected run or runs, and with all, for the palette."""
        chosen, general = self.selected(), self._general_entries()
        if len(chosen) >= FEWEST:
            return general + about(
                tr_count(len(chosen), "{n} run", "{n} runs"), self._entries_for_several(chosen)
            )
        return general + [each for entry in chosen for each in about(entry.name, self._entries_for(entry))]

    def _entries_for(self, entry: RunEntry) -> list[QAction]:
        entries: list[QAction] = []
        if entry.recipe is not None:
            unnamed = replace(entry.recipe, given_name="")
            entries += [menu_action(tr("Open"), lambda: self.open_run(entry), "list.open")]
            if entry.can_resume:
                entries += [menu_action(tr("Resume"), lambda: self.resume_requested.emit(entry.id))]
            entries += [
                menu_action(tr("Run again"), lambda: self.run_again_requested.emit(unnamed)),
                menu_action(tr("New run from these settings"), lambda: self.edit_requested.emit(unnamed)),
                menu_action(tr("Rename"), lambda: self.view.edit_name(entry.id), "list.rename"),
                menu_action(tr("Copy recipe"), partial(copy_recipe, entry.recipe)),
                menu_action(tr("Copy as command"), partial(copy_command, entry.recipe)),
                separator(),
            ]
        entries += self._adapter_entries(entry)
        if entry.recipe is not None and not entry.running:
            entries += [menu_action(tr("Report…"), lambda: self.report_export.ask(self, entry.job))]
        entries += [
            menu_action(tr("Show log"), lambda: self.show_log(entry)),
            menu_action(tr("Open folder"), lambda: open_path(entry.job.folder)),
        ]
        if not entry.running:
            entries += [separator(), menu_action(tr("Delete"), lambda: self.delete([entry]), "list.delete")]
        return entries

    def _adapter_entries(self, entry: RunEntry) -> list[QAction]:
        found: list[QAction] = []
        if entry.adapter_id:
            found += [
                menu_action(tr("Show in library"), lambda: self.library_requested.emit(entry.adapter_id)),
                menu_action(
                    tr("Continue training from its adapter"),
                    lambda: self.train_from_requested.emit(entry.adapter_id),
                ),
            ]
        found += [
            menu_action(
                tr("Make an adapter from step {step}", step=number_text(step_of(path))),
                partial(self.operations.promote, path),
            )
            for path in reversed(entry.checkpoints)
        ]
        return [*found, separator()] if found else []


def _are_comparable(entries: Sequence[RunEntry]) -> bool:
    """Return whether the adapters of these runs can be compared."""
    return FEWEST <= len(entries) <= MOST and all(entry.adapter_id for entry in entries)
