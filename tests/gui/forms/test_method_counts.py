"""The list of methods counts what the form would train: the settings in use, and those that a choice would bring."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QWidget

from gui.forms.recipe_form import RecipeForm
from tests.helpers.homes import make_recipe


@pytest.fixture
def form(styled, qtbot, home):
    made = RecipeForm(QWidget())
    qtbot.addWidget(made)
    made.set_recipe(make_recipe(base="starter", source="sample"))
    return made


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
