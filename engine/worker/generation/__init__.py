"""Prompts to summaries: batching, prefill, decoding loop, search. What is generated is known without torch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Generated:
    """A summary: its token ids up to the end token, its text, and whether the length limit truncated it."""

    ids: list[int]
    text: str
    capped: bool
