"""Decoding options: drawn from their declaration, kept under names, and there again at the next start."""

from __future__ import annotations

import pytest

from engine.api import SummarizeOptions, describe
from gui.inputs.fields import Field
from gui.pages.playground.decoding_row import BUILT_IN, OWN, DecodingPresets, DecodingRow


@pytest.fixture
def row(qtbot, home, styled):
    made = DecodingRow()
    qtbot.addWidget(made)
    made.resize(800, 400)
    made.show()
    return made


def write(row: DecodingRow, name: str, value: object) -> None:
    """Set a field as typing would."""
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

    other = DecodingRow()
    qtbot.addWidget(other)
    other.preset.chosen.emit("Bold")
    assert other.decoding() == SummarizeOptions(temperature=0.9, seed=7)
    other.menu().actions()[1].trigger()
    assert "Bold" not in [preset.name for preset in DecodingPresets().items]
    assert other.decoding().temperature == 0.9


def test_what_was_set_last_is_there_at_the_next_start(row, qtbot):
    row.show_decoding(SummarizeOptions(beams=6, length_penalty=2.0))
    row.save_last()
    other = DecodingRow()
    qtbot.addWidget(other)
    assert other.decoding() == SummarizeOptions(beams=6, length_penalty=2.0)


def test_a_damaged_or_later_file_holds_no_presets(tmp_path):
    damaged = ('{"version": 1, "presets": 3}', '{"version": 1, "presets": {"a": {"beams": 0}}}')
    for text in ("", "{", "[]", '{"version": 2}', *damaged):
        (tmp_path / "decoding.json").write_text(text)
        presets = DecodingPresets(tmp_path / "decoding.json")
        assert presets.items == list(BUILT_IN)
        assert presets.last is None


def test_in_a_narrow_page_every_field_keeps_its_room(row, qtbot):
    row.unfold.click()
    row.resize(420, row.minimumSizeHint().height())
    qtbot.waitUntil(lambda: row.fields["seed"].around.y() > row.fields["beams"].around.y())
    shown = row.fields["seed"].around.parentWidget()
    last = max(
        field.around.geometry().bottom() for name, field in row.fields.items() if name != "max_new_tokens"
    )
    qtbot.waitUntil(lambda: shown.minimumHeight() > last)
