"""A German table of one's own, in a German window: from the data page to a run that says what it learned from."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QFileDialog

from gui.pages.train.run.verdict_card import VerdictCard
from tests.helpers.story_window import click
from tests.helpers.train_stage import texts

# As a spreadsheet in German writes it: semicolons, and an encoding of its own.
HEAD = "Gespräch;Zusammenfassung\n"
ROW = '"Jörg: Kommst du um {n} Uhr zum Übungsraum?\nBärbel: Ja, ich bringe Brötchen mit.";"Bärbel kommt um {n} Uhr."\n'


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "Gespräche.csv"
    path.write_bytes((HEAD + "".join(ROW.format(n=n) for n in range(1, 41))).encode("cp1252"))
    return path


@pytest.mark.usefixtures("german")
def test_a_german_table_becomes_the_data_of_a_run(reading_story, table, monkeypatch):
    window = reading_story.open()
    data = window.show_built("data")
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([str(table)], ""))
    click(data.parts.source.file_button)
    reading_story.until(lambda: data.report is not None and not data.checker.is_busy)
    assert data.parts.preview_table.headings() == ["Gespräch: Gespräch", "Zusammenfassung: Zusammenfassung"]
    first = [turn.speaker for turn in data.parts.row_view.conversation.turns()]
    assert first == ["Jörg", "Bärbel"]
    click(data.use_button)

    train = window.built("train")
    assert window.current_key() == "train"
    assert train.panel.form.recipe().data.source == str(table)
    reading_story.until(train.panel.start_button.isEnabled)
    click(train.panel.start_button)
    reading_story.until(lambda: isinstance(train.run_view.card, VerdictCard))
    assert "Gespräche.csv" in train.header.title()
    assert "Besser als das Basismodell" in texts(train.run_view.card)
