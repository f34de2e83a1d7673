"""Summaries that are taken from their conversation instead of written."""

from __future__ import annotations

from engine.worker.validation.row_view import Look

# Shorter ones share their few words by chance.
MIN_WORDS = 8
RUN = 3
COPIED_SHARE = 0.8


def is_copy(look: Look) -> bool:
    """Tell whether nearly every three neighbouring words of the summary are neighbours in the conversation too.

    That is so for the conversation's first lines taken as its summary, for one message or several, and for such with
    a word changed here and there; whoever writes a summary in words of their own hardly reaches half of it.
    """
    summary = look.summary_words
    if len(summary) < MIN_WORDS:
        return False
    known = set(look.conversation_words)
    if sum(map(known.__contains__, summary)) < COPIED_SHARE * len(summary):
        return False
    runs = _runs(summary)
    return len(runs & _runs(look.conversation_words)) >= COPIED_SHARE * len(runs)


def _runs(words: list[str]) -> set[tuple[str, ...]]:
    return set(zip(*(words[start:] for start in range(RUN)), strict=False))
