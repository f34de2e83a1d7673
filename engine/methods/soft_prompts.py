"""Methods that train vectors which the frozen model reads before its input, or as keys and values."""

from __future__ import annotations

from engine.methods.base import Method

SOFT_PROMPTS: tuple[Method, ...] = ()
