"""Tables and lines for a terminal; cells are escaped and in one line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.text.escaping import in_one_line


def lengths(spread: Mapping[str, int]) -> str:
    """Return token lengths as text: median, 95th percentile and maximum."""
    return f"{spread['median']:,} · {spread['p95']:,} · {spread['max']:,}"


def notice(event: Mapping[str, Any]) -> str:
    """Return a notice as a line: its level, message and hint."""
    title = "Warning" if event.get("level") == "warning" else "Note"
    return " ".join(filter(None, (f"{title}: {event['message']}", event.get("hint", ""))))


def table(head: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str] = ()) -> list[str]:
    """Return aligned lines; the columns named in `right` are aligned on the right."""
    rows = [[in_one_line(cell) for cell in row] for row in rows]
    widths = [max(len(row[index]) for row in [head, *rows]) for index in range(len(head))]
    lines = []
    for row in [head, *rows]:
        cells = [
            text.rjust(width) if title in right else text.ljust(width)
            for text, title, width in zip(row, head, widths, strict=True)
        ]
        lines.append("  ".join(cells).rstrip())
    return lines


def facts(pairs: Sequence[tuple[str, str]]) -> list[str]:
    """Return a line for each name and value, with aligned values."""
    width = max((len(name) for name, _ in pairs), default=0)
    return [f"{name.ljust(width)}  {in_one_line(value)}".rstrip() for name, value in pairs]
