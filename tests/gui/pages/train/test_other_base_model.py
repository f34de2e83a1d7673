"""Another base model brings what suits it, says so once, and gives back what was set for the former."""

from itertools import cycle

import pytest

from engine.api import METHODS, Problem, method, paths, recipe
from gui.inputs.fields import Field
from tests.helpers.story_window import click, type_into
from tests.helpers.tiny_models import tiny_model
from tests.helpers.train_stage import PLAN

T5, LLAMA, BART, GPT2 = "t5", "llama", "bart", "gpt2"


@pytest.fixture
def form(stage):
    """The form with the shipped recipe of the practice model, all fields in sight."""
    stage.page.edit(recipe.load(paths.presets_folder() / "starter.toml"))
    stage.page.panel.set_level("advanced")
    return stage.page.panel.form


def _take(form, base):
    name = base if "/" in base or base == "starter" else str(tiny_model(base))
    type_into(form.base_model_chooser().lineEdit(), name)
    assert form.tables()["base_model"]["id"] == name


def _chips(form):
    return form.field("method.target_modules").control.widget.chips.chips


def _rate(form):
    return form.field("training.learning_rate")


def _red(form):
    return [
        field.key for field in form.all_fields() if isinstance(field.around, Field) and field.around.problem()
    ]


def test_what_belongs_to_the_model_is_that_of_the_new_one_said_once_and_undone_with_one_click(form):
    before = form.tables()
    assert form.recipe().method.options.target_modules == ("v", "o", "wi_0", "wi_1", "wo")
    assert form.recipe().training.learning_rate == 0.006
    assert not form.followed.isVisible()
    _take(form, LLAMA)
    found = form.recipe()
    assert found.method.options == method("lora").options(**method("lora").preset_options("decoder-only"))
    assert found.training.learning_rate is None
    assert _rate(form).control.widget.placeholderText() == "0.0005, preset"
    assert found.data.max_conversation_tokens == 512
    assert found.training.epochs == 2
    said = form.followed.text()
    for title in ("Rank", "Applied to", "Learning rate"):
        assert title in said
    assert said.endswith("and 1 more.")
    assert "Epochs" not in said

    click(form.followed.action_button())
    assert form.tables() == before
    assert form.base_model_chooser().key() == "starter"
    assert not form.followed.isVisible()
    _take(form, LLAMA)
    form.undo.undo()
    assert form.tables() == before
    assert not form.followed.isVisible()
    form.undo.redo()
    assert form.recipe() == found
    form.field("method.rank").control.widget.setValue(16)
    assert not form.followed.isVisible()
    _take(form, GPT2)
    assert not form.followed.isVisible()


def test_a_variant_is_kept_and_the_precision_and_quantization_of_a_large_model_are_not(form):
    form.variant.chosen.emit("dora")
    form.field("base_model.precision").control.widget.chosen.emit("float32")
    form.set_values("base_model", {"quantization": "nf4"})
    _take(form, LLAMA)
    assert form.recipe().method.options.dora
    assert form.variant.key() == "dora"
    assert form.recipe().base_model.precision == "auto"
    assert form.recipe().base_model.quantization == "none"


def test_what_was_set_by_hand_for_a_model_is_there_again_with_it(form):
    _take(form, T5)
    type_into(_rate(form).control.widget, "0.0021")
    form.field("method.rank").control.widget.setValue(4)
    form.field("data.prompt_format").control.write("plain")
    form.field("data.prompt_format").control.widget.chosen.emit("plain")
    of_t5 = form.recipe()
    _take(form, LLAMA)
    assert form.recipe().data.prompt_format == "auto"
    type_into(_rate(form).control.widget, "0.0007")
    _take(form, T5)
    assert form.recipe() == of_t5
    _take(form, LLAMA)
    assert form.recipe().training.learning_rate == 0.0007
    assert form.recipe().method.options.rank == 16


def test_a_model_that_only_the_plan_knows_gets_the_preset_of_its_family_then(form):
    _take(form, "somebody/model")
    form.show_plan(PLAN | {"family": "decoder-only"})
    assert form.recipe().method.options.target_modules == ("all-linear",)
    _take(form, "somebody/other")
    form.field("method.rank").control.widget.setValue(4)
    form.show_plan(PLAN | {"family": "encoder-decoder"})
    assert form.recipe().method.options.rank == 4


# What it becomes on each family: tests/engine/methods/test_registry.py.
@pytest.mark.slow("engine/methods/", "gui/forms/")
def test_every_method_goes_from_one_kind_of_model_to_another_without_a_red_field(form):
    for entry, base in zip(METHODS, cycle((T5, LLAMA, GPT2, "starter")), strict=False):
        form.set_values("base_model", {"id": str(tiny_model(BART))})
        form.choose_method(entry.id)
        assert _red(form) == [], entry.id
        form.base_model_chooser().pick(base if base == "starter" else str(tiny_model(base)))
        assert (entry.id, base, form.problems(), _red(form)) == (entry.id, base, (), [])
    # What the model has no use for gives way to the nearest.
    _take(form, BART)
    form.choose_method("bitfit")
    _take(form, LLAMA)
    assert form.method_id() == "layernorm"
    assert "Method" in form.followed.text()


def test_a_chip_leads_back_to_the_default_and_so_does_switching_the_last_one_off(form):
    def layers():
        return form.recipe().method.options.target_modules, _chips(form)[""].isChecked()

    form.show_plan(PLAN)
    assert _chips(form)[""].text() == "Default"
    assert not _chips(form)[""].isChecked()
    click(_chips(form)[""])
    assert layers() == (None, True)
    click(_chips(form)[""])
    assert layers() == (None, True)
    form.undo.undo()
    for name in ("v", "o", "wi_0", "wi_1", "wo"):
        click(_chips(form)[name])
    assert form.problems() == ()
    assert layers() == (None, True)

    _take(form, LLAMA)
    form.show_plan(PLAN | {"family": "decoder-only", "modules": {"q_proj": 2, "v_proj": 2}})
    click(_chips(form)["v_proj"])
    assert layers() == (("q_proj",), False)
    click(_chips(form)[""])
    assert layers() == (("all-linear",), True)


def test_a_rate_far_from_the_preset_gets_a_hint(form):
    form.show_plan(PLAN)
    # The practice model's own is not called far.
    assert _rate(form).around.helper.text() == ""
    _take(form, LLAMA)
    for rate, hint in (("0.002", ""), ("0.006", "0.0005"), ("0.000125", ""), ("0.00001", "0.0005")):
        type_into(_rate(form).control.widget, rate)
        shown = _rate(form).around.helper.text()
        assert hint in shown
        assert bool(shown) == bool(hint)


def test_a_problem_of_a_field_that_is_not_shown_shows_it(stage, qtbot):
    form = stage.page.panel.form
    problem = {"field": "base_model.precision", "message": "T5 overflows in float16.", "hint": ""}
    stage.scripts["plan"] = [["answer", PLAN | {"problems": [problem]}]]
    stage.page.panel.set_level("basic")
    precision = form.field("base_model.precision").around
    assert not precision.isVisible()
    stage.page.shown()
    qtbot.waitUntil(precision.isVisible)
    assert "T5 overflows in float16." in precision.problem()
    assert not stage.page.panel.start_button.isEnabled()
    # It stays while it is mended.
    form.show_problems([])
    assert precision.isVisible()
    form.show_problems([Problem("training.warmup", "Below 1.")])
    assert form.field("training.warmup").around.isVisible()
    stage.page.panel.set_level("basic")
    assert not precision.isVisible()
