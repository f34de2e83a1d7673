"""What plans tell late finds its room in the real recipe panel: chips for weight matrices, and words below fields."""

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest

from engine.api import paths, recipe
from gui.forms.controls import ModuleChips
from gui.pages.train.recipe_panel import WIDTH, RecipePanel
from tests.helpers.train_stage import PLAN, texts

GATED = dict.fromkeys(("q", "k", "v", "o", "wi_0", "wi_1", "wo"), 8)
LATE = PLAN | {"modules": GATED, "targets": ["q", "v"], "blocks": {"encoder": 4, "decoder": 4}}
MEMORY = {"weights": 15, "adapter": 4, "gradients": 4, "optimizer": 8, "activations": 100, "runtime": 700}
FIRST = LATE | {"base_parameters": 7_362_816, "precision": "bfloat16", "memory": MEMORY}


@pytest.fixture
def panel(styled, qtbot):
    made = qtbot.add(RecipePanel())
    made.set_recipe(recipe.load(paths.presets_folder() / "starter.toml"))
    made.set_level("advanced")
    made.set_level("basic")  # as the page does with the level preferred
    made.resize(WIDTH, 900)
    made.show()
    return made


def _chips(panel: RecipePanel) -> ModuleChips:
    chips = panel.form.field("method.target_modules").control.widget
    assert isinstance(chips, ModuleChips)
    return chips


def _all_in_sight(chips: ModuleChips) -> bool:
    last = chips.chips.chips[list(GATED)[-1]]
    return last.mapTo(chips, last.rect().bottomLeft()).y() < chips.height()


def _places(panel: RecipePanel) -> list[int]:
    shown = ("data.source", "method.rank", "method.target_modules", "training.epochs")
    QTest.qWait(20)
    return [panel.form.field(key).around.mapTo(panel.form, QPoint()).y() for key in shown]


def test_neither_the_first_plan_nor_that_of_another_method_moves_the_form(panel):
    before = _places(panel)
    panel.show_plan(FIRST)
    assert "7.36 M parameters" in texts(panel.form)
    assert _places(panel) == before
    panel.form.choose_method("vera")
    before = _places(panel)
    panel.show_plan(FIRST)
    assert _places(panel) == before
    # A base model that is not here has the chip of the default alone.
    panel.show_plan({"missing": ["owner/name"]})
    assert [chip.text() for chip in _chips(panel).chips.chips.values()] == ["Default"]


def test_chips_offered_by_a_run_that_began_before_any_plan_are_all_in_sight(panel, qtbot):
    panel.set_read_only("Settings are locked while training")
    panel.effect.show_run(LATE, panel.form.recipe().method, None, None)
    panel.form.show_plan(LATE)
    qtbot.waitUntil(lambda: _all_in_sight(_chips(panel)))
