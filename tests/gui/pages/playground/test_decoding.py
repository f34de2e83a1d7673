"""Decoding options: drawn from their declaration, kept under names, and there again at the next start."""

import pytest

from engine.adapters.metadata import MethodFacts
from engine.api import SummarizeOptions, describe, exports
from gui.inputs.fields import Field
from gui.pages.playground.column_results import decoding_text
from gui.pages.playground.decoding_row import BUILT_IN, OWN, DecodingPresets, DecodingRow
from gui.pages.playground.page import PlaygroundPage
from tests.helpers.playground_stage import CONVERSATION, SUMMARIES, make_adapter


@pytest.fixture
def row(qtbot, home):
    return qtbot.place(DecodingRow(), 800, 400)


def write(row: DecodingRow, name: str, value: object) -> None:
    field = row.fields[name]
    field.control.write(value)
    field.control.changed.emit(value)


def test_every_declared_option_has_a_field_of_which_what_changes_nothing_is_off(row):
    assert list(row.fields) == [info.name for info in describe(SummarizeOptions)]
    assert row.fields["max_new_tokens"].around.isVisible()
    assert not row.fields["seed"].around.isVisible()
    row.unfold.click()
    assert all(field.around.isVisible() for field in row.fields.values())
    row.unfold.click()
    assert not row.fields["seed"].around.isVisible()

    def is_on(name):
        return row.fields[name].control.widget.isEnabled()

    assert not is_on("seed")
    assert not is_on("length_penalty")
    row.show_decoding(SummarizeOptions(temperature=0.5))
    assert is_on("seed")
    row.show_decoding(SummarizeOptions(beams=4))
    assert is_on("length_penalty")
    assert not is_on("top_p")


def test_a_preset_says_how_tokens_are_chosen_and_leaves_the_length(row):
    write(row, "max_new_tokens", 40)
    row.preset.set_key("Sampling")
    row.preset.chosen.emit("Sampling")
    assert (row.decoding().temperature, row.decoding().max_new_tokens) == (0.7, 40)
    row.preset.set_key("Greedy")
    row.preset.chosen.emit("Greedy")
    assert row.decoding() == SummarizeOptions(max_new_tokens=40)
    assert row.preset.key() == "Greedy"


@pytest.mark.usefixtures("styled")
def test_what_can_not_be_is_said_beside_its_field_and_opens_it(row, qtbot):
    write(row, "beams", 4)
    write(row, "temperature", 0.5)
    around = row.fields["beams"].around
    assert isinstance(around, Field)
    assert around.problem().startswith("Sampling needs one beam.")
    assert around.isVisible()
    # Whole, on as many lines as it takes.
    qtbot.waitUntil(lambda: around.height() >= around.heightForWidth(around.width()) > 80)
    assert not row.is_valid
    assert row.decoding() == SummarizeOptions(beams=4)
    write(row, "beams", 1)
    assert row.is_valid
    assert row.decoding() == SummarizeOptions(temperature=0.5)


def test_a_preset_is_saved_replaced_chosen_and_deleted(row, qtbot):
    def save(name):
        row.menu().actions()[0].trigger()
        row.naming.field.setText(name)
        row.naming.take.click()

    row.show_decoding(SummarizeOptions(temperature=0.4, seed=7))
    assert row.preset.key() == OWN
    assert not row.menu().actions()[1].isEnabled()
    save("Greedy")
    assert "built-in" in row.naming.problem.text()
    save("Bold")
    assert row.preset.key() == "Bold"
    write(row, "temperature", 0.9)
    save("Bold")
    assert row.naming.take.text() == "Replace"
    row.naming.take.click()

    other = qtbot.add(DecodingRow())
    other.preset.chosen.emit("Bold")
    assert other.decoding() == SummarizeOptions(temperature=0.9, seed=7)
    other.menu().actions()[1].trigger()
    assert "Bold" not in [preset.name for preset in DecodingPresets().items]
    assert other.decoding().temperature == 0.9


def test_what_was_set_last_is_there_at_the_next_start(row, qtbot):
    row.show_decoding(SummarizeOptions(beams=6, length_penalty=2.0))
    row.save_last()
    other = qtbot.add(DecodingRow())
    assert other.decoding() == SummarizeOptions(beams=6, length_penalty=2.0)


def test_a_damaged_or_later_file_holds_no_presets(tmp_path):
    damaged = ('{"version": 1, "presets": 3}', '{"version": 1, "presets": {"a": {"beams": 0}}}')
    for text in ("", "{", "[]", '{"version": 2}', *damaged):
        (tmp_path / "decoding.json").write_text(text)
        presets = DecodingPresets(tmp_path / "decoding.json")
        assert presets.items == list(BUILT_IN)
        assert presets.last is None


