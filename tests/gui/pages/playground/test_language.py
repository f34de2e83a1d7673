"""In another language the playground keeps and chooses by the same keys as in English."""

from __future__ import annotations

import pytest

from engine.api import STARTER, AppError, SummarizeOptions
from gui.look import language
from gui.look.language import Catalogue
from gui.pages.playground.columns import choices
from gui.pages.playground.columns.column_results import ColumnResults
from gui.pages.playground.conversation.export_offer import ExportOffer
from gui.pages.playground.decoding_presets import DecodingPresets
from gui.pages.playground.decoding_row import DecodingRow
from gui.pages.playground.history.history_entry import from_results

WORDS = {"Base model": "Basismodell", "The practice model": "Das Übungsmodell", "Greedy": "Gierig"}
EXPORT = """[01.02.24, 10:11:12] Ann: hi
[01.02.24, 10:11:13] Bo: hello
[01.02.24, 10:11:15] Ann: <Media omitted>
[01.02.24, 10:12:12] Messages are end-to-end encrypted.
[01.02.24, 10:12:14] Bo: bye"""


@pytest.fixture
def german(monkeypatch):
    window = {text: (said,) for text, said in WORDS.items()}
    monkeypatch.setattr(language._now, "catalogue", Catalogue(window=window))


def test_the_base_models_column_is_kept_in_english_and_shown_translated(german):
    tried = from_results(ColumnResults(choices.base_entry(STARTER)), "", {"id": STARTER}, SummarizeOptions())
    (column,) = tried.columns
    assert (column.name, column.detail) == ("Base model", "The practice model")
    assert (column.entry.title, column.entry.about) == ("Basismodell", "Das Übungsmodell")
    assert tried.has("basismodell")


def test_a_built_in_preset_is_chosen_by_its_key_and_neither_of_its_names_can_be_taken(
    german, home, qtbot, styled
):
    row = DecodingRow()
    qtbot.addWidget(row)
    row.show_decoding(SummarizeOptions())
    assert (row.preset.key(), row.preset.currentText()) == ("Greedy", "Gierig")
    for name in ("Greedy", "gierig"):
        with pytest.raises(AppError):
            DecodingPresets().save(name, SummarizeOptions())


def test_what_an_export_was_understood_as_is_said_with_what_is_left_out(qtbot, styled):
    offer = ExportOffer()
    qtbot.addWidget(offer)
    offer.look_at(EXPORT)
    left_out = "1 system line and 1 media tag left out"
    assert offer.text() == f"WhatsApp export: 3 turns of 2 speakers; {left_out}."
    offer.look_at(EXPORT.replace("<Media omitted>", "yes"))
    assert offer.text() == "WhatsApp export: 4 turns of 2 speakers; 1 system line left out."
