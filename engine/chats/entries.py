"""Reads untrusted values of JSON exports as text, tables and times, for all readers of such exports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Entry = Mapping[str, Any]
# People's names by their ids.
Names = Mapping[str, str]


def text(value: Any) -> str:
    """Return a string or number as text, "" for anything else."""
    return value if isinstance(value, str) else str(value) if isinstance(value, (int, float)) else ""


def table(value: Any) -> Entry:
    """Return a JSON object, an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def tables(value: Any) -> list[Entry]:
    """Return the JSON objects in a list, none for anything else."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def milliseconds(value: Any) -> float:
    """Return a time in milliseconds since 1970, a number or its text, in seconds; 0 for anything else."""
    try:
        return float(value) / 1000 if isinstance(value, (int, float, str)) else 0.0
    except (ValueError, OverflowError):
        return 0.0
