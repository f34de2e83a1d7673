"""How long a run trains is one row of the form, and what it comes to stands below."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QWidget

from engine.api import recipe
from gui.forms.form_layout import LENGTH, length_text
from gui.forms.recipe_form import RecipeForm

BASICS = {"base_model": {"id": "starter"}, "data": {"source": "sample"}, "method": {"id": "lora"}}


@pytest.fixture
def form(qtbot, home):
    made = RecipeForm(QWidget())
    qtbot.addWidget(made)
    made.set_recipe(recipe.from_tables(BASICS))
    return made


def test_all_three_are_on_the_form_from_the_first_level_on(form):
    for key in LENGTH:
        field = form.field(key)
        assert form.length.isAncestorOf(field.around)
        assert field.around.isVisibleTo(form)


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
        (200, 2400, "3,200 conversations seen, each 1.3 ×."),
        (300, 2400, "4,800 conversations seen, each 2 ×."),
        (1, 3, "3 conversations seen, each 1 ×."),
        (3, 17, "33 conversations seen, each 1.5 ×."),
        (1, 1, "1 conversation seen, each 1 ×."),
        (0, 2400, ""),
    ],
)
def test_it_says_how_many_conversations_are_seen(qapp, steps, examples, text):
    assert length_text({"steps": steps, "examples": {"train": examples}}, {"batch_size": 16}) == text
