"""A row with cached values that several rules need, and the statistics of all rows of a split."""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from engine.data import Row
from engine.text.conversations import turns_and_speakers
from engine.text.pii import find

# Whatever of ASCII is in no word becomes a space.
_SPACES = bytes(code if code > 127 or chr(code).isalnum() else 32 for code in range(256))
# In scripts without spaces each character is a word.
_WORD = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]|[^\\W_]+")


class RowView:
    """A row with its words, its personal data, and its token counts (0 if they were not counted)."""

    def __init__(self, row: Row, conversation_tokens: int = 0, summary_tokens: int = 0) -> None:
        self.row = row
        self.missing = row.missing
        self.conversation = row.example.conversation
        self.summary = row.example.summary
        self.conversation_tokens = conversation_tokens
        self.summary_tokens = summary_tokens

    @cached_property
    def summary_words(self) -> list[str]:
        """The summary's words in lower case."""
        return words(self.summary)

    @cached_property
    def personal(self) -> set[str]:
        """The kinds of personal data found in both texts."""
        return {match.kind for text in (self.conversation, self.summary) for match in find(text)}


def _numbers() -> array[int]:
    return array("q")


@dataclass
class RowStats:
    """The statistics of a split's rows, in their order."""

    conversation_tokens: array[int] = field(default_factory=_numbers)
    summary_tokens: array[int] = field(default_factory=_numbers)
    turns: array[int] = field(default_factory=_numbers)
    speakers: array[int] = field(default_factory=_numbers)

    def add(self, views: Sequence[RowView]) -> None:
        """Add the next rows."""
        for view in views:
            count, names = turns_and_speakers(view.conversation)
            self.conversation_tokens.append(view.conversation_tokens)
            self.summary_tokens.append(view.summary_tokens)
            self.turns.append(count)
            self.speakers.append(names)


def words(text: str) -> list[str]:
    """Return the words of a text in lower case."""
    spaced = text.lower().encode("utf-8", "surrogatepass").translate(_SPACES)
    parts = spaced.decode("utf-8", "surrogatepass").split()
    if text.isascii():
        return parts
    return [word for part in parts for word in ((part,) if part.isascii() else _WORD.findall(part))]
