import json
import subprocess
import sys
import textwrap
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication

from engine.api import StorageError, arenas, paths, recipe, run_store
from gui.app import SingleInstance, begin, say_why_not
from gui.core.preferences import SETTINGS, Preferences
from gui.dialogs.disk_dialog import DiskDialog
from gui.dialogs.settings_dialog import SettingsDialog
from gui.look import style
from gui.main_window import MainWindow
from gui.shell.rooms import ROOMS
from gui.widgets.labels import Label
from gui.workers.worker_manager import WorkerManager
from tests.helpers.background import wait_for
from tests.helpers.repository import ROOT
from tests.helpers.scripted_manager import end, scripted_manager
from tests.helpers.train_stage import BASICS, ENDLESS, STARTED

HEAVY = ("torch", "transformers", "peft", "datasets", "accelerate", "bitsandbytes", "evaluate")
LATER = ("numpy", "pyqtgraph", "PySide6.QtDBus")


class WindowHarness:
    """A window whose workers follow the script of their kind."""

    def __init__(self, qtbot) -> None:
        self.scripts: dict[str, list[Any]] = {"plan": [["answer", {}]]}
        self.manager = scripted_manager(self._script)
        self.preferences = Preferences()
        # No other page is built as quickly.
        self.preferences.set("page", "library")
        self.window = MainWindow(self.manager, self.preferences)
        qtbot.addWidget(self.window, before_close_func=lambda window: setattr(window, "may_close", True))
        self.left: list[int] = []
        self.window.left.connect(lambda: self.left.append(1))
        self.window.show()

    def _script(self, job) -> list[Any]:
        return self.scripts.get(job.request()["kind"], [])

    def train(self, qtbot):
        self.scripts["train"] = ENDLESS
        model = self.window.built("train").start_run(recipe.from_tables(BASICS))
        qtbot.waitUntil(lambda: model.state.step >= 3)
        return model


@pytest.fixture
def harness(qtbot, home):
    made = WindowHarness(qtbot)
    yield made
    end(made.manager)


