"""What the stories share: a window that can be opened, closed and opened again."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QLocale

from gui.look import language
from tests.helpers.story_window import StoryWindow


@pytest.fixture
def story(styled, qtbot, home):
    """Windows whose workers all follow scripts."""
    made = StoryWindow(qtbot)
    yield made
    made.close_all()


@pytest.fixture
def reading_story(styled, qtbot, home):
    """Windows whose workers read data for real; the others follow scripts."""
    made = StoryWindow(qtbot, real=("check_data", "label_data", "read_conversations"))
    yield made
    made.close_all()


@pytest.fixture
def no_summaries_story(styled, qtbot, home):
    """Windows that read data and plan for real."""
    made = StoryWindow(qtbot, real=("check_data", "label_data", "plan"))
    yield made
    made.close_all()


@pytest.fixture
def planning_story(styled, qtbot, home):
    """Windows that plan for real."""
    made = StoryWindow(qtbot, real=("plan",))
    yield made
    made.close_all()


@pytest.fixture
def german():
    """Let the window speak German; put back what was."""
    before = QLocale()
    language.speak("de")
    yield
    language.speak("en")
    QLocale.setDefault(before)
