"""The recipe's form: derived from the declarations, problems beside the fields, nothing lost on the way."""

from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtWidgets import QWidget

from engine.api import METHODS, BaseFacts, OptionInfo, Problem, describe, method, recipe, variants
from gui.forms.controls import ModuleChips, make_control
from gui.forms.form_layout import LENGTH, LEVELS, length_text
from gui.forms.recipe_files import first_recipe
from gui.forms.recipe_form import TABLES, RecipeForm
from gui.look.fonts import px
from gui.pages.train.recipe_panel import WIDTH
from tests.helpers.homes import add_adapter, make_recipe

BASICS = {"base_model": {"id": "starter"}, "data": {"source": "sample"}, "method": {"id": "lora"}}


def test_all_three_are_on_the_form_on_advanced(form):
    form.set_level("advanced")
    for key in LENGTH:
        field = form.field(key)
        assert form.length.isAncestorOf(field.around)
        assert field.around.isVisibleTo(form)


def test_a_limit_that_ends_the_run_is_shown_on_basic_too(form):
    steps = form.field("training.max_steps").around
    assert not steps.isVisibleTo(form)
    form.set_recipe(recipe.from_tables(BASICS | {"training": {"epochs": 2, "max_steps": 200}}))
    assert steps.isVisibleTo(form)
    form.set_level("advanced")
    form.set_level("basic")
    assert steps.isVisibleTo(form)
    form.set_recipe(recipe.from_tables(BASICS))
    assert not steps.isVisibleTo(form)


def test_what_is_automatic_and_no_limit_are_shown_as_words_and_read_as_zero(form):
    epochs, steps, minutes = (form.field(key).control for key in LENGTH)
    assert (epochs.read(), steps.read(), minutes.read()) == (0, 0, 0.0)
    assert (epochs.widget.text(), steps.widget.text()) == ("automatic", "no limit")
    assert (minutes.widget.text(), minutes.widget.placeholderText()) == ("", "no limit")
    steps.write(200)
    minutes.write(1.5)
    assert (steps.read(), minutes.read()) == (200, 1.5)
    assert (steps.widget.text(), minutes.widget.text()) == ("200", "1.5")


@pytest.mark.parametrize(
    ("steps", "examples", "text"),
    [
        (200, 2400, "3,200 conversations, each seen 1.3 ×."),
        (300, 2400, "4,800 conversations, each seen 2 ×."),
        (1, 3, "3 conversations, each seen 1 ×."),
        (3, 17, "33 conversations, each seen 1.5 ×."),
        (1, 1, "1 conversation, seen 1 ×."),
        (0, 2400, ""),
    ],
)
def test_it_says_how_many_conversations_are_seen(qapp, steps, examples, text):
    assert length_text({"steps": steps, "examples": {"train": examples}}, {"batch_size": 16}) == text


DECLARATIONS = [*TABLES.values(), *(entry.options for entry in METHODS)]
INFOS = [info for declaration in DECLARATIONS for info in describe(declaration)]
PLAN = {
    "family": "encoder-decoder", "all_parameters": 247_577_856, "matrices": 72,
    "modules": {"q": 36, "k": 36, "v": 36}, "targets": ["q", "v"],
    "examples": {"train": 1228, "validation": 69, "test": 819},
}  # fmt: skip


@pytest.mark.parametrize("code", ["en", "de"])
def test_the_form_with_all_fields_fits_its_pane_in_every_language(code, speak, styled, qtbot):
    speak(code)
    made = qtbot.add(RecipeForm(QWidget()))
    made.set_recipe(recipe.from_tables(BASICS))
    made.set_level("advanced")
    made.show()
    margins = 48
    assert made.minimumSizeHint().width() <= px(WIDTH) - px(margins)


def an_other_value(info: OptionInfo) -> Any:
    """A valid value that is not the default."""
    if info.kind == "choice":
        return next(choice for choice in info.choices if choice != info.default)
    if info.kind == "bool":
        return not info.default
    if info.kind == "int":
        return int(info.default or info.minimum or 0) + 1
    if info.kind == "float":
        return (info.minimum or 0.0) + 0.125
    others = {
        "texts": ("q", "k") if info.control else list(info.suggestions[:2]),
        "table": {"speaker": "from", "references": "second, third"},
        "text": "cpu" if info.suggestions else "something",
    }
    return others[info.kind]


