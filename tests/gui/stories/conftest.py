"""What the stories share: windows whose workers do some of their work for real."""

import pytest


@pytest.fixture
def planning_story(make_story):
    """Windows that plan for real."""
    return make_story("plan")