@pytest.mark.usefixtures("styled")
def test_in_a_narrow_page_every_field_keeps_its_room(row, qtbot):
    row.unfold.click()
    row.resize(420, row.minimumSizeHint().height())
    qtbot.waitUntil(lambda: row.fields["seed"].around.y() > row.fields["beams"].around.y())
    shown = row.fields["seed"].around.parentWidget()
    last = max(
        field.around.geometry().bottom() for name, field in row.fields.items() if name != "max_new_tokens"
    )
    qtbot.waitUntil(lambda: shown.minimumHeight() > last)


PREFIX = MethodFacts(id="prefix_tuning", title="Prefix tuning", peft_type="PREFIX_TUNING")


@pytest.fixture(autouse=True)
def installed(monkeypatch):
    monkeypatch.setattr(exports, "has_ctranslate2", lambda: True)


def choose(page: PlaygroundPage, name: str, value: object) -> None:
    field = page.decoding.fields[name]
    field.control.write(value)
    field.control.changed.emit(value)


def problem(page: PlaygroundPage, name: str = "runtime") -> str:
    return page.decoding.fields[name].around.problem()


def test_what_ctranslate2_wrote_is_kept_with_the_choice(page, qtbot):
    page.open_conversation(CONVERSATION)
    choose(page, "runtime", "ctranslate2")
    page.open(["a1"])
    page.summarise_button.click()
    qtbot.waitUntil(lambda: page.results.entry is not None)
    sent = page.controller.summarizer._thread.job.request()
    entry = page.results.entry
    assert "runtime" not in sent
    assert entry.decoding == SummarizeOptions(beams=2, max_new_tokens=32, runtime="ctranslate2")
    assert decoding_text(entry.decoding).endswith("written by CTranslate2")

    choose(page, "runtime", "tunesmith")
    page.history.list.clicked.emit(page.history.table.index(0, 0))
    assert page.decoding.decoding().runtime == "ctranslate2"


def test_what_can_t_be_merged_is_refused_beside_the_choice_until_it_leaves(page):
    make_adapter("p1", method=PREFIX)
    page.open_conversation(CONVERSATION)
    choose(page, "runtime", "ctranslate2")
    page.open(["p1"])
    assert "p1-name can't be merged" in problem(page)
    assert "Tunesmith's own engine" in problem(page)
    assert page.decoding.fields["runtime"].around.isVisible()
    page.summarise_button.click()
    assert "invalid" in page.strip.text()
    assert not page.controller.summarizer.alive

    page.controller.remove("p1")
    assert not problem(page)
    assert page.decoding.decoding().runtime == "ctranslate2"


def test_a_quantized_base_a_card_and_sampling_are_refused(page):
    make_adapter("q1", quantization="nf4")
    choose(page, "runtime", "ctranslate2")
    page.open(["q1"])
    assert "doesn't support nf4 bases" in problem(page)
    page.controller.remove("q1")
    page.controller.summarizer.suit("cuda:0")
    page._refresh()
    assert "not on cuda:0" in problem(page)
    page.controller.summarizer.suit("auto")
    choose(page, "beams", 1)
    choose(page, "temperature", 0.5)
    assert (problem(page), "Temperature" in problem(page, "temperature")) == ("", True)
    choose(page, "runtime", "tunesmith")
    assert page.decoding.is_valid


def test_it_is_offered_where_it_is_installed_or_was_chosen(page, monkeypatch):
    page.decoding.unfold_all()
    assert page.decoding.fields["runtime"].around.isVisible()
    monkeypatch.setattr(exports, "has_ctranslate2", lambda: False)
    page.decoding.show_decoding(SummarizeOptions())
    assert not page.decoding.fields["runtime"].around.isVisible()
    page.decoding.show_decoding(SummarizeOptions(runtime="ctranslate2"))
    assert "is not installed" in problem(page)
    assert page.decoding.fields["runtime"].around.isVisible()


def test_a_conversion_is_shown_where_its_column_waits_and_can_be_cancelled(page, workers, qtbot):
    workers.say(SUMMARIES | {"a1": {"convert": True}})
    page.open_conversation(CONVERSATION)
    page.open(["a1"])
    page.summarise()
    column = page.columns.view("a1")
    qtbot.waitUntil(lambda: column.state_text().startswith("Converting for CTranslate2, "))
    assert page.columns.base.text() == SUMMARIES[""]
    assert [view._cancel.isVisible() for view in page.columns.views()] == [False, True]
    column._cancel.click()
    assert column.state_text() == "Cancelled"
    qtbot.waitUntil(lambda: page.controller.summarizer.status_text == "")
    assert page.controller.summarizer.state == "ready"