@pytest.mark.slow("engine/api", "gui/")
def test_a_window_loads_nothing_heavy_and_all_pages_together_no_torch():
    program = """
        import json, os, sys
        from PySide6.QtCore import QTimer
        from PySide6.QtWidgets import QApplication
        from gui.workers.worker_manager import WorkerManager
        from gui.look import style
        from gui.main_window import MainWindow
        from gui.shell.rooms import VIEWS
        from gui.core.preferences import Preferences
        application = QApplication([])
        style.apply(application, "light")
        # What is done when the window is idle.
        QTimer.singleShot = lambda *_arguments: None
        window = MainWindow(WorkerManager(), Preferences())
        window.show()
        application.processEvents()
        print(json.dumps(sorted(sys.modules)))
        for key in VIEWS:
            window.show_page(key)
        print(json.dumps(sorted(sys.modules)), flush=True)
        # Nobody leaves this window, and what its threads still read would crash at the interpreter's end.
        os._exit(0)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    window, pages = (set(json.loads(line)) for line in done.stdout.splitlines()[-2:])
    assert not window & {*HEAVY, *LATER}
    assert not pages & set(HEAVY)


def drop(window: MainWindow, *urls: QUrl) -> None:
    mime = QMimeData()
    mime.setUrls(urls)
    action, button, modifier = (
        Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    window.dropEvent(QDropEvent(QPointF(10, 10), action, mime, button, modifier))


def test_files_dropped_on_the_window_are_checked_as_data(harness, qtbot, tmp_path):
    problem = {"field": "data.source", "message": "It is empty.", "hint": ""}
    failed = {
        "event": "failed", "outcome": "failed", "problems": [problem], "message": "It is empty.", "hint": "",
    }  # fmt: skip
    harness.scripts["models"] = [["emit", {"event": "result_made", "result": {"models": []}}]]
    harness.scripts["check_data"] = [["emit", failed]]
    drop(harness.window, QUrl.fromLocalFile(str(tmp_path / "talk.csv")), QUrl("https://example.org/talk.csv"))
    assert harness.window.current_key() == "data"
    assert harness.window.built("data").parts.source.source.text() == str(tmp_path / "talk.csv")
    qtbot.waitUntil(lambda: not harness.window.built("data").checker.is_busy)


def test_pages_are_built_when_they_are_first_shown_and_the_rail_opens_settings_and_help(harness, qtbot):
    window = harness.window
    assert set(window.pages) == {"library"}
    window.show_page("train")
    assert set(window.pages) == {"library", "train"}

    window.rail.settings_wanted.emit()
    [settings] = window.findChildren(SettingsDialog)
    assert settings.isVisible()
    settings.disk_button.click()
    [disk] = window.findChildren(DiskDialog)
    qtbot.waitUntil(lambda: disk.sizes["runs"].text() != "–")
    wait_for(disk)
    disk.close()
    settings.close()
    window.rail.help_wanted.emit()
    assert window.current_key() == "help"
    assert not any(window.rail.item(key).isChecked() for key in ROOMS if ROOMS[key].in_rail)
    wait_for(window.built("help"))

    window.resize(1200, 800)
    window.close()
    assert harness.left == [1]
    assert Preferences().get("window_geometry")


def test_the_taskbar_shows_a_run_until_its_end_and_asks_for_attention(harness, qtbot, monkeypatch):
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(harness.window.taskbar, "send", sent.append)
    monkeypatch.setattr(harness.window, "isActiveWindow", lambda: False)
    model = harness.train(qtbot)
    qtbot.waitUntil(lambda: any(each.get("progress") for each in sent))
    assert sent[0] == {"progress": 0.0, "progress-visible": True}
    model.stop()
    qtbot.waitUntil(lambda: not model.running)
    assert sent[-2:] == [{"progress-visible": False}, {"urgent": True}]


def test_closing_while_a_run_trains_asks_cancel_stays_and_stop_leaves(harness, qtbot, monkeypatch):
    model = harness.train(qtbot)
    window = harness.window
    qtbot.waitUntil(lambda: window.rail.item("train").badge not in {"", "0\u202f%"})
    window.close()
    assert window.quit_dialog is not None
    assert harness.left == []
    window.quit_dialog.cancel_button.click()
    assert window.quit_dialog is None
    assert window.isVisible()
    assert (model.running, model.stopping) == (True, False)

    model.pause()
    qtbot.waitUntil(lambda: model.state.paused)
    window.close()
    assert "paused; its process keeps running." in said_in(window.quit_dialog)
    with monkeypatch.context() as patch:

        def refuse():
            raise StorageError("The command can't be left.", "Free some space.")

        patch.setattr(model.job_thread, "stop", refuse)
        window.quit_dialog.stop_button.click()
    assert not window.quit_dialog.stopping
    assert not model.stopping
    assert "can't be left. Free some space." in said_in(window.quit_dialog)
    window.quit_dialog.stop_button.click()
    qtbot.waitUntil(lambda: harness.left == [1])
    assert model.ending.outcome == "stopped"


def said_in(dialog) -> str:
    return "".join(label.text() for label in dialog.findChildren(Label))


def test_keep_training_leaves_the_worker_alone_and_the_next_window_finds_it(harness, qtbot):
    model = harness.train(qtbot)
    harness.window.close()
    harness.window.quit_dialog.keep_button.click()
    assert harness.left == [1]
    harness.manager.leave()
    assert model.job.is_running()
    other = WorkerManager()
    window = MainWindow(other, Preferences())
    qtbot.addWidget(window, before_close_func=lambda closing: setattr(closing, "may_close", True))
    begin(window)
    qtbot.waitUntil(lambda: other.current is not None and other.current.state.step > 3)
    assert other.current.id == model.id
    assert window.built("train").header.title() == "A run"
    other.current.force()
    qtbot.waitUntil(lambda: other.current is None)
    other.leave()


def test_a_new_arena_begins_with_the_recipe_of_the_train_page(harness, qtbot):
    page = harness.window.show_built("arena")
    page.empty_button.click()
    page.form.entries.set_key("ranks")
    page.form.entries.chosen.emit("ranks")
    page.form.make_button.click()
    [arena], _ = arenas.list_arenas()
    here, _family = harness.window.built("train").present_recipe()
    assert arena.recipe() == here
    assert len(arena.entries) == 7


def test_a_queue_goes_on_with_the_next_window_and_stops_with_the_one_that_leaves(qtbot, home):
    wanted = recipe.from_tables(BASICS)
    arena = arenas.create(wanted, [{}, {"method": {"id": "ia3"}}])
    arenas.set_paused(arena, paused=False)
    waiting = {"kind": "arena", "name": arena.name, "arguments": {"arena": arena.id}}
    paths.queue_file().write_text(json.dumps({"version": 1, "waiting": [waiting]}), encoding="utf-8")
    harness = WindowHarness(qtbot)
    # As in the program: at once, before the queue looks for its next entry.
    harness.window.left.connect(harness.manager.leave)
    harness.scripts["train"] = ENDLESS
    qtbot.waitUntil(lambda: harness.manager.current is not None and harness.manager.current.state.step > 0)
    harness.window.close()
    harness.window.quit_dialog.stop_button.click()
    qtbot.waitUntil(lambda: harness.left == [1])
    qtbot.wait(100)
    assert [each.state for each in arenas.Reader().read(arenas.open_arena(arena.folder))] == [
        "stopped",
        "waiting",
    ]
    assert not arenas.open_arena(arena.folder).paused


def test_a_deaf_worker_can_be_forced_from_the_question(harness, qtbot):
    harness.scripts["train"] = [["steps", {"count": 2, "per_second": 100}], ["deaf", None]]
    model = harness.window.built("train").start_run(recipe.from_tables(BASICS))
    qtbot.waitUntil(lambda: model.state.step == 2)
    harness.window.close()
    dialog = harness.window.quit_dialog
    dialog.stop_button.click()
    force = dialog.stop_strip.action_button()
    assert "Finishing the " in dialog.stop_strip.text()
    qtbot.waitUntil(lambda: force.isVisibleTo(dialog))
    strip = dialog.stop_strip
    qtbot.waitUntil(lambda: strip.height() >= strip.heightForWidth(strip.width()))
    force.click()
    qtbot.waitUntil(lambda: harness.left == [1])
    assert model.ending.outcome == "crashed"


@pytest.mark.parametrize("keeps", [True, False])
def test_a_recipe_that_stops_with_its_window_can_be_kept_on_by_a_word_of_it(harness, qtbot, keeps):
    harness.scripts["train"] = ENDLESS
    wanted = recipe.from_tables(BASICS | {"training": {"when_window_leaves": "stop"}})
    model = harness.window.built("train").start_run(wanted)
    qtbot.waitUntil(lambda: model.state.step >= 1)
    harness.window.close()
    dialog = harness.window.quit_dialog
    kinds = [button.property("kind") for button in (dialog.stop_button, dialog.keep_button)]
    assert kinds == ["primary", "plain"]
    if keeps:
        dialog.keep_button.click()
    harness.manager.leave()
    if keeps:
        qtbot.wait(500)
        assert model.job.is_running()
        model.job.send("stop")
    qtbot.waitUntil(lambda: not model.job.is_running())
    assert run_store.open_run(model.job).outcome == "stopped"
    if not keeps:
        dialog.cancel_button.click()


def test_preferences_survive_a_damaged_file(home):
    path = paths.config_folder() / "window.json"
    path.write_text("{nonsense", encoding="utf-8")
    preferences = Preferences()
    assert preferences.get("scheme") is None
    preferences.set("scheme", "dark")
    assert Preferences().get("scheme") == "dark"


@pytest.mark.slow("gui/core/", "gui/dialogs/settings", "gui/main_window", "gui/pages/train/", quick=1)
@pytest.mark.parametrize("value", ["[1]", "?", "nan", "1e9"])
def test_preferences_that_no_setting_has_stop_neither_window_nor_settings(home, qtbot, value):
    keys = (*SETTINGS, "level", "page", "page.history", "page.train", "recipe", "guided")
    Preferences().update(dict.fromkeys(keys, value))
    preferences = Preferences()
    assert (preferences.text_scale(), preferences.choice("scheme")) == (1.0, "system")
    window = MainWindow(scripted_manager(lambda _job: [["answer", {}]]), preferences)
    qtbot.addWidget(window, before_close_func=lambda window: setattr(window, "may_close", True))
    window.show_built("train")
    dialog = SettingsDialog(preferences, window)
    assert (dialog.sizes.key(), dialog.leaving.current()) == ("100", "finish")
    window.manager.leave()


def test_another_home_is_another_instance(qtbot, home, monkeypatch, tmp_path):
    first = SingleInstance()
    assert not first.raise_first()
    monkeypatch.setenv("TUNESMITH_HOME", str(tmp_path / "other"))
    second = SingleInstance()
    assert not second.raise_first()
    first.close()
    second.close()


def test_the_end_of_a_run_is_told_unless_its_device_was_freed_on_wish(harness, qtbot, monkeypatch):
    told = []
    monkeypatch.setattr(harness.window.notifier, "notify", lambda *said: told.append(said))
    model = harness.train(qtbot)
    model.free_device()
    qtbot.waitUntil(lambda: harness.manager.current is None)
    harness.scripts["train"] = [["emit", STARTED]]
    harness.manager.resume(model.id)
    qtbot.waitUntil(lambda: harness.manager.current is None)
    assert told == [("Completed", "A run")]


def test_settings_apply_at_once_and_are_kept(qtbot, home):
    dialog = qtbot.add(SettingsDialog(Preferences()))
    dialog.sizes.set_key("150")
    dialog.schemes.set_current("dark")
    assert style.tokens().scheme == "dark"
    assert Preferences().get("scheme") == "dark"
    assert Preferences().get("text_scale") == "1.5"
    dialog.sizes.set_key("100")
    dialog.schemes.set_current("light")


@pytest.mark.slow("gui/app", "gui/dialogs/settings_dialog", "gui/look/language", "gui/main_window")
def test_another_language_opens_the_window_anew_on_the_page_that_was_shown(home):
    program = """
        import os, sys
        from PySide6.QtCore import QTimer
        from PySide6.QtWidgets import QApplication
        from gui import app
        from gui.dialogs.settings_dialog import SettingsDialog
        from gui.main_window import MainWindow
        from gui.shell.navigation_rail import RailItem
        from gui.shell.rooms import VIEWS

        def windows():
            return [each for each in QApplication.topLevelWidgets() if isinstance(each, MainWindow)]

        def choose():
            (window,) = windows()
            for key in (*VIEWS, "library"):
                window.show_page(key)
            print([each.name for each in window.findChildren(RailItem)], flush=True)
            window.rail.settings_wanted.emit()
            dialog = window.findChild(SettingsDialog)
            assert dialog.restart_button.isHidden()
            dialog.languages.set_key("de")
            dialog.languages.chosen.emit("de")
            assert dialog.restart_button.isVisible()
            QTimer.singleShot(0, look)
            dialog.restart_button.click()

        def look():
            if len(windows()) != 1 or windows()[0].restarts:
                QTimer.singleShot(50, look)
                return
            (window,) = windows()
            print([each.name for each in window.findChildren(RailItem)], window.current_key(), flush=True)
            window.close()

        application = QApplication([])
        QTimer.singleShot(500, choose)
        code = app.run([])
        print(code, flush=True)
        # What threads of the window still read would crash at the interpreter's end.
        os._exit(code)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [
        "['Settings', 'Home', 'Conversations', 'Train', 'Library', 'Playground']",
        "['Einstellungen', 'Übersicht', 'Gespräche', 'Trainieren', 'Bibliothek', 'Werkbank'] library",
        "0",
    ]
    assert not (paths.cache_folder() / "tunesmith.log").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("blocked", "said"),
    [
        ("home", "home/config can't be created"),
        ("home/cache/tunesmith.log/x", "tunesmith.log can't be written"),
    ],
)
def test_a_home_that_cannot_be_used_is_told_without_a_window(home, blocked, said):
    (home.parent / blocked).parent.mkdir(parents=True, exist_ok=True)
    (home.parent / blocked).write_text("", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(ROOT / "main.py")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    [told] = done.stderr.splitlines()
    assert said in told
    assert told.endswith("Set TUNESMITH_HOME to another folder.")


def test_where_a_screen_is_the_trouble_is_shown(qtbot, monkeypatch):
    monkeypatch.setattr(QApplication, "platformName", lambda: "xcb")
    shown = []

    def close():
        box = QApplication.activeModalWidget()
        shown.append((box.text(), box.textFormat()))
        box.close()

    QTimer.singleShot(0, close)
    say_why_not(StorageError("The folder is not writable.", "Choose another."), quietly=False)
    assert shown == [("The folder is not writable.\n\nChoose another.", Qt.TextFormat.PlainText)]
