"""What the texts about a run promise."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from engine.jobs.run_state import RunState
from gui.pages.train.run.run_text import resume_text


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        ({}, "Start again"),
        ({"checkpoint": {"step": 20}}, "Resume"),
        ({"checkpoint": {"step": 20}, "device_released": True}, "Continue"),
    ],
)
def test_only_a_run_with_a_checkpoint_is_resumed(qapp, facts: dict[str, Any], text: str):
    assert resume_text(SimpleNamespace(state=RunState(**facts))) == text