def test_every_control_reads_back_what_was_written(qtbot):
    for info in INFOS:
        control = make_control(info)
        qtbot.addWidget(control.widget)
        values = [an_other_value(info)]
        if info.control == "slider":
            values.append(int(info.maximum))
        if info.kind == "int" and info.optional:
            values.append(None)
        for value in values:
            control.write(value)
            assert control.read() == value, info.name


def test_a_recipe_comes_back_unchanged(form, home):
    add_adapter("an-adapter", recipe=make_recipe(base="starter"))
    tables = BASICS | {
        "name": "mine",
        "method": {"id": "lora", "rank": 7, "alpha": 9, "target_modules": ["q"], "start_from": "an-adapter"},
        "training": {"learning_rate": 2e-5, "device": "cuda:1", "when_window_leaves": "stop"},
        "evaluation": {"beams": 4},
        "data": BASICS["data"] | {"exclude": ["leaks"], "mask": ["email"], "columns": {"group": "chat"}},
    }
    wanted = recipe.from_tables(tables)
    form.set_recipe(wanted)
    assert form.recipe() == wanted


def test_all_problems_stand_beside_their_fields_at_once(form):
    form.set_level("advanced")
    form.field("method.dropout").control.widget.setText("5")
    form.field("method.dropout").control.widget.textEdited.emit("5")
    form.field("training.warmup").control.widget.setText("3")
    form.field("training.warmup").control.widget.textEdited.emit("3")
    form.prompt_editor().area.setPlainText("Summarise this.")
    assert form.recipe() is None
    assert {problem.field for problem in form.problems()} >= {"method.dropout", "training.warmup"}
    assert "Less than 1" in form.field("method.dropout").around.problem_line.text()
    assert "Less than 1" in form.field("training.warmup").around.problem_line.text()


def test_a_key_of_a_table_has_its_problem_beside_the_table(form):
    form.set_level("advanced")
    line = form.field("data.columns").control.widget
    line.setText("speker = from; group")
    line.textEdited.emit(line.text())
    assert form.recipe() is None
    assert 'The role "group" has no column.' in form.field("data.columns").around.problem()
    line.setText("../a.b = from")
    line.textEdited.emit(line.text())
    assert 'There is no role "../a.b".' in form.field("data.columns").around.problem()
    line.setText("speaker = from")
    line.textEdited.emit(line.text())
    assert form.recipe().data.columns == {"speaker": "from"}


def test_a_problem_without_a_field_is_handed_back_and_a_missing_file_is_one_of_its_field(form):
    homeless = Problem("schema", "This version can't read recipes of schema 2.")
    assert form.show_problems([homeless, Problem("method.rank", "Too much.")]) == [homeless]
    form.field("data.source").control.widget.pick("/nowhere/at/all.csv")
    assert [problem.field for problem in form.problems()] == ["data.source"]
    assert form.recipe() is None


def test_a_level_shows_its_fields_and_those_below(form):
    for maximum, level in enumerate(LEVELS):
        form.set_level(level)
        for field in form.all_fields():
            assert field.around.isVisibleTo(form) == (LEVELS.index(field.info.level) <= maximum), field.key


def test_a_rate_belongs_to_the_method_it_was_set_for(form):
    form.set_values("training", {"learning_rate": 0.006})
    rate = form.field("training.learning_rate")
    form.choose_method("full")
    assert form.recipe().training.learning_rate is None
    assert rate.around.helper.text() == "LoRA used 0.006"
    rate.control.widget.setText("0.0002")
    rate.control.widget.textEdited.emit("0.0002")
    assert rate.around.helper.text() == ""
    form.choose_method("lora")
    assert form.recipe().training.learning_rate == 0.006
    form.choose_method("full")
    assert form.recipe().training.learning_rate == 0.0002


def test_a_recipe_is_named_after_what_it_says_now_unless_a_person_named_it(form):
    form.choose_method("full")
    form.set_values("data", {"source": "owner/chats"})
    assert form.recipe().name == f"starter · chats · {method('full').title}"
    form.set_recipe(replace(form.recipe(), given_name="Monday"))
    form.choose_method("lora")
    assert form.recipe().name == "Monday"


