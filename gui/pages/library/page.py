"""The library page: all adapters on this computer, grouped by comparable scores, and the selected one's metadata.

Lays out and connects the parts in `gui.pages.library`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import QMenu, QWidget

from engine.api import Adapter, Unreadable, paths
from gui.core.actions import about, menu_action, separator
from gui.core.file_opening import dropped
from gui.graphics.bars import BusyRow
from gui.look.fonts import px
from gui.look.format import number_text
from gui.look.language import mark, tr, tr_count
from gui.models.adapter_table import FEWEST, MOST, SHOWN, AdapterTable, Narrowed
from gui.models.folder_readers import LibraryReader
from gui.pages.library.filter_row import FilterRow
from gui.pages.library.import_export import ImportExport
from gui.pages.library.jobs import Choice, Done, LibraryJobs, score_choices
from gui.pages.library.library_operations import Dialogs, LibraryOperations
from gui.pages.library.library_text import size_text, subtitle, unreadable_text
from gui.pages.library.metadata_panel import Drawer, MetadataPanel
from gui.pages.library.serve_dialog import ServeDialog
from gui.shell.page import NARROW, Page
from gui.tables.grouped_view import GroupedTableView
from gui.tables.list_pane import ListPane, save_list_state
from gui.widgets.buttons import IconButton, below, make_menu, plain, primary
from gui.widgets.cards import EmptyState, NoticeStrip
from gui.widgets.layouts import hbox

FILTERS = {"all": mark("All"), "scored": mark("Scored"), "imported": mark("Imported")}


class LibraryPage(Page):
    """Shows the library. `open` selects an adapter.

    `try_requested(adapter ids)` opens the playground, `train_from_requested(adapter id)` and `new_run_requested` the
    Train page, `trash_requested` the trash.
    """

    try_requested = Signal(list)
    compare_requested = Signal(list)
    train_from_requested = Signal(str)
    new_run_requested = Signal()
    trash_requested = Signal()

    def __init__(self, manager: Any, dialogs: Dialogs | None = None, parent: QWidget | None = None) -> None:
        super().__init__(tr("Adapters"), "", parent)
        self._manager = manager
        self._wanted = ""
        self._when_read: Callable[[], object] = lambda: None
        self._shown_unreadable: list[Unreadable] = []
        self._in_use: set[str] = set()
        self._size_bytes = 0
        self._done_text = ""
        self.reader = LibraryReader(self)
        self.operations = LibraryOperations(self)
        self.jobs = LibraryJobs(manager, self)
        self._dialogs = dialogs or Dialogs()
        self.import_export = ImportExport(self, self._dialogs, self.operations, self.jobs, manager)
        self.table = AdapterTable(self)
        self.view = GroupedTableView(self.table, tr("Adapters"), several=True)
        self.panel = MetadataPanel()
        self.more_button = IconButton("more", tr("More for all adapters"))
        self.import_button = plain(tr("Import…"), "import")
        for button in (self.more_button, self.import_button):
            self.header.add(button)
        self.cancel_button = plain(tr("Cancel"))
        self.busy = BusyRow("", self.cancel_button)
        self.busy.hide()
        self.download_strip = NoticeStrip()
        self.download_strip.hide()
        self.empty_run = primary(tr("New run"), "plus", press=self.new_run_requested)
        self._empty_import = plain(tr("Import…"), "import")
        empty = EmptyState(
            "library",
            tr("No adapters yet"),
            tr("Train one, or import a folder or zip."),
            [self.empty_run, self._empty_import],
        )
        nothing_found = EmptyState("search", tr("No adapter found"), tr("Change the search, or show all."))
        filters = {key: tr(title) for key, title in FILTERS.items()}
        search = tr("Search names, bases, methods, tags")
        self.pane = ListPane(self.view, search, filters, empty, nothing_found)
        self.filters = FilterRow()
        self.pane.add_tools(self.filters)
        self.pane.add_strip(self.busy)
        self.pane.add_strip(self.download_strip)
        save_list_state(self.view, self.pane.search, self.pane.filter)
        row = hbox((self.pane, 1), spacing=0)
        self.drawer = Drawer(row, self.pane, self.panel)
        self.body.addLayout(row, 1)
        self._connect()
        self._connect_jobs()
        self.setAcceptDrops(True)
        self.reader.start()

    # Construction.

    def _connect(self) -> None:
        self.reader.read.connect(self._on_result)
        self.reader.checked.connect(self._on_checked)
        self.operations.changed.connect(self._on_changed)
        self.operations.done.connect(self.pane.undo_strip.offer)
        self.operations.failed.connect(self.pane.show_error)
        self.more_button.clicked.connect(lambda: self.more_menu().popup(below(self.more_button)))
        self.import_button.clicked.connect(lambda: self._import_menu(self.import_button))
        self._empty_import.clicked.connect(lambda: self._import_menu(self._empty_import))
        self.pane.narrowed.connect(lambda _show, _search: self._narrow())
        self.filters.changed.connect(self._narrow)
        view = self.view
        view.chosen.connect(self._on_chosen)
        view.clicked.connect(lambda _index: self.drawer.open())
        view.opened.connect(self._on_opened)
        view.link_pressed.connect(lambda adapter, _column: self.score(adapter))
        view.menu_wanted.connect(lambda adapter, point: self.menu_of_selected(adapter).popup(point))
        self.table.renamed.connect(lambda adapter, name: self.operations.update(adapter, name=name))
        view.delete_wanted.connect(lambda _adapter: self.delete(self.view.selected()))
        view.order_wanted.connect(self.table.sort_by)
        panel = self.panel
        panel.try_button.clicked.connect(
            lambda: self._with_shown(lambda found: self.try_requested.emit([found.id]))
        )
        panel.score_button.clicked.connect(lambda: self._with_shown(self.score))
        panel.compare_button.clicked.connect(lambda: self.compare(self.view.selected()))
        panel.export_button.clicked.connect(
            lambda: self._with_shown(lambda found: self.export_menu(found).popup(below(panel.export_button)))
        )
        panel.folder_button.clicked.connect(lambda: self._with_shown(self._open_folder))
        panel.more_button.clicked.connect(
            lambda: self._with_shown(lambda found: self.menu_for(found).popup(below(panel.more_button)))
        )
        panel.close_button.clicked.connect(self._close_drawer)
        panel.tags_changed.connect(lambda adapter, tags: self.operations.update(adapter, tags=tags))
        panel.notes_changed.connect(lambda adapter, notes: self.operations.update(adapter, notes=notes))

    def _connect_jobs(self) -> None:
        self.jobs.started.connect(self._on_job_started)
        self.jobs.progressed.connect(self.busy.set_progress)
        self.jobs.ended.connect(self._on_job_ended)
        self.jobs.failed.connect(self._on_job_failed)
        self.jobs.asked.connect(self.download_strip.show_notice)
        self.jobs.asked.connect(self._put_job_away)
        self.jobs.queued.connect(self._on_job_queued)
        self._manager.device_queue.changed.connect(self._show_waits)
        self.download_strip.acted.connect(self.jobs.confirm_download)
        self.cancel_button.clicked.connect(self.jobs.cancel)
        self._manager.adapters_changed.connect(self.reader.refresh)
        self._manager.run_started.connect(self._mark_in_use)
        self._manager.run_ended.connect(self._mark_in_use)

    # Display.
    def open(self, adapter_id: str) -> None:
        """Select an adapter, now or as soon as it is read."""
        self._wanted = adapter_id
        self.pane.clear()
        self.filters.clear()
        self._narrow()
        self.reader.refresh()

    def open_and_score(self, adapter_id: str) -> None:
        """Select an adapter and score it as soon as it is read."""
        self.open(adapter_id)
        self._when_read = lambda: list(map(self.score, self._still_there([adapter_id])))

    def _still_there(self, adapter_ids: Sequence[str]) -> list[Adapter]:
        """Return the adapters with these ids; none, if one of them is gone."""
        found = [each for each in self.table.adapters() if each.id in adapter_ids]
        if len(found) == len(adapter_ids):
            return found
        self.pane.show_error(tr("The adapter is no longer in the library."))
        return []

    def shown(self) -> None:
        """Read again: other programs may have changed the folder."""
        self.reader.refresh_soon()

    def _on_result(self, adapters: list[Adapter], unreadable: list[Unreadable], size_bytes: int) -> None:
        self.filters.offer(adapters)
        self.table.set_adapters(adapters)
        self._size_bytes = size_bytes
        self._mark_in_use()
        self.header.set_subtitle(subtitle(adapters))
        self._narrow()
        self._show_unreadable(unreadable)
        if self._wanted and self.view.choose(self._wanted):
            self.drawer.open()
            self._wanted = ""
        then, self._when_read = self._when_read, lambda: None
        then()
        self._on_chosen(self.view.current())
        self._show_state()

    def _show_unreadable(self, unreadable: list[Unreadable]) -> None:
        if unreadable == self._shown_unreadable:
            return
        self._shown_unreadable = unreadable
        if not unreadable:
            self.pane.notice.hide()
            return
        self.pane.show_error(unreadable_text(unreadable))

    def _narrow(self) -> None:
        """List what search and filters include; the counts are of that."""
        show = next(each for each in SHOWN if each == self.pane.filter.current())
        self.table.show_only(show, Narrowed(self.pane.search.text().strip(), **self.filters.chosen()))
        for key in SHOWN:
            title, count = tr(FILTERS[key]), number_text(self.table.count(key))
            counted = tr("{filter} {count}", filter=title, count=count)
            self.pane.filter.set_text(key, counted if self.table.adapters() else title)
        self._show_state()

    def _show_state(self) -> None:
        any_there = bool(self.table.adapters())
        self.pane.show_state(any_there=any_there)
        self.filters.setVisible(any_there)
        # The empty state has its own button.
        self.import_button.setVisible(any_there)
        self._show_selection()

    def _show_selection(self) -> None:
        """Say how much is listed or selected, and offer what can be done with it."""
        listed, chosen = self.table.items(), self.view.selected()
        every = self.table.adapters()
        self.pane.right.setText(size_text(every, listed, chosen, self._size_bytes))
        compare = self.panel.compare_button
        compare.setEnabled(len(chosen) <= MOST)
        compare.setToolTip(
            tr("Compare the selected adapters")
            if FEWEST <= len(chosen) <= MOST
            else tr("Select up to six adapters, with Ctrl or Shift")
        )
        self.drawer.set_filled(self.view.current() is not None)

    def compare(self, adapters: Sequence[Adapter]) -> None:
        self.panel.save_notes()
        self.compare_requested.emit([adapter.id for adapter in adapters])

    def _on_chosen(self, adapter: Adapter | None) -> None:
        if adapter is not None:
            self.panel.show_adapter(adapter)
            self.reader.check(adapter)
        self._show_selection()

    def _on_checked(self, adapter_id: str, changed: list[str]) -> None:
        found = self.panel.adapter()
        if found is not None and found.id == adapter_id:
            self.panel.show_integrity(changed)

    def _mark_in_use(self, _model: object = None) -> None:
        current = self._manager.current
        used = {self.jobs.adapter_id} - {""}
        if current is not None and current.recipe.method.start_from:
            used.add(current.recipe.method.start_from)
        self._in_use = used
        self.table.set_in_use(used)

    def is_in_use(self, adapter: Adapter) -> bool:
        return adapter.id in self._in_use

    def adapt(self, width: int) -> None:
        """Show the metadata over the table's right half below a width of 1200."""
        self.drawer.set_narrow(width < px(NARROW))

    def _close_drawer(self) -> None:
        self.drawer.close()
        self.view.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.drawer.is_open:
            self._close_drawer()
            return
        super().keyPressEvent(event)

    def _on_opened(self, adapter: Adapter) -> None:
        """Open the metadata if it is hidden, else the playground."""
        if self.drawer.is_narrow and not self.drawer.is_open:
            self.drawer.open()
        else:
            self.try_requested.emit([adapter.id])

    # Actions.
    def _with_shown(self, operation: Callable[[Adapter], object]) -> None:
        adapter = self.panel.adapter()
        if adapter is not None:
            operation(adapter)

    def _on_changed(self, adapter_id: str) -> None:
        self._wanted = adapter_id or self._wanted
        self.reader.refresh()
        self._manager.adapters_changed.emit()

    def delete(self, adapters: Sequence[Adapter]) -> None:
        """Move adapters to the trash, unless a job uses one of them."""
        if (used := next(filter(self.is_in_use, adapters), None)) is not None:
            self.pane.show_error(tr("{name} is in use by a job. Delete it afterwards.", name=used.name))
            return
        self.panel.save_notes()
        self.operations.delete(adapters)

    def score(self, adapter: Adapter) -> None:
        """Score an adapter by its recipe; if it has none, ask for the data."""
        choices = score_choices(adapter, self.table.adapters())
        if len(choices) == 1:
            self.jobs.score(adapter, choices[0][1])
        else:
            self.score_menu(adapter, choices).popup(self.cursor().pos())

    def score_menu(self, adapter: Adapter, choices: list[Choice]) -> QMenu:
        score = partial(self.jobs.score, adapter)
        on = [
            menu_action(tr("Score on {data}", data=data), partial(score, wanted)) for data, wanted in choices
        ]
        return make_menu(self, on)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self.operations.import_files(dropped(event.mimeData()))

    # Jobs.
    def _on_job_started(self, text: str) -> None:
        self.pane.notice.hide()
        if self.pane.undo_strip.text() == self._done_text:
            # What an earlier job ended with would cover an error of this one.
            self.pane.undo_strip.dismiss()
        self.download_strip.hide()
        self.busy.set_progress(0.0, tr("Starting the worker"), text)
        self.busy.show()
        self._mark_in_use()

    def _on_job_ended(self, done: Done) -> None:
        self._put_job_away()
        self._on_changed(done.adapter_id)
        self._done_text, strip = done.text, self.pane.undo_strip
        if done.folder is not None:
            strip.offer(done.text, partial(self._dialogs.open_folder, done.folder), tr("Open folder"))
        elif done.address:
            strip.offer(done.text, partial(self._dialogs.open_page, done.address), tr("Open page"))
        else:
            strip.offer(done.text)
        if done.remarks:
            self.pane.show_notice(done.remarks)

    def _on_job_failed(self, text: str) -> None:
        if not self.jobs.busy:
            self._put_job_away()
        self.pane.show_error(text)

    def _on_job_queued(self) -> None:
        if not self.jobs.busy:
            self._put_job_away()
        queue = self._manager.device_queue
        self.pane.undo_strip.offer(queue.added_text(), partial(queue.remove, queue.waiting[-1].key))

    def _show_waits(self) -> None:
        self.panel.show_waits(self._manager.device_queue.must_wait("evaluate"))

    def _put_job_away(self) -> None:
        self.busy.hide()
        self._mark_in_use()

    # Menus.
    def menu_for(self, adapter: Adapter) -> QMenu:
        return make_menu(self, self._entries_for(adapter))

    def _entries_for(self, adapter: Adapter) -> list[QAction]:
        waits = self._manager.device_queue.must_wait("evaluate")
        scored = tr("Score again") if adapter.metadata.score_card else tr("Score now")
        again = tr("Add scoring to the queue") if waits else scored
        return [
            menu_action(tr("Try in playground"), lambda: self.try_requested.emit([adapter.id])),
            menu_action(
                tr("Continue training from here"), partial(self.train_from_requested.emit, adapter.id)
            ),
            menu_action(again, lambda: self.score(adapter)),
            menu_action(tr("Serve…"), partial(self.serve, [adapter])),
            menu_action(tr("Compare"), partial(self.compare, [adapter])),
            separator(),
            menu_action(tr("Rename"), lambda: self.view.edit_name(adapter.id), "list.rename"),
            menu_action(tr("Open folder"), partial(self._open_folder, adapter)),
            menu_action(tr("Export…"), lambda: self.export_menu(adapter).popup(self.cursor().pos())),
            separator(),
            menu_action(tr("Delete"), lambda: self.delete([adapter]), "list.delete"),
        ]

    def menu_of_selected(self, adapter: Adapter) -> QMenu:
        """Return the menu of an adapter, or that of all selected ones if it is one of several."""
        chosen = self.view.selected()
        if len(chosen) < FEWEST or adapter not in chosen:
            return self.menu_for(adapter)
        return make_menu(self, self._entries_for_several(chosen))

    def _entries_for_several(self, chosen: Sequence[Adapter]) -> list[QAction]:
        entries: list[QAction] = []
        if len(chosen) <= MOST:
            entries += [menu_action(tr("Compare"), partial(self.compare, chosen))]
        if len({adapter.metadata.base_model.id for adapter in chosen}) == 1:
            ids = [adapter.id for adapter in chosen]
            entries += [menu_action(tr("Try in playground"), lambda: self.try_requested.emit(ids))]
            entries += [menu_action(tr("Serve…"), partial(self.serve, chosen))]
        return [*entries, separator(), menu_action(tr("Delete"), partial(self.delete, chosen), "list.delete")]

    def _general_entries(self) -> list[QAction]:
        return [
            menu_action(
                tr("Open the adapters folder"), lambda: self._dialogs.open_folder(paths.adapters_folder())
            ),
            menu_action(tr("Trash"), self.trash_requested.emit),
        ]

    def more_menu(self) -> QMenu:
        """Return the menu of the whole library: its folder and the trash."""
        return make_menu(self, self._general_entries())

    def entries(self) -> list[QAction]:
        """Return what can be done with the selected adapter or adapters, and with all, for the palette."""
        chosen, general = self.view.selected(), self._general_entries()
        if len(chosen) >= FEWEST:
            count = tr_count(len(chosen), "{n} adapter", "{n} adapters")
            return general + about(count, self._entries_for_several(chosen))
        return general + [each for one in chosen for each in about(one.name, self._entries_for(one))]

    def serve(self, adapters: Sequence[Adapter]) -> None:
        """Open the dialog that serves adapters to programs of this computer; one that serves already is shown again."""
        dialog = self.findChild(ServeDialog)
        if dialog is None or (not dialog.is_serving and dialog.close()):
            dialog = ServeDialog(adapters, self._manager, self)
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.show()
        dialog.activateWindow()

    def _open_folder(self, adapter: Adapter) -> None:
        self._dialogs.open_folder(adapter.folder)

    def export_menu(self, adapter: Adapter) -> QMenu:
        return self.import_export.export_menu(adapter)

    def _import_menu(self, button: QWidget) -> None:
        make_menu(self, self.import_export.import_entries()).popup(below(button))
