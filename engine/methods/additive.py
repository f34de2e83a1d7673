"""Methods that add small trained parts to a frozen model: scales and bottleneck adapters."""

from __future__ import annotations

from engine.methods.base import Method

ADDITIVE: tuple[Method, ...] = ()
