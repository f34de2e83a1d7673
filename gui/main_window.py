"""The main window: its rooms with their pages, its dialogs, and what it shows of the runs and the queue.

Pages are made when they are first shown, so that the window opens quickly.
"""

from __future__ import annotations

import json
import pkgutil
import sys
from contextlib import suppress
from functools import partial
from importlib import import_module
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QDialog, QMenu, QWidget

from engine.api import disk_usage, library, run_store, run_text
from gui.command_index import CommandIndex, of_page, search_field
from gui.core import actions, file_opening
from gui.core.actions import menu_action
from gui.core.background_tasks import BackgroundTasks
from gui.core.file_opening import dropped
from gui.core.preferences import Preferences
from gui.desktop.notifications import Notifier, Taskbar
from gui.desktop.system_load import SystemLoad
from gui.dialogs.disk_dialog import CheckpointCleanup, DiskDialog
from gui.dialogs.queue_dialog import QueueDialog
from gui.dialogs.quit_dialog import QuitDialog
from gui.dialogs.settings_dialog import SettingsDialog
from gui.dialogs.shortcuts_sheet import ShortcutsSheet
from gui.dialogs.trash_dialog import TrashDialog
from gui.look.format import number_text, percent
from gui.look.language import tr, tr_count, translate
from gui.navigator import Navigator
from gui.shell.menu_bar import MenuBar
from gui.shell.page import Page
from gui.shell.rooms import MOVED, ROOMS, VIEWS, is_in_rail
from gui.shell.window import ShellWindow
from gui.widgets import file_dialogs
from gui.widgets.buttons import make_menu
from gui.workers.run_model import RunModel
from gui.workers.worker_manager import WorkerManager

# The pages that start what waits in the queue; runs need none.
STARTED_BY = {"evaluate": "library", "export": "library", "batch": "playground", "drafts": "labelling"}
FIRST = "home"
# Pages that read the preferences themselves.
WITH_PREFERENCES = ("home", "train")
# It takes half a second to import, and much longer from a cold disk.
PLOT = "gui.plots.canvas"
LAST_PAGE = "page"
# Whether the first-run guide was closed; it opens by itself once.
GUIDED = "guided"


