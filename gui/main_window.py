"""The main window: its pages, when each is built, and how one leads to another.

Pages are built when they are first shown, so that the window opens quickly. Pages are connected by their signals.
"""

from __future__ import annotations

import json
import pkgutil
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from importlib import import_module
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QDialog, QWidget

from engine.api import Example, abandoned_jobs, library, run_store
from gui.command_index import CommandIndex, Navigator, search_field
from gui.core import actions, file_opening
from gui.core.background_tasks import BackgroundTasks
from gui.core.data_files import dropped
from gui.core.preferences import Preferences
from gui.desktop.checkpoint_cleanup import CheckpointCleanup
from gui.desktop.notifications import Notifier
from gui.desktop.system_load import SystemLoad
from gui.desktop.taskbar import Taskbar
from gui.dialogs.disk_dialog import DiskDialog
from gui.dialogs.queue_dialog import QueueDialog
from gui.dialogs.quit_dialog import QuitDialog
from gui.dialogs.settings_dialog import SettingsDialog
from gui.dialogs.trash_dialog import TrashDialog
from gui.look.format import number_text, percent
from gui.look.language import mark, tr, tr_count
from gui.pages.train.run.run_text import OUTCOMES
from gui.shell.page import Page
from gui.shell.shortcuts_sheet import ShortcutsSheet
from gui.shell.window import ITEMS, ShellWindow
from gui.widgets import file_dialogs
from gui.widgets.layouts import vbox
from gui.workers.run_model import RunModel
from gui.workers.worker_manager import WorkerManager

PAGES = {
    "data": "gui.pages.data.page:DataPage",
    "train": "gui.pages.train.page:TrainPage",
    "arena": "gui.pages.arena.page:ArenaPage",
    "library": "gui.pages.library.page:LibraryPage",
    "playground": "gui.pages.playground.page:PlaygroundPage",
    "history": "gui.pages.history.page:HistoryPage",
    "labelling": "gui.pages.labelling.page:LabellingPage",
    "examples": "gui.pages.examples.page:ExamplesPage",
    "blind": "gui.pages.blind.page:BlindPage",
    "doctor": "gui.pages.doctor.page:DoctorPage",
    "computers": "gui.pages.computers.page:ComputersPage",
    "help": "gui.pages.help.page:HelpPage",
    "welcome": "gui.pages.welcome.page:WelcomePage",
}
# Pages reached from another page, or from the foot of the rail.
WITHIN = {"labelling": "data", "examples": "train", "blind": "arena"}
WITHIN |= dict.fromkeys(("doctor", "computers", "help", "welcome"), "")
# The pages that start what waits in the queue; runs need none.
STARTED_BY = {"evaluate": "library", "export": "library", "batch": "playground", "drafts": "labelling"}
FIRST = "train"
# It takes half a second to import, and much longer from a cold disk.
PLOT = "gui.plots.canvas"
LAST_PAGE = "page"
# Whether the first-run guide was closed; it opens by itself once.
GUIDED = "guided"
PALETTE_PAGES = ITEMS | {
    "labelling": (mark("Write summaries"), "edit"),
    "blind": (mark("Blind comparison"), "equals"),
    "doctor": (mark("This computer"), "device"),
    "computers": (mark("Computers"), "device"),
    "help": (mark("Help"), "help"),
    "welcome": (mark("First-run guide"), "mark"),
}


class LazyPage(QWidget):
    """A container whose page is built when it is first shown."""

    def __init__(self, build: Callable[[], QWidget]) -> None:
        super().__init__()
        self._build = build
        self._content: QWidget | None = None
        self._column = vbox(of=self)

    def is_built(self) -> bool:
        return self._content is not None

    def content(self) -> QWidget:
        """Return the page; build it first if needed."""
        if self._content is None:
            self._content = self._build()
            self._column.addWidget(self._content)
            self.setFocusProxy(self._content)
            # A layout shows a new widget in the next turn of the event loop; shortcuts need a visible one now.
            self._content.show()
        return self._content


