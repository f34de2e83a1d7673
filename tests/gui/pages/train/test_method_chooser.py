from typing import Any

import pytest
from PySide6.QtCore import Qt

from engine.api import METHODS, BaseFacts, MethodSettings, method, recipe
from gui.graphics.block_drawing import MARKS
from gui.pages.train.effect_panel import blocks_of, trained_parts
from gui.pages.train.method_chooser import WIDTH, MethodChooser, MethodSketch, preset_text, refusal
from gui.widgets.labels import Label
from gui.workers.planner import Planner
from tests.helpers.train_stage import BASICS, PLAN, labels, texts

T5 = BaseFacts("encoder-decoder", "t5")
GPT2 = BaseFacts("decoder-only", "gpt2")
SKETCH_ROOM = WIDTH - 40  # what the explanation's margins leave
NF4 = BaseFacts("encoder-decoder", "t5", "nf4")


@pytest.fixture
def chooser(qtbot):
    made = qtbot.add(MethodChooser())
    made.resize(840, 700)
    made.set_current("lora", T5)
    made.show()
    made.activateWindow()
    return made


def _settings(method_id: str, **options: Any) -> MethodSettings:
    entry = method(method_id)
    family = entry.families[0]
    return MethodSettings(method_id, entry.options(**entry.preset_options(family) | options))


def _listed(chooser):
    return [row.id for row in chooser.table.items()]


def test_each_row_says_why_its_method_cannot_be_used_and_the_explanation_what_to_do(chooser):
    for base in (T5, GPT2, NF4):
        chooser.set_current("lora", base)
        refused = {entry.id for entry in METHODS if refusal(entry, base) is not None}
        assert refused == {row.id for row in chooser.table.items() if row.reason}
        for row in chooser.table.items():
            assert row.reason in chooser.table.accessible_text(row)
            assert not row.reason.startswith(row.entry.title)
    lines = chooser.explanation.text().splitlines()
    for variant in method("lora").variants:
        assert f"{variant.title}: {variant.summary}" in lines
    chooser.set_current("lora", T5)
    chooser.view.choose("bitfit")
    assert "no biases" in chooser.row("bitfit").reason
    assert chooser.row("bitfit").reason in chooser.explanation.text()


