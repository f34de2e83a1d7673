"""What is measured of every row: tokens, turns, speakers."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.text.conversations import turns
from engine.worker.validation.row_view import Look


def _numbers() -> array[int]:
    return array("q")


@dataclass
class Measures:
    """The measures of a split's rows, in their order."""

    conversation_tokens: array[int] = field(default_factory=_numbers)
    summary_tokens: array[int] = field(default_factory=_numbers)
    turns: array[int] = field(default_factory=_numbers)
    speakers: array[int] = field(default_factory=_numbers)

    def add(self, looks: Sequence[Look]) -> None:
        """Measure the next rows."""
        for look in looks:
            said = turns(look.conversation)
            self.conversation_tokens.append(look.conversation_tokens)
            self.summary_tokens.append(look.summary_tokens)
            self.turns.append(len(said))
            self.speakers.append(len({turn.speaker for turn in said if turn.speaker}))
