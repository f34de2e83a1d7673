"""Finds claims of a summary that are not in its conversation: names, numbers, times and dates, by pattern.

Claims are compared by their meaning: "5 pm" is supported by "17:00", and in English "two" by "2". Names are found by
capitals; where a script has none, only numbers, times and dates are found. Knows nothing of models, files or windows.
"""

from __future__ import annotations

import bisect
import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from engine.scoring import english_claims, language_claims
from engine.scoring.claims import Claim, Fact, dates_are_known, language_of
from engine.text.languages import ENGLISH, UNDETERMINED, has_capitals, has_case
from engine.text.normalization import composed_lengths, normalized


@dataclass(frozen=True)
class Check:
    """The claims of a summary, and those of them that are not in the conversation; both in their order.

    `names_told` is False for scripts without capitals, whose names can't be told from other words. `dates_known` is
    False for languages whose days and months are not known.
    """

    claims: tuple[Claim, ...]
    unsupported: tuple[Claim, ...]
    names_told: bool = True
    dates_known: bool = True

    @property
    def unsupported_fraction(self) -> float | None:
        """The fraction of claims that are not in the conversation; without claims 0, None if names can't be told."""
        if self.claims:
            return len(self.unsupported) / len(self.claims)
        return 0.0 if self.names_told else None


def unsupported(summary: str, conversation: str) -> tuple[Claim, ...]:
    """Return the claims of a summary that are not in the conversation, in their order."""
    return check_claims(summary, conversation).unsupported


def check_claims(summary: str, conversation: str, language: str = "") -> Check:
    """Return all claims of a summary, and those that are not in the conversation.

    `language` is a code of ISO 639, "" to tell it from both texts.
    """
    composed, conversation = (normalized("NFC", text) for text in (summary, conversation))
    language = language or language_of(f"{composed}\n{conversation}")
    check = (
        _english(composed, conversation) if language == ENGLISH else _other(composed, conversation, language)
    )
    return check if composed == summary else _at_places_of(summary, check)


def _at_places_of(summary: str, check: Check) -> Check:
    """Return a check of a composed text with its claims at their places in the summary, whose marks are apart."""
    lengths = composed_lengths(summary)

    def placed(claim: Claim) -> Claim:
        start, end = (bisect.bisect_right(lengths, place) - 1 for place in (claim.start, claim.end))
        return replace(claim, start=start, end=end, text=summary[start:end])

    return replace(
        check, claims=tuple(map(placed, check.claims)), unsupported=tuple(map(placed, check.unsupported))
    )


def _english(summary: str, conversation: str) -> Check:
    facts, words = _facts_and_words(conversation, ENGLISH)
    readings = english_claims.claimed(summary)
    names = list(english_claims.names(summary))
    missing = [reading.claim for reading in readings if not reading.facts & facts]
    missing += [claim for claim in names if english_claims.plain(claim.text) not in words]
    return Check(_in_order([*(reading.claim for reading in readings), *names]), _in_order(missing))


def _other(summary: str, conversation: str, language: str) -> Check:
    facts, words = _facts_and_words(conversation, language)
    # A text in a script of no language that is told apart may have no capitals.
    told = has_capitals(language) and (language != UNDETERMINED or has_case(summary))
    readings = language_claims.claimed(summary, language)
    names = list(language_claims.names(summary, conversation, language)) if told else []
    missing = [reading.claim for reading in readings if not reading.facts & facts]
    missing += [claim for claim in names if not language_claims.is_supported(claim.text, words, language)]
    claims = [*(reading.claim for reading in readings), *names]
    return Check(
        _in_order(claims), _in_order(missing), names_told=told, dates_known=dates_are_known(language)
    )


def _in_order(claims: Iterable[Claim]) -> tuple[Claim, ...]:
    return tuple(sorted(claims, key=lambda claim: claim.start))


@lru_cache(maxsize=8)
def _facts_and_words(conversation: str, language: str) -> tuple[frozenset[Fact], frozenset[str]]:
    """Return the facts and the words of a conversation; cached, since its summaries are checked one by one."""
    if language == ENGLISH:
        return english_claims.facts_and_words(conversation)
    readings = language_claims.readings(conversation, language)
    words = language_claims.words(conversation, language)
    return frozenset(fact for reading in readings for fact in reading.facts), words


def added(summary: str, base_summary: str) -> tuple[tuple[int, int], ...]:
    """Return the spans of a summary, as (start, end), that the base model's summary does not have."""
    spans = [(match.start(), match.end()) for match in re.finditer(r"\w[\w'’%-]*", summary)]
    words = [summary[start:end].casefold() for start, end in spans]
    base_words = [match[0].casefold() for match in re.finditer(r"\w[\w'’%-]*", base_summary)]
    matcher = difflib.SequenceMatcher(None, base_words, words, autojunk=False)
    return tuple(
        (spans[first][0], spans[last - 1][1])
        for action, _, _, first, last in matcher.get_opcodes()
        if action in ("insert", "replace") and last > first
    )
