"""While a plan is being made, what the one before said is dimmed, and nothing is said of another base model."""

from __future__ import annotations

import pytest

from tests.helpers.train_stage import PLAN, WAIT, labels, texts

READY = {"readiness": {"scored": 819}, "base_parameters": 247_577_856}


@pytest.fixture
def page(stage, qtbot):
    stage.scripts["plan"] = [["answer", PLAN | READY]]
    with qtbot.waitSignal(stage.manager.planner.planned, timeout=WAIT):
        stage.page.shown()
    return stage.page


def dimmed(widget):
    """Return the texts of all labels of a widget that are dimmed."""
    found = [(label, label.graphicsEffect()) for label in labels(widget)]
    return {label.text() for label, effect in found if effect and effect.isEnabled()}


def test_another_base_model_is_not_told_the_facts_of_the_last(page, qtbot, tmp_path):
    form, panel = page.panel.form, page.panel
    page.right.methods.set_count("lora", 3_538_944)
    assert "247.6 M parameters" in texts(form) or "248 M parameters" in texts(form)
    assert list(form.field("method.target_modules").control.widget._chips.chips)[1:]
    assert dimmed(panel) == set()

    form.base_model_chooser().pick("owner/other")
    said = texts(panel)
    assert said.count("Updating…") == 2
    assert "M parameters" not in texts(form)
    assert "for training" not in texts(form)
    assert {"3,538,944", "about 5.9 GB of memory"} <= dimmed(panel)
    assert any("1,540 steps" in text for text in dimmed(panel))
    assert "Updating…" in texts(page.right.methods)
    assert list(form.field("method.target_modules").control.widget._chips.chips) == [""]
    assert page.right.methods.row("lora")._is_busy

    with qtbot.waitSignal(page._manager.planner.planned, timeout=WAIT):
        pass
    assert dimmed(panel) == set()
    assert "Updating…" not in texts(panel) + texts(page.right.methods)
    assert "M parameters" in texts(form)


def test_a_recipe_that_can_not_be_planned_shows_no_numbers_of_the_last(page, tmp_path):
    page.right.methods.set_count("lora", 3_538_944)
    page.panel.form.base_model_chooser().pick(str(tmp_path / "gone"))
    assert dimmed(page.panel) == set()
    assert "3,538,944" not in texts(page.panel)
    assert page.right.methods.row("lora")._trainable == ""


def test_the_first_plan_is_not_called_an_update(stage):
    stage.scripts["plan"] = []
    stage.page.shown()
    stage.page.panel.form.base_model_chooser().pick("owner/other")
    foot = stage.page.panel.foot
    assert texts(foot).count("Checking the base model and the data…") == 1
    assert "Updating…" not in texts(foot)
    assert dimmed(foot) == set()
