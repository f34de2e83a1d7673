"""What has to stand in a row for each finding that needs no other row."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial

from engine.config.data_options import DataOptions
from engine.text import pii, unicode_checks
from engine.worker.ingestion.token_lengths import TokenCounter
from engine.worker.validation.copied_summaries import is_copy
from engine.worker.validation.language_id import Usual
from engine.worker.validation.row_view import Look

Rule = Callable[[Look], bool]

# The only ones that are asked of rows that lack a text.
LACKING = ("empty_conversation", "empty_summary")
COUNTED = ("long_conversation", "long_summary")


def rules(
    ids: Collection[str], options: DataOptions, counter: TokenCounter | None, usual: Usual | None
) -> dict[str, Rule]:
    """Return the rules of those findings among `ids` that look at one row at a time.

    Limits are those of `options`. Without a `counter` nothing is too long, and nothing in another language where no
    one says what is `usual`.
    """
    made: Mapping[str, Rule] = {
        "empty_conversation": lambda look: look.missing == "conversation",
        "empty_summary": lambda look: look.missing == "summary",
        "summary_longer": lambda look: len(look.summary.strip()) > len(look.conversation.strip()),
        "copied_summary": is_copy,
        "invisible_characters": partial(_holds, unicode_checks.invisible),
        "odd_characters": partial(_holds, unicode_checks.damaged),
        **{kind.id: partial(_is_personal, kind.id) for kind in pii.KINDS},
    }
    chosen = {name: rule for name, rule in made.items() if name in ids}
    if counter is not None:
        chosen |= {name: rule for name, rule in _limits(options, counter).items() if name in ids}
    if usual is not None and "other_language" in ids:
        chosen["other_language"] = usual.is_other
    return chosen


def goes_by_tokens(ids: Iterable[str]) -> bool:
    """Tell whether some of these findings can be found only by counting tokens."""
    return any(name in COUNTED for name in ids)


def summary_limit(options: DataOptions, counter: TokenCounter) -> int:
    """Return how many tokens a summary may have that is not cut: what runs put around it takes of the limit."""
    return options.max_summary_tokens - counter.summary_special_tokens


def _limits(options: DataOptions, counter: TokenCounter) -> dict[str, Rule]:
    limit, of_summary = options.max_conversation_tokens, summary_limit(options, counter)
    return {
        "long_conversation": lambda look: look.conversation_tokens > limit,
        "long_summary": lambda look: look.summary_tokens > of_summary,
    }


def _holds(find: Callable[[str], list[tuple[int, int]]], look: Look) -> bool:
    return bool(find(look.conversation) or find(look.summary))


def _is_personal(kind: str, look: Look) -> bool:
    return any(match.kind == kind for match in look.personal)
