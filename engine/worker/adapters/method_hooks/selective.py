"""Hooks of the selective tuner. Importing them registers it with PEFT."""

from __future__ import annotations

from typing import ClassVar

from engine.worker.adapters.method_hooks.base import MethodHooks
from engine.worker.adapters.tuners import selective  # noqa: F401 - registers it


class SelectiveHooks(MethodHooks):
    """Trains copies of the base model's own parameters."""

    copies_base_parameters: ClassVar[bool] = True