def test_the_arrows_move_and_show_each_return_or_a_click_takes_it(chooser, qtbot):
    first, second = METHODS[0], METHODS[1]
    chooser.view.setFocus()
    chooser.view.choose(first.id)
    qtbot.keyClick(chooser.view, Qt.Key.Key_Down)
    assert chooser.view.current().entry is second
    assert second.title in chooser.explanation.text()
    with qtbot.waitSignal(chooser.chosen) as chosen:
        qtbot.keyClick(chooser.view, Qt.Key.Key_Return)
    assert chosen.args == [second.id]
    qtbot.keyClick(chooser.view, Qt.Key.Key_End)
    assert chooser.view.current().entry is METHODS[-1]
    qtbot.keyClick(chooser.view, Qt.Key.Key_Home)
    place = chooser.view.visualRect(chooser.table.index(chooser.table.row_of(second.id), 1)).center()
    with qtbot.waitSignal(chooser.chosen) as chosen, qtbot.waitSignal(chooser.closed):
        qtbot.mouseClick(chooser.view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert chosen.args == [second.id]


def test_the_search_finds_variants_and_groups_and_the_keys_lead_to_what_was_found(chooser, qtbot):
    chooser.search.setText("qlora")
    chooser.search.searched.emit("qlora")
    assert _listed(chooser) == ["lora"]
    chooser.search.setFocus()
    qtbot.keyClick(chooser.search, Qt.Key.Key_Down)
    assert chooser.view.hasFocus()
    assert chooser.view.current().id == "lora"
    chooser.search.setText("soft prompts")
    chooser.search.searched.emit("soft prompts")
    assert {row.entry.group for row in chooser.table.items()} == {"Soft prompts"}
    chooser.search.setText("nothing like it")
    chooser.search.searched.emit("nothing like it")
    assert _listed(chooser) == []
    assert chooser.nothing.isVisibleTo(chooser)
    chooser.search.clear()
    assert len(_listed(chooser)) == len(METHODS)
    assert chooser.view.current().id == "lora"

    chooser.search.setText("selective")
    with qtbot.waitSignal(chooser.chosen) as chosen:
        qtbot.keyClick(chooser.search, Qt.Key.Key_Return)
    # The first of those found can't be used.
    assert chooser.row("bitfit").reason
    assert chosen.args == [_listed(chooser)[1]]


def test_every_method_says_in_a_few_words_what_it_does_and_where_it_starts():
    for entry in METHODS:
        assert len(entry.summary) <= 56
        assert all(preset_text(entry, family) for family in entry.families)
        assert set(entry.places) <= {"weights", "everything", *MARKS}
        assert entry.sketch_of().parts


def test_sketches_fit_and_no_word_of_theirs_is_cut_off(styled, qtbot):
    made = qtbot.add(MethodSketch())
    made.resize(SKETCH_ROOM, 140)
    made.show()
    for entry, options in [
        *((each, each.preset_options(family)) for each in METHODS for family in each.families),
        *((method("layers"), {"kinds": kinds}) for kinds in ("all", "weights", "biases", "norms")),
    ]:
        made.show_method(entry, entry.options.model_validate(options))
        qtbot.waitUntil(lambda: bool(texts(made)))
        assert made.minimumSizeHint().width() <= SKETCH_ROOM, entry.id
        for label in filter(Label.text, labels(made)):
            assert label.sizeHint().width() <= max(label.width(), label.minimumWidth()), entry.id


T5_LAYERS = {
    "encoder.block.*.layer.*.SelfAttention.q": 12,
    "decoder.block.*.layer.*.SelfAttention.q": 12,
    "decoder.block.*.layer.*.EncDecAttention.v": 12,
    "decoder.block.*.layer.*.DenseReluDense.wo": 12,
    "decoder.block.*.layer.*.layer_norm": 36,
}


def _parts(method_id: str, plan: dict[str, Any], **options: Any) -> tuple[set[str], str, set[Any]]:
    return trained_parts(_settings(method_id, **options), blocks_of(PLAN), PLAN | plan)


def test_lights_follow_the_layers_that_the_plan_names():
    keys, meaning, marks = _parts("lora", {"adapted": T5_LAYERS})
    assert keys == {"encoder q", "decoder q", "crossing v", "decoder wo"}
    assert (meaning, marks) == ("has a trained pair", set())
    _, meaning, marks = _parts("layers", {"adapted": T5_LAYERS})
    assert (meaning, marks) == ("trained", {"norms"})


def test_what_is_trained_beside_weights_has_marks_and_no_lights():
    assert _parts("prompt_tuning", {}) == (set(), "trained", {"before input"})
    assert _parts("prefix_tuning", {}) == (set(), "trained", {"keys and values"})
    assert _parts("layernorm", {"targets": ["layer_norm"]}) == (set(), "trained", {"norms"})
    assert _parts("prompt_only", {}) == (set(), "the prompt", {"prompt"})


def test_the_sketch_shows_the_rank_that_is_set(stage):
    stage.page.panel.form.field("method.rank").control.widget.setValue(48)
    sketch = stage.page.right.methods.explanation.sketch
    assert sketch.accessibleName().endswith("trained, rank 48")
    stage.page.right.methods.view.choose("adalora")
    assert sketch.accessibleName().endswith("trained, rank r")


def test_counts_are_made_behind_plans_only_once_and_one_that_fails_ends_no_other(stage, qtbot):
    stage.scripts["plan"] = [["answer", PLAN | {"fails_at": "vera"}]]
    planner: Planner = stage.manager.planner
    unavailable: list[object] = []
    planner.unavailable.connect(unavailable.append)
    stage.page.shown()
    qtbot.waitUntil(lambda: planner.counting is not None)
    with qtbot.waitSignal(planner.planned):
        stage.page.panel.form.field("method.rank").control.widget.setValue(8)
    rows = stage.page.right.methods
    qtbot.waitUntil(lambda: "3.54 M" in rows.row(METHODS[-1].id).trainable)
    assert "3.54 M" not in rows.row("vera").trainable
    assert unavailable == []
    received: list[tuple[str, int]] = []
    planner.counted.connect(lambda key, count: received.append((key, count)))
    qtbot.waitUntil(lambda: not planner.to_count)
    received.clear()
    planner.count({"full": recipe.from_tables(BASICS | {"method": {"id": "full"}})})
    assert received == [("full", PLAN["trainable_parameters"])]


def test_a_method_that_cannot_be_used_shows_no_numbers_of_the_one_before(stage, qtbot):
    stage.page.panel.set_level("advanced")
    stage.page.shown()
    with qtbot.waitSignal(stage.manager.planner.planned):
        stage.page.panel.form.set_values("base_model", {"quantization": "nf4"})
    assert "3,538,944" in texts(stage.page.panel.effect)
    stage.page.panel.form.choose_method("full")
    assert "3,538,944" not in texts(stage.page.panel.effect)
    assert stage.page.right.methods.row("full").reason
    assert not stage.page.panel.start_button.isEnabled()
