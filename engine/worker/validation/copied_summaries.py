"""Detects summaries that are copied from their conversation."""

from __future__ import annotations

from engine.worker.validation.row_view import RowView

# Shorter summaries share their few words by chance.
MIN_WORDS = 8
N = 3
COPIED_FRACTION = 0.8


def is_copy(view: RowView) -> bool:
    """Return whether nearly all trigrams of the summary occur in the conversation.

    They do where the summary is the conversation's first lines or some of its messages, also with a few words changed;
    summaries that a person writes hardly share half of their trigrams.
    """
    summary = view.summary_words
    if len(summary) < MIN_WORDS:
        return False
    known = set(view.conversation_words)
    if sum(map(known.__contains__, summary)) < COPIED_FRACTION * len(summary):
        return False
    trigrams = _ngrams(summary)
    return len(trigrams & _ngrams(view.conversation_words)) >= COPIED_FRACTION * len(trigrams)


def _ngrams(words: list[str]) -> set[tuple[str, ...]]:
    return set(zip(*(words[start:] for start in range(N)), strict=False))
