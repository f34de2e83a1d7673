"""A history entry: a conversation, its decoding, its summaries, and the feedback on them.

Knows no file, no widget and no process.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from engine.api import SummarizeOptions, escaping, speakers, turns
from gui.pages.playground.columns.column_results import Column, ColumnModel, ColumnResults, Feedback

HEADLINE_LETTERS = 64


@dataclass(frozen=True)
class HistoryColumn:
    """One summary of an entry."""

    adapter: str | None
    name: str
    detail: str = ""
    text: str = ""
    tokens: int | None = None
    seconds: float | None = None
    scores: dict[str, float] = field(default_factory=dict)
    feedback: Feedback = field(default_factory=Feedback)
    rounds: tuple[tuple[str, ...], ...] = ()

    @property
    def entry(self) -> ColumnModel:
        """Return the column's model."""
        return ColumnModel(self.adapter, self.name, self.detail)


@dataclass(frozen=True)
class HistoryEntry:
    """A conversation, the base model, the decoding, and the summaries of all columns; ids sort by time."""

    id: str
    made_at: float
    conversation: str
    reference: str
    base_model: dict[str, Any]
    decoding: SummarizeOptions
    columns: tuple[HistoryColumn, ...]
    # The template that replaced the prompts of all columns, or "".
    prompt: str = ""

    @property
    def headline(self) -> str:
        """Return one line that tells entries apart."""
        return headline(self.conversation)

    @property
    def is_rated(self) -> bool:
        """Whether any summary has feedback."""
        return any(column.feedback != Feedback() for column in self.columns)

    @property
    def good(self) -> tuple[HistoryColumn, ...]:
        """Return the summaries rated good, and those that were corrected, however they were rated."""
        return tuple(
            column for column in self.columns if column.feedback.thumb == "up" or column.feedback.edited
        )

    def with_feedback(self, adapter: str | None, feedback: Feedback) -> HistoryEntry:
        """Return the entry with other feedback on one summary."""
        return replace(
            self,
            columns=tuple(
                replace(column, feedback=feedback) if column.adapter == adapter else column
                for column in self.columns
            ),
        )

    def has(self, searched: str) -> bool:
        """Return whether all words occur in the conversation, a summary, a note or a name."""
        texts = [self.conversation, self.reference]
        for column in self.columns:
            texts += [column.entry.title, column.text, column.feedback.note, column.feedback.edited]
        text = "\n".join(texts).casefold()
        return all(word in text for word in searched.casefold().split())


@lru_cache(maxsize=1024)
def headline(conversation: str) -> str:
    """Return the speakers and the beginning of the conversation on one short line."""
    said = turns(conversation)
    begins = said[0].text.split("\n")[0] if said else ""
    names = ", ".join(speakers(conversation)[:3])
    line = escaping.in_one_line(f"{names}: {begins}" if names else begins)
    return line if len(line) <= HEADLINE_LETTERS else line[: HEADLINE_LETTERS - 1].rstrip() + "…"


def new_id(made_at: float) -> str:
    """Return an unused id that sorts by time."""
    return f"{round(made_at * 1000):015d}-{secrets.token_hex(2)}"


def from_results(
    results: ColumnResults,
    reference: str,
    base_model: dict[str, Any],
    decoding: SummarizeOptions,
    prompt: dict[str, Any] | None = None,
) -> HistoryEntry:
    """Return the results as an entry; `prompt` is the template that replaced all prompts."""
    now = time.time()
    columns = tuple(_history_column(column) for column in results.columns)
    template = str(prompt["template"]) if prompt else ""
    return HistoryEntry(
        new_id(now), now, results.conversation, reference, base_model, decoding, columns, template
    )


def _history_column(column: Column) -> HistoryColumn:
    entry = column.entry
    return HistoryColumn(
        entry.adapter, entry.name, entry.detail, column.text, column.tokens, column.seconds, column.scores,
        column.feedback, column.rounds,
    )  # fmt: skip


def into_results(entry: HistoryEntry) -> ColumnResults:
    """Return the columns of an entry."""
    first, *others = entry.columns
    results = ColumnResults(first.entry)
    for other in others:
        results.add(other.entry)
    results.conversation = entry.conversation
    for column, saved in zip(results.columns, entry.columns, strict=True):
        column.status = "finished" if saved.text else "empty"
        column.text, column.tokens, column.seconds = saved.text, saved.tokens, saved.seconds
        column.scores, column.feedback = dict(saved.scores), saved.feedback
        column.rounds = saved.rounds
        column.chunks = len(saved.rounds[0]) if saved.rounds else 1
    return results
