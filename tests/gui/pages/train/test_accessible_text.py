"""Tables, forms and figures in another language: words change, names and keys stay."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from PySide6.QtCore import QLocale

from engine.api import TrainingOptions, describe
from gui.forms.controls import make_control
from gui.look import language
from gui.look.format import compact, duration_text, interval
from gui.models.grouped_table import Column
from gui.models.list_text import day_text, moment_text, protocol_text

GERMAN = {
    "Base": ("Basis",),
    "d MMMM": ("d. MMMM",),
    "on {day}": ("am {day}",),
    "test": ("Test",),
    "linear": ("geradlinig",),
    "{n} {split} conversations": ("{n} Gespräch ({split})", "{n} Gespräche ({split})"),
    "{low} to {high}": ("{low} bis {high}",),
    "{value} M": ("{value} Mio.",),
}


@pytest.fixture
def german(monkeypatch, qapp):
    before = QLocale()
    QLocale.setDefault(QLocale("de"))
    monkeypatch.setattr(language._now, "catalogue", language.Catalogue(window=GERMAN))
    yield
    QLocale.setDefault(before)


def test_words_and_figures_change_with_the_language_and_names_and_keys_stay(german):
    assert Column("base", "Base").head == "Basis"
    assert Column("run", "Base", as_is=True).head == "Base"

    assert day_text(date(2026, 3, 9), date(2026, 3, 12)) == "9. März"
    at = datetime(2026, 3, 9, 12, 0, tzinfo=UTC)
    assert moment_text(at, datetime(2026, 3, 12, 12, 0, tzinfo=UTC)) == "am 9. März"
    assert interval(0.006, 0.024) == "0,6 bis 2,4"
    assert compact(3_538_944) == "3,54 Mio."
    assert duration_text(0.42) == "0,4 s"

    assert protocol_text({"examples": 1819, "split": "test"}).startswith("1.819 Gespräche (Test)")
    assert protocol_text({"examples": 1, "split": "test"}).startswith("1 Gespräch (Test)")

    schedule = next(info for info in describe(TrainingOptions) if info.name == "schedule")
    control = make_control(schedule)
    control.write("linear")
    assert (control.widget.currentText(), control.read()) == ("geradlinig", "linear")
