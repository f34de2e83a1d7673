"""Rules on single rows, one for each finding that needs no other row."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial

from engine.config import automatic
from engine.config.data_options import DataOptions
from engine.text import pii, transcripts, unicode_checks
from engine.worker.ingestion.token_lengths import TokenCounter
from engine.worker.validation.language_id import UsualLanguages
from engine.worker.validation.row_view import RowView, words

Rule = Callable[[RowView], bool]

# The only rules for rows that lack a text.
LACKING = ("empty_conversation", "empty_summary")
COUNTED = ("long_conversation", "long_summary")
# Shorter summaries share their few words by chance.
MIN_COPIED_WORDS = 8
COPIED_FRACTION = 0.8


def rules(
    ids: Collection[str], options: DataOptions, counter: TokenCounter | None, usual: UsualLanguages | None
) -> dict[str, Rule]:
    """Return the rules of the findings in `ids` that depend on a single row.

    Limits are those of `options`. Without a `counter` no text is too long; without `usual` none is in another language.
    """
    rules_by_id: Mapping[str, Rule] = {
        "empty_conversation": lambda view: view.missing == "conversation",
        "empty_summary": lambda view: view.missing == "summary",
        "summary_longer": lambda view: len(view.summary.strip()) > len(view.conversation.strip()),
        "copied_summary": _is_copy,
        "no_speakers": lambda view: transcripts.lacks_speakers(view.conversation),
        "turns_in_one_line": lambda view: transcripts.holds_several_turns(view.conversation),
        "invisible_characters": partial(_holds, unicode_checks.invisible),
        "odd_characters": partial(_holds, unicode_checks.damaged),
        **{kind.id: partial(_is_personal, kind.id) for kind in pii.KINDS},
    }
    chosen = {name: rule for name, rule in rules_by_id.items() if name in ids}
    if counter is not None and "long_conversation" in ids:
        limit = options.max_conversation_tokens
        chosen["long_conversation"] = lambda view: view.conversation_tokens > limit
    if counter is not None and "long_summary" in ids:
        of_summary = summary_limit(options, counter)
        chosen["long_summary"] = lambda view: view.summary_tokens > of_summary
    if usual is not None and "other_language" in ids:
        chosen["other_language"] = usual.is_other
    return chosen


def needs_tokens(ids: Iterable[str]) -> bool:
    """Return whether any of these findings depends on token counts."""
    return any(name in COUNTED for name in ids)


def summary_limit(options: DataOptions, counter: TokenCounter) -> int:
    """Return how many tokens a summary can have without being cut; special tokens count against the limit."""
    return (options.max_summary_tokens or automatic.HIGHEST_LIMIT) - counter.summary_special_tokens


def _holds(find: Callable[[str], list[tuple[int, int]]], view: RowView) -> bool:
    return bool(find(view.conversation) or find(view.summary))


def _is_personal(kind: str, view: RowView) -> bool:
    return kind in view.personal


def _is_copy(view: RowView) -> bool:
    """Return whether nearly all trigrams of the summary occur in the conversation.

    They do where the summary is the conversation's first lines or some of its messages, also with a few words changed;
    summaries that a person writes hardly share half of their trigrams.
    """
    summary = view.summary_words
    if len(summary) < MIN_COPIED_WORDS:
        return False
    # Most summaries are told apart by their words, before the conversation is split into its own.
    text = view.conversation.lower()
    absent = [word for word in summary if word not in text]
    if len(absent) > (1 - COPIED_FRACTION) * len(summary):
        return False
    trigrams = set(zip(summary, summary[1:], summary[2:], strict=False))
    likely = list(filter(set(absent).isdisjoint, trigrams))
    if len(likely) < COPIED_FRACTION * len(trigrams):
        return False
    said = f" {' '.join(words(text))} "
    return sum(f" {' '.join(each)} " in said for each in likely) >= COPIED_FRACTION * len(trigrams)
