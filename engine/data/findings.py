"""Declares every finding of the data check, for the check, recipes and windows.

How the rows of a finding are found is the worker's business (`engine.worker.validation`).
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from engine.errors import Problem, each
from engine.messages import joined, say
from engine.options import MAX_KEY
from engine.text import pii

Severity = Literal["error", "warning", "notice"]
# The worst first.
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "notice")


@dataclass(frozen=True)
class Finding:
    """One kind of finding.

    `what` names what is found in a row, `then` says what runs do with such a row unless it is excluded, `severity`
    how much it weighs; `can_be_excluded` is false where runs leave the row out in any case.
    """

    id: str
    title: str
    what: str
    severity: Severity
    then: str = ""
    can_be_excluded: bool = True


_LEFT_OUT = "Runs skip such rows."
_CUT = "Runs truncate it."
_LEARNED = "The model learns to write them."

FINDINGS = (
    Finding(
        "leaks", "In more than one split", "A conversation also in a later split", "warning",
        "The model trains on what it is scored on.",
    ),
    Finding("empty_conversation", "Empty conversation", "No conversation", "notice", _LEFT_OUT, can_be_excluded=False),
    Finding(
        "no_speakers", "Transcript without speakers",
        "A transcript that names no speakers", "error",
        "The model can't learn who says what.",
    ),
    Finding(
        "turns_in_one_line", "Several turns in one line",
        "Several speakers in one line", "warning",
        "It counts as one turn of the first speaker.",
    ),
    Finding("empty_summary", "Empty summary", "No summary", "notice", _LEFT_OUT, can_be_excluded=False),
    Finding("duplicates", "Duplicate conversations", "A conversation already in an earlier row", "notice"),
    Finding(
        "long_conversation", "Conversation over the limit", "A conversation longer than {} tokens", "warning",
        _CUT,
    ),
    Finding(
        "long_summary", "Summary over the limit", "A summary longer than {} tokens", "warning",
        _CUT,
    ),
    Finding(
        "summary_longer", "Summary longer than its conversation", "A summary longer than its conversation", "warning",
        "It says more than the conversation.",
    ),
    Finding(
        "copied_summary", "Summary that looks like a copy", "A summary copied from its conversation",
        "warning", "The model learns to copy.",
    ),
    Finding(
        "other_language", "Different language", "A conversation or summary in another language than most",
        "notice",
    ),
    Finding(
        "invisible_characters", "Control or zero-width characters", "Invisible characters", "notice",
        _LEARNED,
    ),
    Finding(
        "odd_characters", "Damaged characters", "Damaged characters, or characters of one font only",
        "warning", _LEARNED,
    ),
    *(
        Finding(
            kind.id,
            kind.title,
            say("Possibly {}", kind.phrase),
            "warning",
            say('data.mask = ["{}"] replaces it by {}.', kind.id, kind.mask),
        )
        for kind in pii.KINDS
    ),
)  # fmt: skip
_BY_ID = {finding.id: finding for finding in FINDINGS}


def finding(finding_id: str) -> Finding:
    """Return a finding by its id. Raises KeyError."""
    return _BY_ID[finding_id]


def excluded_text(excluded: Mapping[str, Mapping[str, int]]) -> str:
    """Return the number of rows left out, by split and finding, as a sentence; "" for none."""
    by_finding = sum((Counter(counts) for counts in excluded.values()), Counter[str]())
    splits = [say("{:,} of {}", sum(counts.values()), split) for split, counts in excluded.items() if counts]
    named = [say("{}: {:,}", finding(name).title, count) for name, count in by_finding.items()]
    return say("Excluded rows, {} ({}).", joined(" and ", splits), joined("; ", named)) if splits else ""


def exclude_problems(ids: Sequence[str], field: str) -> list[Problem]:
    known = [entry.id for entry in FINDINGS if entry.can_be_excluded]
    needless = [entry.id for entry in FINDINGS if not entry.can_be_excluded]

    def problem(one: str) -> Problem:
        if one in needless:
            return Problem(
                field, say("Runs skip rows with {} anyway.", one), say("Remove {} from the list.", one)
            )
        return _unknown(one, known, field, "a finding")

    return each([one for one in ids if one not in known], problem, field)


def mask_problems(kinds: Sequence[str], field: str) -> list[Problem]:
    """Return the problems of a list of kinds of personal data to mask."""
    known = [kind.id for kind in pii.KINDS]
    wrong = [one for one in kinds if one not in known]
    return each(wrong, lambda one: _unknown(one, known, field, "a kind of personal data"), field)


def _unknown(one: str, known: Sequence[str], field: str, what: str) -> Problem:
    one = one[:MAX_KEY]
    near = difflib.get_close_matches(one, known, n=1)
    hint = say("Did you mean {}?", near[0]) if near else say("These are: {}.", ", ".join(known))
    return Problem(field, say('"{}" is not {}.', one, what), hint)
