"""The choice of a base model: lists, facts, whether a run fits this computer, and what the hub finds."""

import pytest
from PySide6.QtWidgets import QFileDialog

from engine.api import model_info, recipe
from gui.models.list_text import (
    Fit,
    ListedModel,
    all_languages_text,
    facts_text,
    fit_of,
    fit_texts,
    found_on_hub,
    of_catalogue,
    on_this_computer,
)
from gui.pages.train.base_models_view import BaseModelsView, FitEstimates
from gui.pages.train.start_foot import happening_text
from gui.widgets.buttons import Button
from gui.widgets.labels import Tag
from gui.workers.planner import Planner
from gui.workers.worker_manager import WorkerManager
from tests.helpers.fake_hub import FakeHub
from tests.helpers.scripted_manager import end, scripted_manager
from tests.helpers.train_stage import BASICS, PLAN, Stage, texts

STARTER = {
    "id": "starter", "family": "encoder-decoder", "size_bytes": 14_900_000, "licence": "", "local": True,
}  # fmt: skip
SMALL = {"id": "owner/small", "family": "decoder-only", "size_bytes": 9, "licence": "mit", "local": False}
QWEN, FLAN = "Qwen/Qwen2.5-0.5B-Instruct", "google/flan-t5-small"
FITS = {"precision": "bfloat16", "memory_bytes": 2_500_000_000, "memory_suffices": True, "seconds": 540.0}
TOO_LARGE = {
    "memory_bytes": 30_000_000_000,
    "memory_there_bytes": 16_000_000_000,
    "memory_suffices": False,
    "problems": [{"field": "base_model.quantization", "message": "This run needs more.", "hint": ""}],
}


def listed(model_id: str) -> ListedModel:
    model = model_info.in_catalogue(model_id)
    assert model is not None
    return of_catalogue(model.as_dict())


def test_a_model_is_told_in_one_line():
    assert facts_text(listed(QWEN)) == (
        "494 M parameters · decoder-only · chat format · 29 languages · context of 32,768 tokens · apache-2.0 · "
        "988.0 MB to download"
    )
    assert "German" in all_languages_text(listed(QWEN))
    flan = facts_text(listed(FLAN))
    assert "plain prompt · English, French, Romanian, German · no context limit" in flan
    assert all_languages_text(listed(FLAN)) == ""
    assert facts_text(listed("google/gemma-3-1b-it")).endswith("accept its licence first")

    facts = {"id": FLAN, "family": "encoder-decoder", "size_bytes": 310_000_000, "licence": ""}
    here = facts_text(on_this_computer(facts, listed(FLAN)))
    assert here.startswith("77.0 M parameters")
    assert here.endswith("apache-2.0 · 310.0 MB")
    assert facts_text(on_this_computer(SMALL, None)) == "decoder-only · mit · 9 bytes"
    assert facts_text(on_this_computer(SMALL | {"family": None}, None)) == "not a text model"
    assert facts_text(on_this_computer(STARTER, None)) == "encoder-decoder · English · 14.9 MB"

    assert facts_text(found_on_hub({"id": "a/b"})) == "no licence stated"
    known = {
        "id": "a/b", "family": "decoder-only", "parameters": 1_000_000_000, "licence": "mit",
        "languages": ["de"], "gated": True,
    }  # fmt: skip
    text = facts_text(found_on_hub(known))
    assert text == "1.00 B parameters · decoder-only · German · mit · accept its licence first"


@pytest.mark.parametrize(
    ("plan", "quantization", "shown"),
    [
        (FITS, "none", ("Fits in bfloat16", "2.5 GB · about 9 min")),
        (FITS, "nf4", ("Fits in 4 bits (NF4)", "2.5 GB · about 9 min")),
        (FITS | {"seconds": None}, "none", ("Fits in bfloat16", "2.5 GB")),
        (TOO_LARGE, "nf4", ("Does not fit: 30.0 GB of 16.0 GB", "")),
        (
            {"problems": [{"field": "method.rank", "message": "Rank is too high."}]},
            "none",
            ("Rank is too high.", ""),
        ),
        ({"problems": []}, "none", ("", "")),
        # Offline, a model to download is a problem of the run, and its fit is known all the same.
        (
            FITS | {"problems": [{"field": "base_model.id", "message": "Not here."}]},
            "none",
            ("Fits in bfloat16", "2.5 GB · about 9 min"),
        ),
    ],
)
def test_the_fit_is_what_the_plan_says(plan, quantization, shown):
    assert fit_texts(fit_of(plan, quantization)) == shown


