"""A recipe whose run needs more memory than there is: smaller plans with their prices, before anything is started."""

import pytest

from engine.api import MethodSettings, method
from gui.pages.train.content_pane import FallbackView
from gui.pages.train.effect_panel import EffectPanel
from gui.widgets.buttons import Button
from gui.widgets.cards import FallbackRow
from tests.helpers.train_stage import PLAN, texts

GB = 1_000_000_000
LORA = MethodSettings("lora", method("lora").options())
PROBLEM = {
    "field": "training.micro_batch_tokens",
    "message": "This run needs about 12.4 GB of memory; 8.0 GB is available.",
    "hint": "Make the micro-batch smaller, or checkpoint activations.",
}
SHORT = PLAN | {"memory_bytes": 12_400_000_000, "memory_there_bytes": 8 * GB, "problems": [PROBLEM]}
FOUND = {
    "needed": 12_400_000_000,
    "available": 7 * GB,
    "batch_size": 8,
    "rows": 8,
    "plans": [
        {
            "changes": {"training.micro_batch_tokens": 1024}, "memory_bytes": 6_900_000_000,
            "memory_change": -0.44, "time_change": None, "rows": 4,
        },
        {
            "changes": {
                "training.activation_checkpointing": True,
                "base_model.quantization": "nf4",
                "base_model.double_quantization": True,
            },
            "memory_bytes": 5_300_000_000,
            "memory_change": -0.57,
            "time_change": None,
            "rows": 8,
        },
    ],
}  # fmt: skip


@pytest.fixture
def effect(qtbot) -> EffectPanel:
    return qtbot.place(EffectPanel(), 296, 600)


def offers(effect: EffectPanel) -> bool:
    return bool(effect.fit_button.isVisibleTo(effect))


def test_memory_that_does_not_suffice_is_said_with_a_way_out_and_per_process(effect):
    effect.show_plan(SHORT, LORA)
    assert offers(effect)
    assert "Only 8.0 GB is available." in texts(effect)
    effect.show_plan(SHORT | {"processes": 2, "sharded": False, "host_memory_bytes": 1}, LORA)
    assert "of memory per GPU" in texts(effect)
    effect.show_plan(SHORT | {"processes": 2, "sharded": False}, LORA)
    assert "of memory per process" in texts(effect)


def test_a_run_that_fits_was_started_or_of_which_nothing_is_known_is_offered_no_plans(effect):
    for show_other in (
        lambda: effect.show_plan(PLAN | {"memory_there_bytes": 8 * GB}, LORA),
        lambda: effect.show_plan(PLAN, LORA),
        lambda: effect.show_run(PLAN, LORA, None, None),
        effect.show_unknown,
    ):
        effect.show_plan(SHORT, LORA)
        assert offers(effect)
        show_other()
        assert not offers(effect)


def button(view: FallbackView, text: str) -> Button:
    return next(each for each in view.card.findChildren(Button) if each.text() == text)


def rows(view: FallbackView) -> list[FallbackRow]:
    return view.card.findChildren(FallbackRow) if view.card is not None else []


def lacking(stage, qtbot, found) -> FallbackView:
    """The view after "Find plans that fit" was pressed, with what was found."""
    stage.scripts["plan"] = [["answer", SHORT]]
    stage.scripts["shrink"] = found
    stage.page.shown()
    effect, fit = stage.page.panel.effect, stage.page.right.fallback_view
    qtbot.waitUntil(lambda: effect.fit_button.isVisibleTo(stage.page))
    effect.fit_button.click()
    assert fit.isVisibleTo(stage.page)
    assert "Looking for plans" in texts(fit)
    qtbot.waitUntil(lambda: "Looking for plans" not in texts(fit))
    return fit


def result(found):
    return [["emit", {"event": "result_made", "result": found}]]


def test_nothing_is_changed_before_a_plan_is_chosen_which_is_then_written_and_planned_anew(stage, qtbot):
    before = stage.page.panel.form.recipe()
    fit = lacking(stage, qtbot, result(FOUND))
    assert "It needs about 12.4 GB; 7.0 GB is available." in texts(fit)
    first, second = (row.accessibleName() for row in rows(fit))
    prices = "6.9 GB, −44\u00a0%, not timed, the same"
    assert first == f"Micro-batch 8 to 4, Batch size is unchanged: 8 examples, {prices}"
    assert second.startswith("Checkpoint activations, base model in 4 bits, ")
    rows(fit)[1].click()
    assert stage.page.panel.form.recipe() == before
    with qtbot.waitSignal(stage.manager.planner.planned):
        button(fit, "Use this plan").click()
    made = stage.page.panel.form.recipe()
    assert made.training.activation_checkpointing
    assert (made.base_model.quantization, made.base_model.double_quantization) == ("nf4", True)
    assert made.changes == ()
    assert stage.page.panel.isVisibleTo(stage.page)


def test_where_no_plan_fits_or_is_found_that_is_said(stage, qtbot):
    fit = lacking(stage, qtbot, result(FOUND | {"plans": []}))
    assert "No plan fits" in texts(fit)
    assert not rows(fit)
    button(fit, "Close").click()
    assert stage.page.panel.isVisibleTo(stage.page)
    failed = [["fail", {"message": "The data <can't> be read.", "hint": "Look at it."}]]
    assert "The data <can't> be read. Look at it." in texts(lacking(stage, qtbot, failed))


def test_plans_of_a_recipe_that_was_edited_since_go(stage, qtbot):
    fit = lacking(stage, qtbot, result(FOUND))
    stage.page.panel.form.set_values("training", {"epochs": 7})
    assert not fit.isVisibleTo(stage.page)
    assert stage.page.panel.isVisibleTo(stage.page)
