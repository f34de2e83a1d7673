"""What a new adapter is called."""

from __future__ import annotations

import pytest

from engine.worker.training.saving.adapter_metadata import free_name
from tests.helpers.homes import add_adapter

pytestmark = pytest.mark.torch


def test_a_name_that_is_taken_gets_a_number():
    name = "starter · sample · LoRA r 4"
    assert free_name(name) == name
    add_adapter(name)
    add_adapter(f"{name} (2)")
    assert free_name(name) == f"{name} (3)"
