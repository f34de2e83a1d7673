"""What the labelling tests share: a page with three conversations."""

import pytest

from gui.pages.labelling.page import LabellingPage
from tests.helpers.homes import add_adapter, make_recipe
from tests.helpers.labelling_stage import BASE_SAYS, BUS, DOG, TEA, TUNED_SAYS, made_set, show


@pytest.fixture
def summaries():
    return {"": BASE_SAYS, "a1": TUNED_SAYS}


@pytest.fixture
def page(workers, qtbot):
    add_adapter("a1", recipe=make_recipe(base="starter"))
    made = qtbot.place(LabellingPage(workers.manager), 1072, 800)
    made.shown()
    yield made
    made.controller.close()


@pytest.fixture
def opened(page, qtbot) -> LabellingPage:
    """The page with three conversations."""
    return show(page, qtbot, made_set(TEA, BUS, DOG))
