"""What the window's tests share: an application in its style."""

import pytest

from gui.look import style
from gui.workers.engine_thread import EngineThread
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
    for thread in made.manager.findChildren(EngineThread):
        thread.force()
    made.manager.leave()
