"""Exports votes as preference pairs for training: JSON lines with `prompt`, `chosen` and `rejected`.

Ties make no row. Of several votes on a pair the majority counts. Knows nothing of training.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from engine.config.prompts import DEFAULT_PROMPT, rendered
from engine.errors import DataError
from engine.jobs.events import encode
from engine.system.files import write_export
from engine.voting.comparisons import Comparison, System
from engine.voting.votes import Votes

Row = dict[str, str]


def rows(comparison: Comparison, votes: Votes) -> list[Row]:
    """Return a row for each decided pair, in the order of the conversations."""
    wins: Counter[tuple[int, int, int]] = Counter()
    for vote in votes.votes.values():
        if vote.preferred is not None:
            rejected = vote.right if vote.preferred == vote.left else vote.left
            wins[vote.conversation, vote.preferred, rejected] += 1
    return [_row(comparison, *pair) for pair in sorted(wins) if wins[pair] > wins[pair[0], pair[2], pair[1]]]


def _row(comparison: Comparison, conversation: int, chosen: int, rejected: int) -> Row:
    texts = comparison.conversations[conversation]
    return {
        "prompt": _prompt(comparison.systems[chosen], comparison.systems[rejected], texts.conversation),
        "chosen": texts.summaries[chosen],
        "rejected": texts.summaries[rejected],
    }


def _prompt(chosen: System, rejected: System, conversation: str) -> str:
    """Return the prompt of the chosen system, of the other one if summaries came without a prompt."""
    asked = next((each for each in (chosen, rejected) if each.template), None)
    template, shots = (asked.template, asked.shots) if asked else (DEFAULT_PROMPT, ())
    return "".join(part.text for part in rendered(template, conversation, shots))


def export(comparison: Comparison, votes: Votes, path: Path) -> int:
    """Write the preference pairs and return how many there are. Raises DataError if there is none, StorageError."""
    found = rows(comparison, votes)
    if not found:
        raise DataError("No vote prefers a summary yet, so there are no pairs.", "Vote on more pairs first.")
    write_export(path, b"".join(map(encode, found)).decode("utf-8"))
    return len(found)
