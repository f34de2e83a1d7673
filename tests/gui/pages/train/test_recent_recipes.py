"""Recipe files that were opened or saved lately: each once, offered by name, and kept by their page."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QMenu

from engine.api import recipe
from gui.core.file_opening import RecentRecipes
from gui.core.preferences import Preferences
from gui.dialogs.settings_dialog import SettingsDialog
from gui.forms import recipe_files
from gui.forms.recipe_files import as_the_settings_say
from gui.pages.train.page import TrainPage
from gui.shell.page import Page
from gui.workers.worker_manager import WorkerManager
from tests.helpers.homes import make_recipe
from tests.helpers.train_stage import BASICS


@pytest.fixture
def page(qtbot):
    return qtbot.add(Page("Train"))


def test_files_of_the_same_name_are_told_apart_and_a_menu_forgets_them(page):
    opened = []
    recent = RecentRecipes(page, opened.append)
    menu = QMenu(page)
    menu.addAction("Starter")
    recent.add_to(menu)
    assert [action.text() for action in menu.actions()] == ["Starter"]
    for name in ("/a/one & two.toml", "/b/three.toml", "/a/one & two.toml"):
        recent.add(Path(name))
    assert [each.text() for each in recent.entries()] == [
        "Open recipe one & two.toml",
        "Open recipe three.toml",
    ]
    recent.add(Path("/a/three.toml"))
    assert [each.text() for each in recent.entries()][::2] == [
        "Open recipe /a/three.toml",
        "Open recipe /b/three.toml",
    ]
    recent.add_to(menu)
    entry, forget = menu.actions()[3], menu.actions()[-1]
    assert entry.text() == "one && two.toml   /a/one && two.toml"
    entry.trigger()
    assert opened == [Path("/a/one & two.toml")]
    forget.trigger()
    assert recent.entries() == []


def test_recent_recipes_stand_below_the_presets_and_in_the_palette(qtbot, home, tmp_path, monkeypatch):
    manager = WorkerManager()
    page = qtbot.add(TrainPage(manager))
    first, second = tmp_path / "first.toml", tmp_path / "second.toml"
    recipe.save(make_recipe("First"), first)
    page.open_file(first)
    monkeypatch.setattr(recipe_files, "ask_to_save", lambda *_: second)
    page.buttons.save.trigger()
    assert second.exists()
    monkeypatch.setattr(recipe_files, "ask_to_save", lambda *_: tmp_path / "missing" / "third.toml")
    page.buttons.save.trigger()
    assert "missing" in page.right.notice.text()
    assert "second.toml" in page.header.subtitle()

    offered = [each.text() for each in page.entries()]
    assert offered[-2:] == ["Open recipe second.toml", "Open recipe first.toml"]
    menu = page.buttons.recipes_menu()
    shown = [action.text() for action in menu.actions()]
    assert shown[-4].startswith("second.toml")
    page.new_run()
    next(action for action in menu.actions() if action.text().startswith("first.toml")).trigger()
    assert page.panel.form.recipe().name == "First"
    assert "From first.toml" in page.header.subtitle()

    first.unlink()
    page.entries()[-2].trigger()
    assert "first.toml" in page.right.notice.text()
    again = qtbot.add(TrainPage(manager))
    again.restore_state(page.saved_state())
    assert [each.text() for each in again.entries()][-2:] == offered[-2:][::-1]
    manager.leave()


def test_what_new_runs_do_without_their_window_is_a_setting(qtbot, home):
    wanted = recipe.from_tables(BASICS)
    assert as_the_settings_say(wanted, Preferences()) == wanted
    dialog = qtbot.add(SettingsDialog(Preferences()))
    assert dialog.leaving.current() == "finish"
    dialog.leaving.set_current("stop")
    assert Preferences().get("when_window_leaves") == "stop"
    made = as_the_settings_say(wanted, Preferences())
    assert made.training.when_window_leaves == "stop"
    assert made.as_tables()["method"] == wanted.as_tables()["method"]
    Preferences().set("when_window_leaves", "explode")
    assert as_the_settings_say(wanted, Preferences()) == wanted


def test_the_setting_goes_for_new_runs_and_not_for_copies_or_files(stage, tmp_path):
    page = stage.page
    stage.preferences.set("when_window_leaves", "stop")

    def says() -> str:
        return page.panel.form.recipe().training.when_window_leaves

    page.new_run()
    assert says() == "stop"
    page.edit(recipe.from_tables(BASICS))
    assert says() == "finish"
    recipe.save(recipe.from_tables(BASICS), tmp_path / "mine.toml")
    page.open_file(tmp_path / "mine.toml")
    assert says() == "finish"
    page.buttons.preset_chosen.emit(recipe_files.presets()[0].recipe)
    assert says() == "stop"
