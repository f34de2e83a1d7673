"""Matches summaries from a file with conversations: by id, or by their order.

Everything that does not match is named by its row. Knows nothing of metrics, files or models.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from engine.data import Row
from engine.errors import DataError
from engine.messages import counted, listed, say
from engine.text.conversations import Example
from engine.worker.ingestion.predictions import Prediction, Predictions

MAX_NAMED = 10
# The check of the order takes so many conversations, and says nothing of fewer than the other number.
MAX_CHECKED, MIN_CHECKED = 300, 10
GRAM = 3


@dataclass(frozen=True)
class Conversations:
    """The rows that summaries may belong to, in order, complete or not; `title` is such as "of the test split"."""

    rows: Sequence[Row]
    title: str
    hint: str = ""

    @property
    def complete(self) -> list[int]:
        """The indices of the rows that can be scored."""
        return [index for index, row in enumerate(self.rows) if row.missing is None]


@dataclass(frozen=True)
class Matches:
    """A summary for each matched conversation, by the index of its row.

    `missing` are the ids of conversations without a summary, `unknown` the numbers of the file's rows that match no
    conversation, `repeated` those that repeat an earlier row.
    """

    summaries: Mapping[int, str]
    missing: tuple[str, ...] = ()
    unknown: tuple[int, ...] = ()
    repeated: tuple[int, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the counts with the first names, as results have them."""
        return {
            "matched": len(self.summaries),
            "missing": {"count": len(self.missing), "ids": list(self.missing[:MAX_NAMED])},
            "unknown": {"count": len(self.unknown), "rows": list(self.unknown[:MAX_NAMED])},
            "repeated": {"count": len(self.repeated), "rows": list(self.repeated[:MAX_NAMED])},
            "empty": sum(not text for text in self.summaries.values()),
        }


def match(predictions: Predictions, conversations: Conversations) -> Matches:
    """Return which summary belongs to which conversation. Raises DataError with the field of the file."""
    count = len(predictions.rows)
    # All rows are numbered from 0 where the conversations are numbered from 1.
    counts_from_zero = [each.id for each in predictions.rows] == [
        str(number) for number in range(count)
    ] and [row.example.id for row in conversations.rows] == [str(number) for number in range(1, count + 1)]
    if not predictions.has_ids or counts_from_zero:
        return _by_order(predictions, conversations)
    return _by_id(predictions, conversations)


# ------------------------------------------------------------------------------------------------ by order


def _by_order(predictions: Predictions, conversations: Conversations) -> Matches:
    rows, complete = predictions.rows, conversations.complete
    # A file may have a summary for the conversations too that can't be scored.
    indices = complete if len(rows) == len(complete) else range(len(conversations.rows))
    if len(rows) != len(indices):
        summaries = counted(len(rows), "summary", "summaries")
        raise DataError(
            say(
                "{} has no ids, and {} for {}.",
                predictions.name,
                summaries,
                counted(len(complete), "conversation"),
            ),
            (
                say(
                    'Provide a summary per conversation {}, in order, or a column "id". {}',
                    conversations.title,
                    conversations.hint,
                )
            ).strip(),
            predictions.field,
        )
    scored = set(complete)
    pairs = zip(indices, rows, strict=True)
    return Matches({index: row.text for index, row in pairs if index in scored})


# ------------------------------------------------------------------------------------------------ by id


def _by_id(predictions: Predictions, conversations: Conversations) -> Matches:
    waiting: dict[str, deque[int]] = defaultdict(deque)
    for index in conversations.complete:
        waiting[conversations.rows[index].example.id.strip()].append(index)
    # Some data sets give the same id to several conversations: they are taken in their order.
    used: dict[str, list[Prediction]] = defaultdict(list)
    summaries: dict[int, str] = {}
    unknown, repeated = [], []
    for row in predictions.rows:
        if row.id not in waiting:
            unknown.append(row.row)
        elif waiting[row.id]:
            summaries[waiting[row.id].popleft()] = row.text
            used[row.id].append(row)
        else:
            earlier = used[row.id]
            if all(row.text != each.text for each in earlier):
                raise DataError(
                    say(
                        'Rows {:,} and {:,} of {} have the same id, "{}", and different summaries.',
                        earlier[-1].row,
                        row.row,
                        predictions.name,
                        row.id,
                    ),
                    "Remove one of them.",
                    predictions.field,
                )
            repeated.append(row.row)
    if not summaries:
        theirs = ", ".join(f'"{row.id}"' for row in predictions.rows[:3])
        own = ", ".join(f'"{row.example.id}"' for row in conversations.rows[:3])
        raise DataError(
            say(
                "No id in {} is of a conversation {}: {} there, {} here.",
                predictions.name,
                conversations.title,
                theirs,
                own,
            ),
            (
                say(
                    "Use the ids of the data, or remove the column if the rows are in order. {}",
                    conversations.hint,
                )
            ).strip(),
            predictions.field,
        )
    missing = sorted(index for indices in waiting.values() for index in indices)
    ids = tuple(conversations.rows[index].example.id for index in missing)
    return Matches(dict(sorted(summaries.items())), ids, tuple(unknown), tuple(repeated))


# ------------------------------------------------------------------------------------------------ remarks


def remarks(matches: Matches, predictions: Predictions, conversations: Conversations) -> list[str]:
    """Return a sentence on everything in a file that did not match."""
    name = predictions.name
    sentences = list(predictions.remarks)
    if matches.unknown:
        rows = rows_text(matches.unknown)
        sentences.append(say("No conversation {} matches {} of {}.", conversations.title, rows, name))
    if matches.repeated:
        sentences.append(say("Repeated rows skipped: {} of {}.", rows_text(matches.repeated), name))
    if matches.missing:
        count = len(matches.missing)
        ids = listed(matches.missing, MAX_NAMED)
        conversations_text = counted(count, "conversation")
        sentences.append(say("Not scored, no summary in {}: {} (ids: {}).", name, conversations_text, ids))
    return sentences


def rows_text(numbers: Sequence[int]) -> str:
    """Return row numbers as text: "rows 17 and 90"."""
    if len(numbers) == 1:
        return say("row {:,}", numbers[0])
    if len(numbers) > MAX_NAMED:
        return say("rows {}", listed((f"{number:,}" for number in numbers), MAX_NAMED))
    *first, last = (f"{number:,}" for number in numbers)
    return say("rows {} and {}", ", ".join(first), last)


def is_out_of_order(examples: Sequence[Example], summaries: Sequence[str]) -> bool:
    """Return whether summaries have no more in common with their own conversations than with the next ones."""
    checked = [(example, text) for example, text in zip(examples, summaries, strict=True) if text][
        : MAX_CHECKED + 1
    ]
    if len(checked) <= MIN_CHECKED:
        return False

    def grams(text: str) -> set[str]:
        """Return the character sequences of a text; they need no words, so they do for every script."""
        plain = text.casefold()
        return {plain[index : index + GRAM] for index in range(len(plain) - GRAM + 1)}

    def shared(summary: set[str], conversation: set[str]) -> float:
        return len(summary & conversation) / len(summary) if summary else 0.0

    pairs = [(grams(example.conversation), grams(text)) for example, text in checked]
    own = sum(shared(text, conversation) for conversation, text in pairs[:-1])
    next_ones = sum(shared(text, conversation) for (_, text), (conversation, _) in pairwise(pairs))
    return own <= next_ones
