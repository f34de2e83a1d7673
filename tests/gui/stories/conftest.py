"""What the stories share: windows whose workers do some of their work for real, and another language."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QLocale

from gui.look import language


@pytest.fixture
def planning_story(make_story):
    """Windows that plan for real."""
    return make_story("plan")


@pytest.fixture
def german():
    """Let the window speak German; put back what was."""
    before = QLocale()
    language.speak("de")
    yield
    language.speak("en")
    QLocale.setDefault(before)
