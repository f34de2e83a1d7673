"""What the readers of JSON exports share: values of which nobody knows what they are, as texts and tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Entry = Mapping[str, Any]
# Of people, by their ids.
Names = Mapping[str, str]


def text(value: Any) -> str:
    """Return a text or a number as text, "" for anything else."""
    return value if isinstance(value, str) else str(value) if isinstance(value, (int, float)) else ""


def table(value: Any) -> Entry:
    """Return an object, an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def tables(value: Any) -> list[Entry]:
    """Return the objects of a list, none for anything else."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