class MainWindow(ShellWindow):
    """Tunesmith's window. `left` is emitted when it closes for good."""

    left = Signal()

    def __init__(self, manager: WorkerManager, preferences: Preferences, *, guides: bool = False) -> None:
        """Make the window; with `guides`, the very first start shows the first-run guide."""
        super().__init__(preferences)
        file_dialogs.remember_in(preferences)
        self.manager = manager
        self.preferences = preferences
        self._may_close, self._guides = False, guides
        self._background = BackgroundTasks(self)
        self._blind_from = "arena"
        self.quit_dialog: QuitDialog | None = None
        for key in PAGES:
            page = LazyPage(partial(self._built, key))
            if key in WITHIN:
                self.add_inner_page(key, page, WITHIN[key])
            else:
                self.add_page(key, page)
        self.page_shown.connect(self._shown)
        self.show_page(self._last_page())
        self.setAcceptDrops(True)
        self.taskbar = Taskbar(self)
        self.left.connect(self.taskbar.clear)
        self.notifier = Notifier(self, self.taskbar)
        self.checkpoint_cleanup = CheckpointCleanup(preferences, self)
        self.checkpoint_cleanup.freed.connect(manager.runs_changed)
        self._system_load = SystemLoad(manager.summarizer, self)
        self._system_load.measured.connect(self.rail.set_device)
        manager.run_started.connect(self._run_changed)
        manager.run_changed.connect(self._run_changed)
        manager.run_ended.connect(self._run_ended)
        manager.downloads.changed.connect(self._show_on_icon)
        manager.adapters_changed.connect(self._count_adapters)
        queue = manager.device_queue
        for signal in (queue.changed, manager.run_changed):
            signal.connect(self._show_queue)
        queue.failed.connect(self._start_failed)
        self.rail.device_wanted.connect(self.open_queue)
        self.rail.settings_wanted.connect(self._show_settings)
        self.rail.help_wanted.connect(partial(self.show_page, "help"))
        self.command_index = CommandIndex(self, PALETTE_PAGES, self._navigator())
        self._bind()
        QTimer.singleShot(200, self, self._when_idle)

    def _when_idle(self) -> None:
        """Do what the first paint of the window need not wait for, and get ready for the first Start."""
        self._background.run(partial(pkgutil.resolve_name, PAGES[FIRST]), lambda _page: self._build_ahead())
        self._background.run(partial(import_module, PLOT), lambda _module: None)
        self._system_load.start()
        self._count_adapters()
        abandoned_jobs.remove()
        self.checkpoint_cleanup.follow()
        queue = self.manager.device_queue
        queue.restore()
        for key in {STARTED_BY[each.kind] for each in queue.waiting if each.kind in STARTED_BY}:
            self.built(key)
        queue.look()

    def _build_ahead(self) -> None:
        """Build the train page behind the guide, whose last button starts a run there."""
        if self.current_key() == "welcome":
            self.built(FIRST)

    def show_built(self, key: str) -> Any:
        """Bring a page to the front and return it."""
        self.show_page(key)
        return self.built(key)

    def built(self, key: str) -> Any:
        """Return a page; build it first if needed."""
        page = self.page(key)
        assert isinstance(page, LazyPage)
        return page.content()

    def _shown(self, key: str) -> None:
        page = self.built(key)
        self.preferences.set(LAST_PAGE, key)
        # The train page offers what the data page has checked.
        self._save_pages()
        if isinstance(page, Page):
            page.shown()

    def _last_page(self) -> str:
        if self._guides and self.preferences.get(GUIDED) is None and not run_store.list_jobs():
            return "welcome"
        saved = self.preferences.get(LAST_PAGE)
        return saved if saved in ITEMS else FIRST

    def _save_pages(self) -> None:
        """Save the state of the pages that are built."""
        found = {}
        for key in PAGES:
            holder = self.page(key)
            page = holder.content() if isinstance(holder, LazyPage) and holder.is_built() else None
            if isinstance(page, Page):
                found[f"page.{key}"] = json.dumps(page.saved_state())
        self.preferences.update(found)

    def _restore_page(self, key: str, page: QWidget) -> None:
        if isinstance(page, Page):
            with suppress(ValueError, TypeError, AttributeError):
                saved = json.loads(self.preferences.get(f"page.{key}") or "{}")
                page.restore_state({name: text for name, text in saved.items() if isinstance(text, str)})

    def _built(self, key: str) -> QWidget:
        made = pkgutil.resolve_name(PAGES[key])
        page: QWidget = made(self.manager, self.preferences) if key == FIRST else made(self.manager)
        self._connect(key, page)
        self._restore_page(key, page)
        return page

    def _connect(self, key: str, page: Any) -> None:
        """Connect the signals of a page to other pages."""
        routes: dict[str, dict[str, Callable[..., object]]] = {
            "train": {
                "playground_requested": lambda adapter: self.show_built("playground").open([adapter]),
                "library_requested": lambda adapter: self.show_built("library").open(adapter),
                "score_requested": lambda adapter: self.show_built("library").open_and_score(adapter),
                "examples_requested": lambda *run: self.show_built("examples").open_run(*run),
                "blind_requested": self._compare_blind,
                "label_requested": lambda *wanted: self.show_built("labelling").open_source(*wanted),
            },
            "examples": {
                "back_requested": lambda: self.show_page("train"),
                "try_requested": self._try_example,
                "blind_requested": self._compare_blind,
            },
            "blind": {"back_requested": lambda: self.show_page(self._blind_from)},
            "data": {
                "use_requested": lambda values: self.show_built("train").use_data(values),
                "try_requested": lambda example: self.show_built("playground").open_example(example),
                "rows_checked": lambda name, rows: self.built("playground").offer_conversations(name, rows),
                "label_requested": lambda *wanted: self.show_built("labelling").open_source(*wanted),
            },
            "labelling": {
                "back_requested": lambda: self.show_page("data"),
                "use_requested": lambda values: self.show_built("train").use_data(values),
            },
            "arena": {
                "blind_requested": self._compare_blind,
                "recipe_wanted": lambda: page.offer_recipe(*self.built("train").present_recipe()),
                "open_requested": lambda run_id: self.show_built("train").open_run(run_id),
                "library_requested": lambda adapter: self.show_built("library").open(adapter),
            },
            "library": {
                "blind_requested": self._compare_blind,
                "trash_requested": self._show_trash,
                "try_requested": lambda adapters: self.show_built("playground").open(adapters),
                "train_from_requested": lambda adapter: self.show_built("train").start_from(adapter),
                "new_run_requested": lambda: self.show_built("train").new_run(),
            },
            "playground": {
                "label_requested": lambda rows: self.show_built("labelling").open_conversations(rows),
                "data_requested": lambda source: self.show_built("data").open(source),
            },
            "history": {
                "trash_requested": self._show_trash,
                "open_requested": lambda run_id: self.show_built("train").open_run(run_id),
                "edit_requested": lambda wanted: self.show_built("train").edit(wanted),
                "run_again_requested": lambda wanted: self.show_built("train").run_again(wanted),
                "resume_requested": lambda run_id: self.show_built("train").resume(run_id),
                "new_run_requested": lambda: self.show_built("train").new_run(),
                "train_from_requested": lambda adapter: self.show_built("train").start_from(adapter),
                "library_requested": lambda adapter: self.show_built("library").open(adapter),
                "compare_requested": lambda adapters: self.show_built("library").open_several(adapters),
            },
        }
        routes["doctor"] = {
            "disk_wanted": self._show_disk_use,
            "others_wanted": lambda: self.show_page("computers"),
        }
        routes["computers"] = {"this_wanted": lambda: self.show_page("doctor")}
        routes["help"] = {"keys_wanted": self._show_keys}
        routes["welcome"] = {
            "start_requested": lambda wanted: self._leave_guide("train").run_again(wanted),
            "data_requested": lambda source: self._leave_guide("data").open(source),
            "label_requested": lambda *wanted: self._leave_guide("labelling").open_source(*wanted),
            "skipped": lambda: self._leave_guide("train"),
        }
        for signal, slot in routes.get(key, {}).items():
            getattr(page, signal).connect(slot)

    def _leave_guide(self, key: str) -> Any:
        self.preferences.set(GUIDED, "yes")
        return self.show_built(key)

    def _try_example(self, adapter_ids: list[str], example: Example) -> None:
        playground = self.show_built("playground")
        if adapter_ids:
            playground.open(adapter_ids)
        playground.open_example(example)

    def _compare_blind(self, runs: list[tuple[str, str]]) -> None:
        """Open a blind comparison of runs; its Back button leads to the page that asked for it."""
        self._blind_from = self.current_key()
        self.show_built("blind").open_runs(runs)

    def _navigator(self) -> Navigator:
        return Navigator(
            page=self.show_page,
            run=lambda run_id: self.show_built("train").open_run(run_id),
            adapter=lambda adapter: self.show_built("library").open(adapter),
            recipe=lambda wanted, origin: self.show_built("train").begin(wanted, origin),
            option=self._show_option,
            setting=self._show_settings,
            topic=lambda topic_id: self.show_built("help").open(topic_id),
        )

    def _show_option(self, key: str, topic_id: str) -> None:
        """Lead to an option in the recipe; to its help, if the method in use has no such option."""
        page = self.show_built("train")
        page.buttons.sides.set_current("recipe")
        if not page.panel.form.undo.lead_to(key):
            self.show_built("help").open(topic_id)

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
        self._open(dialog)
        dialog.show_setting(key)

    def open_queue(self) -> None:
        """Show what computes and what waits."""
        dialog = QueueDialog(self.manager, self)
        dialog.check_wanted.connect(partial(self.show_page, "doctor"))
        self._open(dialog)

    def _start_failed(self, text: str) -> None:
        self.notifier.notify(tr("Could not start from the queue"), text)

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
        self._system_load.watch(model)

    def _run_ended(self, model: RunModel) -> None:
        self.rail.set_badge("train", "")
        self._show_on_icon()
        self._system_load.watch(None)
        self.checkpoint_cleanup.follow()
        if self.quit_dialog is not None and self.quit_dialog.stopping:
            self._leave()
        elif model.ending is not None and not model.state.device_released:
            self.notifier.notify(tr(OUTCOMES[model.ending.outcome]), model.recipe.name)

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
        if self.manager.current is not None and not self._may_close:
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
            return tr("The queue stays paused, and its entries are kept.")
        return tr_count(
            len(queue.waiting),
            "{n} more waits in the queue. It starts when you open Tunesmith again.",
            "{n} more wait in the queue. They start when you open Tunesmith again.",
        )

    def _quit_dialog_closed(self) -> None:
        if self.quit_dialog is not None:
            self.quit_dialog.deleteLater()
            self.quit_dialog = None

    def _leave(self) -> None:
        self._may_close = True
        self.close()
