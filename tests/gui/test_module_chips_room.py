"""What plans tell late finds its room in the real recipe panel: chips for weight matrices, and words below fields."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint

from engine.api import paths, recipe
from gui.forms.module_chips import ModuleChips
from gui.pages.train.recipe_panel import WIDTH, RecipePanel
from tests.helpers.train_stage import PLAN, texts

GATED = dict.fromkeys(("q", "k", "v", "o", "wi_0", "wi_1", "wo"), 8)
LATE = PLAN | {"modules": GATED, "targets": ["q", "v"], "blocks": {"encoder": 4, "decoder": 4}}


@pytest.fixture
def panel(styled, qtbot):
    made = RecipePanel()
    qtbot.addWidget(made)
    made.set_recipe(recipe.load(paths.presets_folder() / "starter.toml"))
    made.set_level("more")
    made.set_level("essential")  # as the page does with the level preferred
    made.resize(WIDTH, 900)
    made.show()
    qtbot.waitExposed(made)
    return made


def _chips(panel: RecipePanel) -> ModuleChips:
    chips = panel.form.field("method.target_modules").control.widget
    assert isinstance(chips, ModuleChips)
    return chips


def _all_in_sight(chips: ModuleChips) -> bool:
    last = chips._chips.chip(list(GATED)[-1])
    return last.mapTo(chips, last.rect().bottomLeft()).y() < chips.height()


def test_chips_offered_by_the_first_plan_are_all_in_sight(panel, qtbot):
    panel.show_plan(LATE)

    qtbot.waitUntil(lambda: _all_in_sight(_chips(panel)), timeout=2000)


def test_the_first_plan_does_not_move_what_stands_above_the_chips(panel, qtbot):
    def places() -> list[int]:
        qtbot.wait(20)
        shown = ("data.source", "method.rank", "method.target_modules")
        return [panel.form.field(place).around.mapTo(panel.form, QPoint()).y() for place in shown]

    before = places()
    panel.show_plan(LATE | {"base_parameters": 7_362_816, "precision": "bfloat16"})

    assert "7.36 M parameters" in texts(panel.form)
    assert places() == before


def test_chips_offered_by_a_run_that_began_before_any_plan_are_all_in_sight(panel, qtbot):
    panel.set_fixed("Fixed while this run trains")
    panel.effect.show_run(LATE, panel.form.recipe().method, None, None)
    panel.form.show_plan(LATE)

    qtbot.waitUntil(lambda: _all_in_sight(_chips(panel)), timeout=2000)


def test_chips_that_grow_in_number_are_all_in_sight(panel, qtbot):
    panel.show_plan(LATE | {"modules": {"q": 8, "v": 8}})
    qtbot.wait(20)
    panel.show_plan(LATE)

    qtbot.waitUntil(lambda: _all_in_sight(_chips(panel)), timeout=2000)