class MainWindow(ShellWindow):
    """Tunesmith's window. `left` is emitted when it closes for good; `restarts` says that another one opens."""

    left = Signal()

    def __init__(
        self,
        manager: WorkerManager,
        preferences: Preferences,
        *,
        guides: bool = False,
        has_menu_bar: bool = sys.platform == "darwin",
    ) -> None:
        """Make the window; with `guides`, the very first start shows the first-run guide."""
        super().__init__(preferences)
        file_dialogs.remember_in(preferences)
        self.manager = manager
        self.preferences = preferences
        self.restarts, self.may_close, self._guides = False, False, guides
        self._background = BackgroundTasks(self)
        self.quit_dialog: QuitDialog | None = None
        self.navigator = Navigator(
            self,
            {
                "trash_requested": self._show_trash,
                "disk_wanted": self._show_disk_use,
                "keys_wanted": self._show_keys,
                "queue_wanted": self.open_queue,
            },
        )
        self.show_page(self._last_page())
        self.setAcceptDrops(True)
        self.taskbar = Taskbar(self)
        self.left.connect(self.taskbar.clear)
        self.notifier = Notifier(self, self.taskbar)
        self.checkpoint_cleanup = CheckpointCleanup(preferences, self)
        self.checkpoint_cleanup.freed.connect(manager.runs_changed)
        self.system_load = SystemLoad(manager.summarizer, self)
        self.system_load.measured.connect(self.rail.set_device)
        manager.run_started.connect(self._run_changed)
        manager.run_changed.connect(self._run_changed)
        manager.run_ended.connect(self._run_ended)
        manager.downloads.changed.connect(self._show_on_icon)
        manager.adapters_changed.connect(self._count_adapters)
        queue = manager.device_queue
        for signal in (queue.changed, manager.run_changed):
            signal.connect(self._show_queue)
        queue.failed.connect(self._start_failed)
        self.rail.device_wanted.connect(self._show_device_menu)
        self.rail.settings_wanted.connect(self._show_settings)
        self.rail.help_wanted.connect(partial(self.show_page, "help"))
        self.command_index = CommandIndex(self, self.navigator, self._show_settings)
        self._bind()
        if has_menu_bar:
            self._add_menu_bar()
        QTimer.singleShot(200, self, self._when_idle)

    def _when_idle(self) -> None:
        """Do what the first paint of the window need not wait for, and get ready for the first Start."""
        self._background.run(
            partial(pkgutil.resolve_name, VIEWS["train"].page), lambda _page: self._build_ahead()
        )
        self._background.run(partial(import_module, PLOT), lambda _module: None)
        self.system_load.start()
        self._count_adapters()
        disk_usage.remove_abandoned_jobs()
        self.checkpoint_cleanup.follow()
        queue = self.manager.device_queue
        queue.restore()
        for key in {STARTED_BY[each.kind] for each in queue.waiting if each.kind in STARTED_BY}:
            self.built(key)
        queue.look()

    def _build_ahead(self) -> None:
        """Build the train page behind the guide, whose last button starts a run there."""
        if self.current_key() == "welcome":
            self.built("train")

    def show_page(self, key: str) -> None:
        """Bring a view to the front, and save what the pages hold: one may offer what another has found."""
        key = MOVED.get(key, key)
        if is_in_rail(key):
            if "welcome" in self.pages and self.current_key() == "welcome":
                self.preferences.set(GUIDED, "yes")
            self.preferences.set(LAST_PAGE, key)
        self._save_pages()
        super().show_page(key)

    def _last_page(self) -> str:
        if self._guides and self.preferences.get(GUIDED) is None and not run_store.list_jobs():
            return "welcome"
        saved = self.preferences.get(LAST_PAGE) or FIRST
        saved = MOVED.get(saved, saved)
        return saved if is_in_rail(saved) else FIRST

    def _save_pages(self) -> None:
        self.preferences.update(
            {
                f"page.{key}": json.dumps(page.saved_state())
                for key, page in self.pages.items()
                if isinstance(page, Page)
            }
        )

    def make_page(self, key: str) -> QWidget:
        """Make the page of a view, with its ways to other views."""
        made = pkgutil.resolve_name(VIEWS[key].page)
        page: QWidget = made(self.manager, *((self.preferences,) if key in WITH_PREFERENCES else ()))
        self.navigator.connect(page)
        return page

    def built(self, key: str) -> Any:
        """Return the page of a view, as it was left at the last start; make it first if needed."""
        key = MOVED.get(key, key)
        is_new = key not in self.pages
        page = super().built(key)
        if is_new:
            # Only now: what is restored may ask for other pages, and those for this one.
            self.restore_page(key, page)
        return page

    def restore_page(self, key: str, page: QWidget) -> None:
        if isinstance(page, Page):
            for each in (*(old for old, new in MOVED.items() if new == key), key):
                with suppress(ValueError, TypeError, AttributeError):
                    saved = json.loads(self.preferences.get(f"page.{each}") or "{}")
                    page.restore_state({name: text for name, text in saved.items() if isinstance(text, str)})

    def _bind(self) -> None:
        for name, act in (
            ("find", lambda: self.command_index.open(self.built(self.current_key()))),
            ("help", partial(self.show_page, "help")),
            ("keys", self._show_keys),
            ("search", self._search),
            ("settings", self._show_settings),
            ("quit", self.close),
        ):
            actions.bind(self, f"window.{name}", act)

    def _add_menu_bar(self) -> None:
        first = (
            (tr("New run"), self.navigator.routes["new_run_requested"]),
            (tr("Open recipe…"), self._open_recipe),
            (tr("Add conversations"), partial(self.show_page, "data")),
            (tr("Queue…"), self.open_queue),
            (tr("Trash"), self._show_trash),
        )
        self.setMenuBar(MenuBar(self, first, lambda: of_page(self.built(self.current_key()))))

    def _open_recipe(self) -> None:
        self.show_built("train").buttons.ask_for_file()

    def _search(self) -> None:
        """Focus the search field of the page."""
        field = search_field(self.built(self.current_key()))
        if field is not None:
            field.setFocus(Qt.FocusReason.ShortcutFocusReason)
            field.selectAll()

    def _show_keys(self) -> None:
        self._open(ShortcutsSheet(self.current_key(), self))

    @staticmethod
    def _open(dialog: QDialog) -> None:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _show_settings(self, key: str = "scheme") -> None:
        dialog = SettingsDialog(self.preferences, self)
        dialog.disk_wanted.connect(self._show_disk_use)
        dialog.restart_wanted.connect(self.restart)
        self._open(dialog)
        dialog.show_setting(key)

    def restart(self) -> None:
        """Close the window, and open it anew in the language that is preferred now."""
        self.restarts = True
        self.close()

    def _show_device_menu(self) -> None:
        menu = self.device_menu()
        menu.popup(self.rail.above_meter(menu.sizeHint()))

    def device_menu(self) -> QMenu:
        """Return the menu of the device meter: the queue, this computer, other computers."""
        pages = ROOMS["device"].views.items()
        shown = [menu_action(tr(view.title), partial(self.show_page, key)) for key, view in pages]
        return make_menu(self, [menu_action(tr("Queue…"), self.open_queue), *shown])

    def open_queue(self) -> None:
        """Show what computes and what waits."""
        dialog = QueueDialog(self.manager, self)
        dialog.check_wanted.connect(partial(self.show_page, "doctor"))
        self._open(dialog)

    def _start_failed(self, text: str) -> None:
        self.notifier.notify(tr("Couldn't start from the queue"), text)

    def _show_queue(self, _model: RunModel | None = None) -> None:
        queue = self.manager.device_queue
        now, waiting = queue.now(), queue.waiting
        share = percent(now.share) if now is not None and now.share is not None else ""
        counted = tr("{n} waiting", n=number_text(len(waiting))) if waiting else ""
        paused = tr("queue paused") if waiting and queue.paused else ""
        wrong = tr("{n} not started", n=number_text(len(queue.problems))) if queue.problems else ""
        self.rail.set_work(
            now.title if now is not None else "",
            share,
            ", ".join(filter(None, (counted, paused, wrong))),
            is_wrong=bool(wrong),
        )

    def _show_disk_use(self) -> None:
        self._open(DiskDialog(self.checkpoint_cleanup, self))

    def _show_trash(self) -> None:
        dialog = TrashDialog(self)
        dialog.changed.connect(self.manager.adapters_changed)
        dialog.changed.connect(self.manager.runs_changed)
        self._open(dialog)

    def _run_changed(self, model: RunModel) -> None:
        share = model.state.fraction_done
        self.rail.set_badge("train", percent(share) if model.state.total_steps else "", busy=True)
        self._show_on_icon()
        self.system_load.watch(model)

    def _run_ended(self, model: RunModel) -> None:
        self.rail.set_badge("train", "")
        self._show_on_icon()
        self.system_load.watch(None)
        self.checkpoint_cleanup.follow()
        if self.quit_dialog is not None and self.quit_dialog.stopping:
            self._leave()
        elif model.ending is not None and not model.state.device_released:
            self.notifier.notify(
                translate(run_text.outcome_title(model.ending.outcome, model.ending.kind)), model.recipe.name
            )

    def _show_on_icon(self) -> None:
        """Show the progress of the run or of a download on the taskbar icon."""
        model = self.manager.current
        has_begun = model is not None and model.state.total_steps > 0
        share = model.state.fraction_done if model is not None and has_begun else self.manager.downloads.share
        if share is not None or model is not None:
            self.taskbar.show_share(share or 0.0)
        else:
            self.taskbar.clear()

    def _count_adapters(self) -> None:
        """Count off the GUI thread: the first scan of a large library reads many files."""
        self._background.run(lambda: len(library.scan()[0]), self._show_count)

    def _show_count(self, adapters: int) -> None:
        self.rail.set_badge("library", number_text(adapters) if adapters else "")

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept files and folders, unless the page takes them itself."""
        if dropped(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open the dropped files."""
        files = dropped(event.mimeData())
        if files:
            event.acceptProposedAction()
            file_opening.show(self, "", files)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask what to do with a training run; save the window's geometry."""
        if self.manager.current is not None and not self.may_close:
            event.ignore()
            self._ask_before_leaving(self.manager.current)
            return
        super().closeEvent(event)
        self._save_pages()
        self.left.emit()

    def _ask_before_leaving(self, model: RunModel) -> None:
        if self.quit_dialog is None:
            self.quit_dialog = QuitDialog(model, self._what_waits(), self)
            self.quit_dialog.keep_chosen.connect(self._leave)
            self.quit_dialog.finished.connect(self._quit_dialog_closed)
        self.quit_dialog.open()

    def _what_waits(self) -> str:
        """Return what becomes of the queue when the window closes."""
        queue = self.manager.device_queue
        if not queue.waiting:
            return ""
        if queue.paused:
            return tr("The queue stays paused.")
        return tr_count(
            len(queue.waiting),
            "{n} more starts when you reopen Tunesmith.",
            "{n} more start when you reopen Tunesmith.",
        )

    def _quit_dialog_closed(self) -> None:
        self.restarts = self.restarts and self.may_close
        if self.quit_dialog is not None:
            self.quit_dialog.deleteLater()
            self.quit_dialog = None

    def _leave(self) -> None:
        self.may_close = True
        self.close()
