"""A generated summary. Imports no torch, so that what only scores texts need not wait for it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Generated:
    """A summary: its token ids up to the end token, its text, and whether the length limit truncated it."""

    ids: list[int]
    text: str
    capped: bool
