"""Tokens, turns and speakers of every row."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.text.conversations import turns
from engine.worker.validation.row_view import RowView


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
            spoken = turns(view.conversation)
            self.conversation_tokens.append(view.conversation_tokens)
            self.summary_tokens.append(view.summary_tokens)
            self.turns.append(len(spoken))
            self.speakers.append(len({turn.speaker for turn in spoken if turn.speaker}))
