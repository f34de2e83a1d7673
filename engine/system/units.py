"""Sizes and durations as text."""

from __future__ import annotations

from engine.messages import say


def size(count: float) -> str:
    """Return a number of bytes as text: "14.2 MB"."""
    for unit, factor in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= factor:
            return say(f"{{:.1f}} {unit}", count / factor)
    return say("{:.0f} bytes", count)


def duration(seconds: float) -> str:
    """Return a duration as text, coarser the longer it is: "0.4 s", "41 s", "4 min 10 s", "41 min", "1 h 52 min"."""
    if seconds < 9.95:
        return say("{:.1f} s", seconds)
    whole = round(seconds)
    if whole < 60:
        return say("{} s", whole)
    if whole < 15 * 60 and whole % 60:
        return say("{} min {:02d} s", whole // 60, whole % 60)
    minutes = round(whole / 60)
    return say("{} min", minutes) if minutes < 60 else say("{} h {:02d} min", minutes // 60, minutes % 60)
