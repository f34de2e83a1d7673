"""Summaries rated good or corrected, as rows of training data. Knows no widget and no file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.api import labelling
from gui.look.language import tr, tr_count
from gui.pages.playground.history.history_entry import HistoryColumn, HistoryEntry


@dataclass(frozen=True)
class RatedSummaries:
    """One summary per conversation, with its feedback; `passed_over` counts the other good ones."""

    items: tuple[labelling.Item, ...]
    notes: tuple[str, ...]
    passed_over: int

    @property
    def text(self) -> str:
        """Return the number of summaries, and of the others."""
        written = tr_count(len(self.items), "{n} good summary was written", "{n} good summaries were written")
        if not self.passed_over:
            return written
        others = tr_count(
            self.passed_over,
            "another good one of the same conversations left out",
            "{n} other good ones of the same conversations left out",
        )
        return tr("{written}, one for each conversation; {others}", written=written, others=others)


def collect(entries: Iterable[HistoryEntry]) -> RatedSummaries:
    """Collect the good summaries, newest first, one per conversation: a corrected one, else the newest.

    What a person wrote is accepted; what a person found good is still a model's draft. A model trained on one
    conversation twice would learn two answers to it.
    """
    chosen: dict[str, tuple[HistoryEntry, HistoryColumn]] = {}
    found = 0
    for entry in entries:
        for column in entry.good:
            found += 1
            key = entry.conversation.strip()
            if key not in chosen or (column.feedback.edited and not chosen[key][1].feedback.edited):
                chosen[key] = (entry, column)
    items = tuple(_item(number, *pair) for number, pair in enumerate(chosen.values(), start=1))
    notes = tuple(column.feedback.note for _, column in chosen.values())
    return RatedSummaries(items, notes, found - len(items))


def _item(number: int, entry: HistoryEntry, column: HistoryColumn) -> labelling.Item:
    return labelling.Item(
        number=number,
        id=entry.id,
        conversation=entry.conversation,
        given=entry.reference,
        text=column.feedback.edited or column.text,
        state="accepted" if column.feedback.edited else "drafted",
        draft=labelling.Draft(str(entry.base_model.get("id", "")), column.adapter, column.name, column.text),
    )
