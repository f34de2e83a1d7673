import pytest
from PySide6.QtWidgets import QWidget

from engine.api import recipe
from gui.forms.recipe_form import RecipeForm
from tests.helpers.train_stage import BASICS


@pytest.fixture
def form(qtbot, home):
    made = qtbot.add(RecipeForm(QWidget()))
    made.set_recipe(recipe.from_tables(BASICS | {"name": ""}))
    return made
