"""One row of a source, as every part of reading and checking hands it on."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from engine import personal
from engine.conversations import Example


@dataclass(frozen=True)
class Row:
    """One row of a source: its number in its table, from 1, and the example it makes, whole or not.

    `masked` are the kinds of personal data that were masked in it, one entry for each place.
    """

    number: int
    example: Example
    masked: tuple[str, ...] = ()

    @property
    def missing(self) -> str | None:
        """What the row lacks: "conversation", "summary", or None for a whole one."""
        if not self.example.conversation.strip():
            return "conversation"
        return None if self.example.summary.strip() else "summary"


def masked(rows: Iterable[Row], kinds: Collection[str]) -> tuple[Row, ...]:
    """Return the rows with `kinds` of personal data (ids) masked in all their texts."""
    return tuple(_masked(row, kinds) for row in rows) if kinds else tuple(rows)


def _masked(row: Row, kinds: Collection[str]) -> Row:
    example = row.example
    texts = (example.conversation, example.summary, *example.more_references)
    (conversation, summary, *more), found = zip(*(personal.mask(text, kinds) for text in texts), strict=True)
    places = tuple(match.kind for matches in found for match in matches)
    if not places:
        return row
    changed = replace(example, conversation=conversation, summary=summary, more_references=tuple(more))
    return replace(row, example=changed, masked=places)
