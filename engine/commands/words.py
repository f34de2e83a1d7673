"""Numbers, times, verdicts and tables as plain text for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

SAYINGS = {"better": "Better", "no measurable difference": "No measurable difference", "worse": "Worse"}
MINUS = "−"
NO_INTERVAL = "one conversation, so no interval"


def duration(seconds: float) -> str:
    """Return a time as text, coarser as it grows: "0.4 s", "41 s", "4 min 10 s"."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def counted(count: int, one: str, many: str = "") -> str:
    """Return a count with its noun: "1 step", "1,540 steps"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def score(fraction: float) -> str:
    """Return a score times 100 with one digit."""
    return f"{fraction * 100:.1f}".replace("-", MINUS)


def gain(fraction: float) -> str:
    """Return a difference of scores times 100, always signed."""
    return score(fraction) if fraction < 0 else f"+{score(fraction)}"


def score_name(name: str) -> str:
    """Return a score's name as people write it: "rouge1" is "ROUGE-1"."""
    return name.replace("rouge", "ROUGE-")


def interval(spread: Mapping[str, float]) -> str:
    """Return a mean with its interval, or why there is none: "48.4 (47.2 to 49.6)"."""
    return f"{score(spread['mean'])} ({_bounds(spread) or NO_INTERVAL})"


def _bounds(spread: Mapping[str, Any]) -> str:
    """Return an interval's ends, nothing if it has none: one conversation shows no spread."""
    low, high = spread.get("low"), spread.get("high")
    return "" if low is None or high is None else f"{score(low)} to {score(high)}"


def lengths(spread: Mapping[str, int]) -> str:
    """Return token lengths as text: median, 95th percentile and most."""
    return f"{spread['median']:,} · {spread['p95']:,} · {spread['max']:,}"


def verdict(difference: Mapping[str, Any], examples: int | None) -> str:
    """Return the paired verdict on ROUGE-1 as sentences, with interval and number of conversations."""
    change = difference["mean"]
    moved = {"better": "rose", "worse": "fell"}.get(difference["verdict"], "changed")
    points = score(abs(change) if moved in ("rose", "fell") else change)
    on = f", on {counted(examples, 'conversation')}" if examples else ""
    said = f"{SAYINGS[difference['verdict']]}. ROUGE-1 {moved} by {points} points"
    bounds = _bounds(difference)
    return f"{said}, 95 % interval {bounds}{on}." if bounds else f"{said}, on {NO_INTERVAL}."


def notice(told: Mapping[str, Any]) -> str:
    """Return a notice as a line: what it is, its message, its hint."""
    title = "Warning" if told.get("level") == "warning" else "Note"
    return " ".join(filter(None, (f"{title}: {told['message']}", told.get("hint", ""))))


def table(head: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str] = ()) -> list[str]:
    """Return aligned lines; the columns named in `right` stand to the right."""
    widths = [max(len(row[place]) for row in [head, *rows]) for place in range(len(head))]
    return [_aligned(row, head, widths, right) for row in [head, *rows]]


def _aligned(row: Sequence[str], head: Sequence[str], widths: Sequence[int], right: Sequence[str]) -> str:
    cells = [
        text.rjust(width) if title in right else text.ljust(width)
        for text, title, width in zip(row, head, widths, strict=True)
    ]
    return "  ".join(cells).rstrip()


def facts(pairs: Sequence[tuple[str, str]]) -> list[str]:
    """Return lines of names and values, the values below each other."""
    width = max((len(name) for name, _ in pairs), default=0)
    return [f"{name.ljust(width)}  {value}".rstrip() for name, value in pairs]
