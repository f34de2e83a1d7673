"""Sizes as text."""

from __future__ import annotations

from engine.messages import say


def size(count: float) -> str:
    """Return a number of bytes as text: "14.2 MB"."""
    for unit, factor in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= factor:
            return f"{count / factor:.1f} {unit}"
    return say("{:.0f} bytes", count)