class ScriptedPlanner(Planner):
    """A planner that only notes what is to be compared."""

    def __init__(self, parent):
        super().__init__(lambda _device: pytest.fail("a worker was started"), parent)
        self.asked = {}

    def compare(self, recipes):
        self.asked = dict(recipes)


@pytest.fixture
def planned(qtbot, home):
    manager = scripted_manager(lambda _job: [])
    planner = ScriptedPlanner(manager)
    estimates = FitEstimates(planner, manager)
    seen = {}
    estimates.estimated.connect(lambda name, fit: seen.update({name: fit}))
    estimates.use(recipe.from_tables(BASICS).as_tables(), "encoder-decoder")
    yield planner, estimates, seen
    end(manager)


def test_each_model_is_planned_with_what_suits_its_family_and_the_present_one_as_it_is(planned):
    planner, estimates, _seen = planned
    chosen = recipe.from_tables(BASICS | {"method": {"id": "lora", "rank": 64, "target_modules": ["wo"]}})
    tables = chosen.as_tables() | {"training": {"learning_rate": 0.5}}
    estimates.use(tables, "encoder-decoder")
    estimates.estimate([listed(FLAN), listed(QWEN), found_on_hub({"id": "a/b", "family": "decoder-only"})])
    assert planner.asked.keys() == {FLAN, QWEN}
    flan, qwen = planner.asked[FLAN], planner.asked[QWEN]
    # Rank, layers and rate were chosen for another model.
    assert (flan.method.options.rank, flan.method.options.target_modules) == (32, None)
    assert flan.training.learning_rate is None
    assert qwen.method.options.target_modules == ("all-linear",)
    assert qwen.training.learning_rate is None
    assert qwen.base_model.id == QWEN
    estimates.use(tables | {"base_model": {"id": FLAN}}, "encoder-decoder")
    estimates.estimate([listed(FLAN)])
    assert planner.asked[FLAN].training.learning_rate == 0.5


def test_nothing_is_planned_once_nobody_looks_or_again_unless_the_recipe_changes(planned):
    planner, estimates, seen = planned
    estimates.estimate([listed(QWEN)])
    estimates.stop()
    assert planner.asked == {}
    planner.compared.emit(QWEN, FITS)
    assert seen == {}
    estimates.estimate([listed(QWEN)])
    planner.compared.emit(QWEN, FITS)
    seen.clear()
    estimates.estimate([listed(QWEN)])
    assert planner.asked == {}
    assert QWEN in seen
    estimates.use(recipe.from_tables(BASICS | {"training": {"epochs": 9}}).as_tables(), "encoder-decoder")
    estimates.estimate([listed(QWEN)])
    assert QWEN in planner.asked


def test_what_does_not_fit_is_planned_in_four_bits(planned):
    planner, estimates, seen = planned
    estimates.estimate([listed(QWEN), listed(FLAN)])
    planner.compared.emit(QWEN, TOO_LARGE)
    assert QWEN not in seen
    assert planner.asked[QWEN].base_model.quantization == "nf4"
    assert FLAN in planner.asked
    planner.compared.emit(QWEN, FITS)
    assert seen[QWEN] == Fit("nf4", 2_500_000_000, 540.0)
    assert estimates.base(QWEN) == {"id": QWEN, "quantization": "nf4"}
    planner.compared.emit(FLAN, FITS)
    assert estimates.base(FLAN) == {"id": FLAN}


def test_a_method_that_the_family_lacks_is_said_at_once(planned):
    planner, estimates, seen = planned
    tables = recipe.from_tables(BASICS).as_tables()
    estimates.use(tables | {"training": {"epochs": -1}}, "encoder-decoder")
    estimates.estimate([listed(QWEN)])
    assert planner.asked == {}
    assert seen[QWEN].problem


@pytest.fixture
def view(qtbot, home, monkeypatch):
    # The hub is scripted.
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    answers = {"list": {"models": [STARTER, SMALL]}, "search": {"found": []}}

    def script_of(job):
        kind = job.request()["kind"]
        return [["by_action", answers]] if kind == "models" else [["answer", PLAN | FITS]]

    manager = scripted_manager(script_of)
    made = BaseModelsView(manager)
    made.answers = answers
    qtbot.addWidget(made)
    made.show()
    made.refresh(recipe.from_tables(BASICS).as_tables(), "encoder-decoder")
    qtbot.waitUntil(lambda: made.ids() == ["starter", "owner/small"])
    yield made
    end(manager)


def press(view, name):
    next(each for each in view.findChildren(Button) if each.accessibleName() == name).click()


