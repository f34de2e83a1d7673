"""What the window's tests share: an application in its style."""

import pytest

from gui.look import style


@pytest.fixture
def styled(qapp):
    """Style the application light, whatever the test before left; returns it."""
    style.apply(qapp, "light")
    return qapp
