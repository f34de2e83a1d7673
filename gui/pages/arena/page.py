"""The arena page: compares methods on one data set in a table, two charts, and a queue of runs.

Lays out and connects the parts in `gui.pages.arena`. The state is on disk: changes are written to the folders of the
arena and its runs, and shown after they are read again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QAction, QHideEvent
from PySide6.QtWidgets import QMenu, QStackedWidget, QWidget

from engine.api import AppError, Family, Recipe, arenas
from gui.core.actions import about, menu_action
from gui.core.preferences import values_of
from gui.inputs.combo_box import ComboBox
from gui.look import style
from gui.look.fonts import px
from gui.look.language import tr, translate
from gui.models.arena_table import ArenaTable
from gui.models.folder_readers import ArenaReader, Snapshot, chosen_for_blind
from gui.pages.arena.arena_operations import ArenaMaker, ArenaOperations, EntryMenu
from gui.pages.arena.arena_text import base_score_text, summary_text
from gui.pages.arena.entries_form import EntriesForm
from gui.pages.arena.lower_pane import LowerPane
from gui.pages.arena.summaries_form import SummariesForm
from gui.pages.arena.table_head import ColumnsButton, HeadlineView
from gui.pages.train.run_operations import ReportExport
from gui.shell.page import NARROW, Page
from gui.tables.grouped_view import HEAD_HEIGHT, GroupedTableView
from gui.tables.list_pane import save_list_state
from gui.widgets.buttons import make_menu, plain, primary, quiet
from gui.widgets.cards import ClosableNotice, EmptyState, NoticeStrip, UndoStrip
from gui.widgets.labels import ElidedLabel
from gui.widgets.layouts import FlowBox, Scroll, fill, hbox

EntryStatus = arenas.EntryStatus
MAX_ROWS, MIN_ROWS, ROW_HEIGHT = 10, 4, 36
# The height of header, tools, charts and margins beside the table's rows.
ROOM_BESIDE = 460
CHECKED_AT_FIRST = 4
# The height of a window in which only the first line of the headline has room.
LOW = 760


class ArenaPage(Page):
    """`recipe_wanted` requests the Train page's recipe, which is passed to `offer_recipe`.

    `open_requested(run id)` opens a run, `library_requested(adapter id)` its adapter.
    """

    recipe_wanted = Signal()
    open_requested = Signal(str)
    library_requested = Signal(str)
    blind_requested = Signal(list)

    def __init__(self, manager: Any, parent: QWidget | None = None) -> None:
        super().__init__(tr("Compare methods"), "", parent)
        self._manager = manager
        self._queue = manager.arena_queue
        self._shown = Snapshot(None, {})
        self._arena_id = ""
        self.chosen = ""
        self.checked: set[str] = set()
        self._begun: dict[str, Any] = {}
        self.reader = ArenaReader(self)
        self.operations = ArenaOperations(manager, self)
        self.menu = EntryMenu(self.operations, self._queue, self)
        self.report_export = ReportExport(self)
        self.table = ArenaTable(self)
        self.choice = ComboBox()
        self.choice.setAccessibleName(tr("Arena"))
        style.scale(self.choice, QWidget.setFixedWidth, 176)
        self.pause_button = plain(tr("Pause queue"), "pause")
        self.start_button = primary(tr("Start queue"), "play")
        self.add_button = plain(tr("Add entries…"), "plus")
        self.new_button = plain(tr("New arena…"), "arena")
        buttons = (self.new_button, self.add_button, self.pause_button, self.start_button)
        for part in (self.choice, *buttons):
            self.header.add(part)
        self._make_parts()
        tools = [self.columns_button, self.differences_button, self.blind_button, self.report_button]
        above = hbox((self.base_line, 1), FlowBox(tools, parent=self._content.content))
        column = self._content.column
        fill(
            column,
            self.headline,
            above,
            self.view,
            self._unscored,
            (self.lower_pane, 1),
            self.notice,
            self.download_strip,
        )
        fill(self._stack, self._empty, self._content, self.form, self.summaries_form)
        fill(self.body, (self._stack, 1), self.undo_strip)
        self._connect()
        self._clock = QTimer(self)
        self._clock.setInterval(2000)
        self._clock.timeout.connect(self._refresh_if_seen)
        self._clock.start()
        self._show_state()

    # Construction.

    def _make_parts(self) -> None:
        self._stack = QStackedWidget(self.content)
        self.empty_button = primary(tr("New arena…"), "plus")
        self._empty = EmptyState(
            "arena",
            tr("No arena yet"),
            tr("An arena trains several methods on your data and compares the results."),
            [self.empty_button],
            parent=self._stack,
        )
        self._content = Scroll((24, 12, 24, 16), parent=self._stack)
        content = self._content.content
        self.headline = HeadlineView(content)
        self.base_line = ElidedLabel("", "label", "muted", content)
        self.columns_button = ColumnsButton(content)
        self.differences_button = quiet(tr("Show recipe differences"), parent=content)
        self.blind_button = quiet(tr("Compare blind…"), parent=content)
        self.blind_button.setToolTip(tr("Compare the summaries of the checked entries without names"))
        self.report_button = quiet(tr("Report…"), parent=content)
        for button in (self.differences_button, self.blind_button, self.report_button):
            button.set_short()
        self.view = GroupedTableView(self.table, tr("Results"), ROW_HEIGHT, content)
        save_list_state(self.view)
        self._unscored = EmptyState("clock", tr("No entry is scored yet"), parent=content)
        style.scale(self._unscored, QWidget.setMinimumHeight, 176)
        self.lower_pane = LowerPane(content)
        style.scale(self.lower_pane, QWidget.setMinimumHeight, 200)
        self.undo_strip, self.notice = UndoStrip(content, foot=True), ClosableNotice(content)
        self.download_strip = NoticeStrip(parent=content)
        self.form, self.summaries_form = EntriesForm(self._stack), SummariesForm(self._manager, self._stack)
        self.maker = ArenaMaker(self._manager, self.form, self)

    def _connect(self) -> None:
        self.reader.read.connect(self._on_result)
        self.choice.chosen.connect(self.open)
        self.pause_button.clicked.connect(lambda: self._with_arena(self.operations.pause))
        self.start_button.clicked.connect(lambda: self._with_arena(self.operations.start))
        self.operations.changed.connect(self.refresh)
        self.operations.changed.connect(self._show_header)
        self.operations.restored.connect(self.open)
        self.operations.done.connect(self.undo_strip.offer)
        self.operations.failed.connect(self.notice.warn)
        for button, new in ((self.new_button, True), (self.empty_button, True), (self.add_button, False)):
            button.clicked.connect(lambda _=False, new=new: self._ask(new=new))
        self.maker.made.connect(self._show_added)
        self.maker.shows.connect(self._show_part)
        self.form.cancelled.connect(self._show_state)
        self.form.file_wanted.connect(self.ask_for_summaries)
        self.summaries_form.cancelled.connect(self._show_state)
        self.summaries_form.added.connect(self._show_added)
        self.columns_button.chosen.connect(self.table.set_metrics)
        self.differences_button.clicked.connect(self._toggle_differences)
        self.blind_button.clicked.connect(
            lambda: self.blind_requested.emit(chosen_for_blind(self._shown, self.checked))
        )
        self.report_button.clicked.connect(self._ask_where)
        self.report_export.reported.connect(self.undo_strip.offer)
        self.operations.asked.connect(self.download_strip.show_notice)
        self.download_strip.acted.connect(self.download_strip.hide)
        self.download_strip.acted.connect(self.operations.confirm_download)
        self.view.chosen.connect(self._choose_row)
        self.view.opened.connect(lambda row: self.menu.open_run(row.status))
        self.view.check_pressed.connect(self._toggle_check)
        self.view.order_wanted.connect(self.table.sort_by)
        self.view.menu_wanted.connect(lambda row, point: make_menu(self, self.menu.of_row(row)).popup(point))
        self.menu.open_requested.connect(self.open_requested)
        self.menu.library_requested.connect(self.library_requested)
        self.menu.deleted.connect(self._forget)
        queue, below = self.lower_pane.queue, self.lower_pane
        below.front.picked.connect(self.choose)
        below.losses.failed.connect(self.notice.warn)
        queue.chosen.connect(lambda status: self.choose(status.entry.id) if status is not None else None)
        queue.move_wanted.connect(lambda entry_id, by: self._with_arena(self.operations.move, entry_id, by))
        queue.remove_wanted.connect(lambda status: self._with_arena(self.operations.remove, status))
        queue.open_wanted.connect(self.menu.open_run)
        queue.menu_wanted.connect(lambda status, point: self.menu_for(status).popup(point))
        self._queue.changed.connect(self.refresh)
        self._queue.failed.connect(self.notice.warn)
        self._manager.runs_changed.connect(self.refresh)
        self._manager.device_queue.changed.connect(self._show_header)

    def adapt(self, width: int) -> None:
        """Below 1200 the charts and the queue become three tabs."""
        narrow = width < px(NARROW)
        self.lower_pane.set_narrow(narrow)
        self.choice.setFixedWidth(px(120 if narrow else 176))
        self._fit_table()

    # Display.
    def open(self, arena_id: str) -> None:
        if arena_id != self._arena_id:
            self._arena_id, self.chosen, self.checked = arena_id, "", set()
        self.refresh()

    def shown(self) -> None:
        """Read again: a command line may have run a queue."""
        self.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.maker.rest()

    def refresh(self) -> None:
        self.reader.refresh(self._arena_id, self.checked)

    def _refresh_if_seen(self) -> None:
        if self.isVisible() and self._stack.currentWidget() is self._content:
            self.refresh()

    def _on_result(self, found: Snapshot) -> None:
        fresh = found.arena is not None and found.arena.id != self._arena_id
        self._shown = found
        self.menu.arena = found.arena
        self._arena_id = found.arena.id if found.arena is not None else ""
        rows = [row for group in found.groups for row in group.rows]
        if fresh or not self.checked:
            self.checked = {row.id for row in rows[:CHECKED_AT_FIRST]}
            if self.checked:
                self.refresh()
        self.choice.set_items(list(found.others.items()))
        self.choice.set_key(self._arena_id)
        self.table.set_checked(self.checked)
        self.table.set_groups(found.groups)
        self._show_charts()
        self._show_header()
        if self._begun and found.arena is not None:
            # The form of more entries waited for its arena.
            self._go_on()
        if not self._fills_in():
            self._show_state()

    def _show_state(self) -> None:
        found = self._shown
        self._stack.setCurrentWidget(self._content if found.arena is not None else self._empty)
        count = self.table.rowCount()
        self.view.setVisible(count > 0)
        self._unscored.setVisible(not count)
        is_worked = found.worked or bool(found.arena and self._queue.works(found.arena.id))
        self._unscored.set_what_to_do(
            tr("Entries appear here when their runs end.")
            if is_worked
            else tr("Start the queue. Entries appear here when their runs end.")
        )
        self.columns_button.offer(self.table.known_metrics())
        self.differences_button.setVisible(count > 1)
        self.blind_button.setVisible(count > 0)
        self.report_button.setVisible(found.arena is not None)
        self._fit_table()
        self._show_header()

    def _fit_table(self) -> None:
        """Fit the table's height to its rows: ten at most, fewer if the charts need the space."""
        self.headline.set_short(self.window().height() < px(LOW))
        told = self.headline.height() + px(48) if self.headline.isVisibleTo(self._content) else 0
        fitting = (self.window().height() - px(ROOM_BESIDE) - told) // px(ROW_HEIGHT)
        shown = min(self.table.rowCount(), MAX_ROWS, max(MIN_ROWS, fitting))
        self.view.setFixedHeight(px(HEAD_HEIGHT) + shown * px(ROW_HEIGHT) + 4)

    def _show_charts(self) -> None:
        found = self._shown
        first = found.groups[0].rows if found.groups else ()
        entries = {each.entry.id: each.entry for each in found.statuses}
        self.lower_pane.show_results(first, found.losses, entries, self._shown.row_id(self.chosen))
        current = self._manager.current
        planned_seconds = found.arena.planned_seconds if found.arena is not None else 0.0
        followed = current.id if current is not None else ""
        self.lower_pane.queue.show_queue(found.statuses, followed, planned_seconds)
        self.headline.show_headline(found)
        self.base_line.setText(base_score_text(found))
        if self.lower_pane.shows_differences():
            self._show_differences()

    def _show_header(self) -> None:
        found, arena = self._shown, self._shown.arena
        asking = self._fills_in()
        self.header.set_subtitle(self._subtitle())
        paused = arena is None or arena.paused
        is_open = arenas.next_up(list(found.statuses), set()) is not None
        here = arena is not None and self._queue.works(arena.id)
        rests = here and self._manager.device_queue.paused
        self.pause_button.setVisible(not asking and not paused and (is_open or here))
        self.start_button.setVisible(
            not asking and arena is not None and is_open and (rests or not (here or found.worked))
        )
        waits = not rests and self._manager.device_queue.must_wait("arena")
        self.start_button.setText(tr("Add to queue") if waits else tr("Start queue"))
        self.start_button.setEnabled(not self.operations.is_checking)
        self.add_button.setVisible(arena is not None and not asking)
        self.new_button.setVisible(arena is not None and not asking)
        self.choice.setVisible(len(found.others) > 1 and not asking)

    def _subtitle(self) -> str:
        if self._shown.arena is None:
            return tr("Compare methods on your data")
        return ". ".join(filter(None, (summary_text(self._shown), self._queue_text())))

    def _queue_text(self) -> str:
        found, waiting = self._shown, self._manager.device_queue
        if found.arena is None or not self._queue.works(found.arena.id):
            return tr("Another process runs this queue") if found.worked else ""
        entry = waiting.find("arena", arena=found.arena.id)
        if entry is None or any(self.operations.follows(each) for each in found.statuses):
            return ""
        return tr("In the queue: {why}", why=waiting.waits_for(entry))

    # Selection.
    def choose(self, entry_id: str) -> None:
        if entry_id == self.chosen:
            return
        self.chosen = entry_id
        row_id = self._shown.row_id(entry_id)
        self.view.choose(row_id)
        self.lower_pane.choose(entry_id, row_id)

    def _choose_row(self, row: arenas.Row | None) -> None:
        if row is not None and self.chosen not in {each.entry.id for each in row.statuses}:
            self.choose(row.id)

    def _toggle_check(self, row: arenas.Row) -> None:
        self.checked ^= {row.id}
        self.table.set_checked(self.checked)
        self.refresh()

    def _toggle_differences(self) -> None:
        shows = not self.lower_pane.shows_differences()
        self.lower_pane.show_differences_instead(shows)
        self.differences_button.setText(tr("Show charts") if shows else tr("Show recipe differences"))
        if shows:
            self._show_differences()

    def _show_differences(self) -> None:
        arena = self._shown.arena
        # Another system's summaries have no recipe.
        rows = [row for row in self.table.items() if row.id in self.checked and not row.status.external]
        if arena is None:
            return
        try:
            tables = [arena.tables(row.status.entry) for row in rows]
        except AppError as error:
            self.notice.warn(translate(arenas.why_not(error)))
            return
        self.lower_pane.differences.show_differences([translate(row.name) for row in rows], tables)

    # Actions.
    def _with_arena(self, operation: Callable[..., object], *rest: object) -> None:
        if self._shown.arena is not None:
            operation(self._shown.arena, *rest)

    def _ask_where(self) -> None:
        if self._shown.arena is not None:
            self.report_export.ask(self, self._shown.arena)

    def menu_for(self, status: EntryStatus) -> QMenu:
        return make_menu(self, self.menu.of_entry(status))

    def saved_state(self) -> dict[str, str]:
        """Return the arena shown, the columns of metrics, the axes of the plot, and the values of an open form."""
        begun = self.form.values() | {"new": self.maker.makes_new} if self.form.isVisibleTo(self) else {}
        return super().saved_state() | {
            "columns": " ".join(self.columns_button.on()),
            "axes": " ".join(self.lower_pane.front.wanted_axes),
            "arena": self._arena_id,
            "begun": json.dumps(begun),
        }

    def restore_state(self, saved: Mapping[str, str]) -> None:
        if len(axes := saved.get("axes", "").split()) == 2:
            self.lower_pane.front.set_axes(*axes)
        if "columns" in saved:
            self.columns_button.show_only(saved["columns"].split())
        super().restore_state(saved)
        self._arena_id = saved.get("arena", "")
        self._begun = values_of(saved.get("begun", ""))
        if self._begun.get("new"):
            self._go_on()

    def entries(self) -> list[QAction]:
        found = [each for each in self._shown.statuses if each.entry.id == self.chosen]
        own = about(translate(found[0].entry.name), self.menu.of_entry(found[0])) if found else []
        add = menu_action(tr("Add summaries from a file…"), self.ask_for_summaries)
        return [*own, add] if self._shown.arena is not None else own

    def _forget(self) -> None:
        self._arena_id = ""
        self.refresh()

    # New arenas and entries.
    def _ask(self, *, new: bool) -> None:
        self.recipe_wanted.emit()
        if new:
            self.maker.ask_for_arena()
        elif self._shown.arena is not None:
            self.maker.ask_for_entries(self._shown.arena)
        self._stack.setCurrentWidget(self.form)
        self._show_header()

    def _go_on(self) -> None:
        begun, self._begun = self._begun, {}
        self._ask(new=bool(begun.get("new")))
        if self._fills_in():
            self.form.restore(begun)

    def ask_for_summaries(self) -> None:
        if self._shown.arena is not None:
            self.summaries_form.ask(self._shown.arena, self._shown.statuses)
            self._stack.setCurrentWidget(self.summaries_form)
            self._show_header()

    def _show_part(self, part: QWidget) -> None:
        if self._stack.indexOf(part) < 0:
            self._stack.addWidget(part)
        self._stack.setCurrentWidget(part)
        self._show_header()

    def _show_added(self, arena_id: str) -> None:
        self._stack.setCurrentWidget(self._content)
        self.open(arena_id)

    def _fills_in(self) -> bool:
        """Return whether a form, or the list of base models for it, is open."""
        return self._stack.currentWidget() not in (self._content, self._empty)

    def offer_recipe(self, recipe: Recipe | None, family: Family | None) -> None:
        self.maker.offer_recipe(recipe, family)