def test_the_starter_is_called_a_practice_model_and_the_catalogue_stands_below(view, qtbot):
    shown = texts(view)
    assert "starter (practice model)" in shown
    assert "Well-known models to download" in shown
    assert all(model.id in shown for model in model_info.catalogue())
    # No plan is made without one of the form.
    assert shown.count("Checking…") == len(view.estimates.waiting()) == 2 + len(model_info.catalogue())
    view.estimates.take(FLAN, FITS)
    assert "Fits in bfloat16" in texts(view)
    with qtbot.waitSignal(view.chosen) as chosen:
        press(view, f"Use {FLAN}")
    assert chosen.args == [FLAN]


def test_the_model_that_is_typed_is_the_one_in_use(qtbot, home):
    stage = Stage(qtbot)
    stage.scripts["models"] = [["emit", {"event": "result_made", "result": {"models": [STARTER, SMALL]}}]]
    chooser = stage.page.panel.form.base_model_chooser()
    chooser.browse_requested.emit()
    models = stage.page.right.base_models
    qtbot.waitUntil(lambda: "owner/small" in texts(models))
    for model_id in ("owner/small", "starter"):
        stage.page.panel.form.set_values("base_model", {"id": model_id})
        uses = [
            each.accessibleName()
            for each in models.listed.content.findChildren(Button)
            if each.text() == "Use"
        ]
        assert f"Use {model_id}" not in uses
        assert "in use" in [each.text() for each in models.listed.content.findChildren(Tag)]
    end(stage.manager)


def test_a_search_narrows_the_lists_and_asks_the_hub_unless_offline(view, qtbot, monkeypatch):
    view.search.setText("qwen")
    qtbot.waitUntil(lambda: FLAN not in texts(view))
    # The list is never empty for a moment.
    assert QWEN in texts(view)
    view.answers["search"]["found"] = [{"id": "other/qwen-tuned", "licence": "mit", "downloads": 3}]
    view.hub_button.click()
    qtbot.waitUntil(lambda: "other/qwen-tuned" in texts(view))
    assert "Found on the hub" in texts(view)
    view.search.setText("nothing like it")
    qtbot.waitUntil(lambda: "Nothing found." in texts(view))
    view.answers["search"]["found"] = []
    view.hub_button.click()
    qtbot.waitUntil(lambda: "The hub has no text model of this name" in texts(view))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    view.refresh(recipe.from_tables(BASICS).as_tables(), "encoder-decoder")
    assert not view.hub_button.isEnabled()
    assert view.hub_button.toolTip()


def test_a_search_of_the_hub_is_not_cleared_by_what_was_typed_just_before(view):
    heard = []
    view.search.searched.connect(heard.append)
    view.search.setText("qwen")
    assert not heard
    view.hub_button.click()
    assert heard == ["qwen"]


def test_a_real_worker_searches_a_hub(qtbot, home, tmp_path, monkeypatch):
    (tmp_path / "served/models/someone/writer-de").mkdir(parents=True)
    with FakeHub(tmp_path / "served") as served:
        monkeypatch.setenv("HF_ENDPOINT", served.address)
        monkeypatch.setenv("HF_HOME", str(tmp_path / "huggingface"))
        monkeypatch.setenv("HF_HUB_OFFLINE", "0")
        manager = WorkerManager()
        made = qtbot.add(BaseModelsView(manager))
        made.refresh(recipe.from_tables(BASICS).as_tables(), "encoder-decoder")
        qtbot.waitUntil(lambda: made.ids() == ["starter"])
        made.search.setText("writer")
        made.hub_button.click()
        qtbot.waitUntil(lambda: "someone/writer-de" in texts(made))
        manager.leave()


def test_a_gguf_file_becomes_the_base_model_and_is_said_to_be_unpacked(stage, monkeypatch, tmp_path):
    file, form = tmp_path / "mine.gguf", stage.page.panel.form
    file.write_bytes(b"GGUF")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(file), ""))
    chooser = form.base_model_chooser()
    chooser.setCurrentIndex(chooser.findText("GGUF file…"))
    chooser.chosen.emit(chooser.key())
    assert form.tables()["base_model"]["id"] == str(file)
    assert "wi_0" not in (form.tables()["method"].get("target_modules") or ())
    assert "mine.gguf can't be read" in texts(stage.page.panel)
    unpacks = {"message": "mine.gguf is unpacked once.", "hint": "The weights keep their number format."}
    assert (
        happening_text({"unpacks": unpacks})
        == "mine.gguf is unpacked once. The weights keep their number format."
    )
