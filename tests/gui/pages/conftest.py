"""What the tests of pages share."""

import pytest

from tests.helpers.playground_stage import SUMMARIES, Workers
from tests.helpers.scripted_manager import end


@pytest.fixture
def bench(request, qtbot, home):
    """Return a function that makes the module's Bench: a page, its manager, and a wait until all is shown."""
    made = []

    def make():
        made.append(request.module.Bench(qtbot))
        return made[-1].settle()

    yield make
    for each in made:
        each.settle()
        end(each.manager)
        each.page.close()


@pytest.fixture
def summaries():
    """What workers write for each adapter."""
    return SUMMARIES


@pytest.fixture
def workers(qtbot, home, monkeypatch, summaries):
    """An engine whose summaries come from a table, and whose other jobs follow scripts."""
    made = Workers(monkeypatch, summaries)
    yield made
    end(made.manager)
