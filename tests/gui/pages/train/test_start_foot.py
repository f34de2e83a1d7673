import pytest

from engine.api import Problem
from gui.pages.train.start_foot import StartFoot, readiness_text
from tests.helpers.train_stage import PLAN, labels, texts

PLANNED = {"readiness": {"scored": 819}, "base_parameters": 247_577_856}


@pytest.fixture
def page(stage, qtbot):
    stage.scripts["plan"] = [["answer", PLAN | PLANNED]]
    with qtbot.waitSignal(stage.manager.planner.planned):
        stage.page.shown()
    return stage.page


def dimmed(widget):
    found = [(label, label.graphicsEffect()) for label in labels(widget)]
    return {label.text() for label, effect in found if effect and effect.isEnabled()}


def test_another_base_model_is_not_told_the_facts_of_the_last(page, qtbot, tmp_path):
    form, panel = page.panel.form, page.panel
    panel.set_level("advanced")
    page.right.methods.set_count("lora", 3_538_944)
    assert "247.6 M parameters" in texts(form) or "248 M parameters" in texts(form)
    assert list(form.field("method.target_modules").control.widget.chips.chips)[1:]
    assert dimmed(panel) == set()

    form.base_model_chooser().pick("owner/other")
    said = texts(panel)
    assert said.count("Updating…") == 2
    assert "M parameters" not in texts(form)
    assert "to train on" not in texts(form)
    assert {"3,538,944", "about 5.9 GB of memory"} <= dimmed(panel)
    assert any("1,540 steps" in text for text in dimmed(panel))
    assert list(form.field("method.target_modules").control.widget.chips.chips) == [""]
    assert page.right.methods.row("lora").is_busy

    with qtbot.waitSignal(page.manager.planner.planned):
        pass
    assert dimmed(panel) == set()
    assert not page.right.methods.row("lora").is_busy
    assert "Updating…" not in texts(panel)
    assert "M parameters" in texts(form)


def test_a_recipe_that_can_not_be_planned_shows_no_numbers_of_the_last(page, tmp_path):
    page.right.methods.set_count("lora", 3_538_944)
    page.panel.form.base_model_chooser().pick(str(tmp_path / "gone"))
    assert dimmed(page.panel) == set()
    assert "3,538,944" not in texts(page.panel)
    assert page.right.methods.row("lora").trainable == ""


def test_the_first_plan_is_not_called_an_update(stage):
    stage.scripts["plan"] = []
    stage.page.shown()
    stage.page.panel.form.base_model_chooser().pick("owner/other")
    foot = stage.page.panel.foot
    assert texts(foot).count("Checking base model and data…") == 1
    assert "Updating…" not in texts(foot)
    assert dimmed(foot) == set()


READY = {
    "scored": 200,
    "language": "de",
    "base_languages": ("de", "en"),
    "learned": {"longest": 39, "limit": 64, "over": 0, "of": 1228},
    "written": {"longest": 41, "limit": 64, "over": 0, "of": 200},
}
LINE = "1,228 conversations to train on · 200 to test on · German · summaries up to 39 of 64 tokens"
DOUBT = {
    "message": "Only 4 conversations to test on; a verdict needs 10.",
    "hint": "Add some.",
    "level": "warning",
}


@pytest.fixture
def foot(qtbot):
    return qtbot.show(StartFoot())


def test_one_line_says_how_ready_a_run_is_and_nothing_that_the_plan_does_not_know():
    assert readiness_text(PLAN | {"readiness": READY}) == LINE
    untrained = readiness_text(PLAN | {"readiness": READY}, trains=False)
    assert untrained == "200 conversations to test on · German · summaries up to 41 of 64 tokens"
    assert readiness_text({}) == ""
    assert (
        readiness_text({"examples": {"train": 1, "test": 2}}) == "1 conversation to train on · 2 to test on"
    )
    unknown = {"readiness": {"scored": 3, "language": "", "base_languages": ()}}
    assert readiness_text(unknown) == "3 conversations to test on"
    foreign = READY | {"base_languages": ("en",)}
    assert "German, base model: English" in readiness_text(PLAN | {"readiness": foreign})
    cut = READY | {"learned": {"longest": 300, "limit": 64, "over": 20, "of": 100}}
    assert "summaries up to 300 tokens, limit 64" in readiness_text(PLAN | {"readiness": cut})


def test_warnings_stand_beside_start_once_and_several_fold_into_the_heaviest(foot):
    foot.show_plan(PLAN | {"readiness": READY, "notices": [DOUBT]}, trains=True)
    assert "Add some." in texts(foot)
    assert LINE in texts(foot)
    assert foot.start_button.isEnabled()
    foot.show_plan(PLAN | {"readiness": READY, "notices": []}, trains=True)
    assert "Add some." not in texts(foot)
    plain = {"message": "This is the base model as it is.", "hint": ""}
    foot.show_plan(PLAN | {"notices": [plain, DOUBT]}, trains=False)
    assert foot.happening.text() == plain["message"]
    assert texts(foot).count(DOUBT["message"]) == 1
    other = DOUBT | {"message": "The conversations are in German."}
    foot.show_plan(PLAN | {"notices": [other, DOUBT]}, trains=True)
    assert "2 remarks. Latest: Only 4 conversations" in texts(foot)
    foot.warnings.line.acted.emit()
    assert "The conversations are in German." in texts(foot)


def test_why_start_is_grey_stands_beside_it(foot):
    foot.show_problems([Problem("training.epochs", "Epochs: at most 1,000.", "")])
    assert not foot.start_button.isEnabled()
    assert "Epochs: at most 1,000." in texts(foot)
    foot.show_problems(
        [Problem("a", "One is wrong.", "Mend it."), Problem("b", "Two.", ""), Problem("c", "Three.", "")]
    )
    assert "One is wrong. Mend it. 2 more problems above." in texts(foot)
    foot.show_problems([])
    assert foot.start_button.isEnabled()
    assert "wrong" not in texts(foot)


def test_a_problem_that_stands_beside_its_field_or_is_hidden_is_said_beside_start_too(stage):
    stage.page.panel.set_level("basic")
    stage.page.panel.show_problems([Problem("training.epochs", "Epochs: at most 1,000.", "")])
    assert "Epochs: at most 1,000." in texts(stage.page.panel.foot)
    stage.page.panel.show_problems([Problem("training.warmup", "Warm-up can't be 3.", "Below 1.")])
    assert "Warm-up can't be 3. Below 1." in texts(stage.page.panel)


def test_limits_that_follow_the_data_say_what_they_are_here(stage, qtbot):
    stage.scripts["plan"] = [["answer", PLAN | {"readiness": READY}]]
    stage.page.panel.set_level("advanced")
    stage.page.shown()
    around = stage.page.panel.form.field("data.max_summary_tokens").around
    qtbot.waitUntil(lambda: "Here: 64 tokens" in texts(around))
    assert "Here: 64 tokens" in texts(stage.page.panel.form.field("evaluation.max_new_tokens").around)
    stage.page.panel.form.set_values("data", {"max_summary_tokens": 32})
    qtbot.waitUntil(lambda: "Here" not in texts(around))
