"""What the window's tests share: an application in its style."""

import pytest

from gui.look import style
from tests.helpers.scripted_manager import end
from tests.helpers.train_stage import Stage


@pytest.fixture
def styled(qapp):
    """Style the application light, whatever the test before left; returns it."""
    style.apply(qapp, "light")
    return qapp


@pytest.fixture
def stage(qtbot, home):
    made = Stage(qtbot)
    yield made
    end(made.manager)