def test_the_plan_fills_chips_and_hints_of_this_base_model_alone(form):
    def foot(name):
        return form.field(f"base_model.{name}").around.helper.text()

    rate = form.field("training.learning_rate").control.widget
    assert (rate.value(), rate.placeholderText()) == (None, "0.001, preset")
    form.show_plan(PLAN)
    chips = form.field("method.target_modules").control.widget
    assert isinstance(chips, ModuleChips)
    assert chips.chips.on() == ["", "q", "v"]
    assert chips.value() is None
    chips.chips.chips["k"].click()
    assert form.recipe().method.options.target_modules == ("q", "k", "v")
    assert foot("id") == "248 M parameters, encoder-decoder"
    form.show_plan(PLAN | {"precision": "float32", "precision_reason": "bfloat16 is not faster here"})
    assert foot("id") == "248 M parameters, encoder-decoder, float32"
    assert foot("precision") == "float32: bfloat16 is not faster here"

    form.show_plan(PLAN | {"family": "decoder-only", "model_type": "llama", "biases": True})
    assert form.base_facts() == BaseFacts("decoder-only", "llama", biases=True)
    form.set_values("base_model", {"id": "somebody/model", "quantization": "nf4"})
    assert form.base_facts() == BaseFacts("decoder-only", quantization="nf4")


def test_a_device_chosen_by_its_name_stands_in_the_recipe_by_its_number(form):
    cards = [
        {"id": f"cuda:{number}", "name": "NVIDIA RTX 3060", "memory_bytes": 12_884_901_888}
        for number in (0, 1)
    ]
    control = form.field("training.device").control
    choice = control.widget
    control.write("cuda:1")
    form.offer_devices([*cards, {"id": "mps", "name": "Apple graphics"}, {"id": "cpu", "name": "Processor"}])
    assert {"auto", "cuda:0: NVIDIA RTX 3060, 12.9 GB", "mps: Apple graphics", "cpu", "All GPUs"} <= {
        choice.itemText(index) for index in range(choice.count())
    }
    assert choice.currentText() == "cuda:1: NVIDIA RTX 3060, 12.9 GB"
    assert choice.lineEdit().cursorPosition() == 0
    assert control.read() == "cuda:1"
    for key in ("cuda:0", "all"):
        choice.setCurrentIndex(choice.findData(key))
        assert control.read() == key
    choice.setEditText("cuda:7")
    assert control.read() == "cuda:7"


def test_a_fixed_form_takes_no_change(form):
    form.set_read_only(True)
    rank = form.field("method.rank").control.widget
    before = form.recipe()
    rank.setValue(64)
    assert form.recipe() == before


def test_choosing_an_action_of_a_chooser_keeps_what_was_chosen(form, qtbot):
    chooser = form.base_model_chooser()
    chooser.setCurrentIndex(chooser.findText("All base models…"))
    with qtbot.waitSignal(chooser.browse_requested):
        chooser.chosen.emit(chooser.key())
    assert chooser.key() == "starter"
    assert form.recipe().base_model.id == "starter"


@pytest.fixture
def adapters(home):
    """Two adapters that fit the form's recipe, one of another base model, one of another method."""
    return [
        add_adapter("mine", recipe=make_recipe(base="starter")),
        add_adapter("yours", recipe=make_recipe(base="starter")),
        add_adapter("of-another-base", recipe=make_recipe(base="owner/name")),
        add_adapter("of-another-method", recipe=make_recipe(base="starter", method_id="full")),
    ]


def test_a_run_can_go_on_from_the_librarys_adapters_of_its_base_and_method(form, adapters):
    form.start_from.offer(adapters)
    assert not form.start_from.isVisibleTo(form)
    form.set_level("advanced")
    assert form.start_from.isVisibleTo(form)
    assert form.start_from.choices() == ["", "mine", "yours"]
    form.start_from.chosen.emit("yours")
    assert form.recipe().method.start_from == "yours"
    form.set_level("basic")
    assert form.start_from.isVisibleTo(form)
    form.start_from.chosen.emit("")
    assert form.recipe().method.start_from == ""


