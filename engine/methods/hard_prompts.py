"""The prompt alone, as an entry to compare the others with: nothing is trained."""

from __future__ import annotations

from engine.methods.base import Method

HARD_PROMPTS: tuple[Method, ...] = ()
