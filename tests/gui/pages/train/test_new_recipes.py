"""What the settings say of new runs: of those alone, and only until a recipe's own field says otherwise."""

from __future__ import annotations

from engine.api import recipe
from gui.core.preferences import Preferences
from gui.dialogs.settings_dialog import SettingsDialog
from gui.pages.train import recipe_files
from gui.pages.train.recipe_files import as_the_settings_say
from tests.helpers.train_stage import BASICS


def test_what_new_runs_do_without_their_window_is_a_setting(qtbot, home):
    wanted = recipe.from_tables(BASICS)
    assert as_the_settings_say(wanted, Preferences()) == wanted
    dialog = SettingsDialog(Preferences())
    qtbot.addWidget(dialog)
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