def test_an_adapter_of_another_base_or_method_or_one_that_is_gone_is_said(form, adapters):
    form.set_values("method", {"start_from": "mine"})
    # Not called missing before the library was read.
    assert form.start_from.choice.currentText() == "mine"
    form.start_from.offer(adapters)
    form.choose_method("full")
    assert form.recipe().method.start_from == ""
    assert form.start_from.isVisibleTo(form)
    assert "and was removed" in form.start_from.helper.text()
    form.choose_method("lora")
    assert form.recipe().method.start_from == ""
    form.set_values("method", {"start_from": "of-another-base"})
    assert form.start_from.key() == "of-another-base"
    assert "another base model" in form.start_from.choice.currentText()
    form.set_values("method", {"start_from": "gone"})
    assert "not in the library" in form.start_from.choice.currentText()
    assert "gone" in form.start_from.problem()
    assert form.recipe() is None


def test_a_new_run_goes_on_from_nothing():
    saved = recipe.from_tables(BASICS | {"method": {"id": "lora", "rank": 7, "start_from": "mine"}})
    found, _origin = first_recipe(recipe.dumps(saved))
    assert (found.method.start_from, found.method.options.rank) == ("", 7)


@pytest.fixture
def lora(form):
    form.set_level("advanced")
    return form


def test_a_variant_sets_the_options_that_make_it_also_in_other_tables_and_takes_them_back(lora):
    lora.field("method.rank").control.widget.setValue(64)
    lora.variant.chosen.emit("dora")
    lora.variant.chosen.emit("pissa")
    options = lora.recipe().method.options
    assert (options.dora, options.initialisation) == (False, "pissa")
    lora.variant.chosen.emit("")
    options = lora.recipe().method.options
    assert (options.initialisation, options.rank) == ("default", 64)

    lora.variant.chosen.emit("qlora")
    tables = lora.tables()
    assert tables["base_model"]["quantization"] == "nf4"
    assert tables["training"]["optimizer"] == "paged_adamw_8bit"
    assert lora.field("base_model.quantization").control.read() == "nf4"
    lora.variant.chosen.emit("rslora")
    assert lora.recipe().method.options.rs_lora
    assert lora.field("method.rs_lora").control.read() is True
    assert lora.variant.key() == "rslora"
    assert lora.tables()["base_model"]["quantization"] == "none"
    assert lora.tables()["training"]["optimizer"] == "adamw"
    assert lora.field("training.optimizer").control.read() == "adamw"


def test_the_variant_shown_follows_the_options(lora):
    assert lora.variant.key() == ""
    lora.field("method.dora").control.widget.setChecked(True)
    assert lora.variant.key() == "dora"
    lora.field("method.rs_lora").control.widget.setChecked(True)
    assert lora.variant.key() == "custom"
    assert "no variant" in lora.variant.helper.text()
    lora.field("method.dora").control.widget.setChecked(False)
    assert lora.variant.key() == "rslora"
    assert "Custom" not in lora.variant.choices()
    lora.field("method.rs_lora").control.widget.setChecked(False)
    lora.set_values("base_model", {"quantization": "nf4"})
    assert lora.variant.key() == ""
    lora.set_values("training", {"optimizer": "paged_adamw_8bit"})
    assert lora.variant.key() == "qlora"
    lora.choose_method("full")
    assert not lora.variant.isVisibleTo(lora)


def test_every_variant_is_known_again():
    for entry, variant in ((each, variant) for each in METHODS for variant in each.variants):
        for family in entry.families:
            options = entry.preset_options(family).items()
            preset = {name: value for name, value in options if value is not None}
            tables = BASICS | {"method": {"id": entry.id, **preset}}
            made = variants.changed(entry, variant.id, tables, family)
            assert variants.current(entry, made, family) == variant.id
            assert variants.changed(entry, "", made, family)["method"] == tables["method"]


def rank(recipe):
    return recipe.method.options.rank


def test_each_method_is_counted_with_its_settings_or_what_its_choice_would_bring(form):
    form.set_values("method", {"rank": 4})
    assert rank(form.with_each_method()["lora"]) == rank(form.recipe()) == 4
    form.choose_method("ia3")
    counted = form.with_each_method()
    form.choose_method("lora")
    assert rank(counted["lora"]) == rank(form.recipe()) == 4
    form.choose_method("loha")
    assert form.recipe().method == counted["loha"].method
