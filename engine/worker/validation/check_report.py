"""A data check's result, as its event carries it: what is found in words, and the first rows of everything."""

from __future__ import annotations

import json
from array import array
from collections.abc import Collection, Sequence
from typing import Any

from engine.config.data_options import DataOptions
from engine.data.findings import FINDINGS, Finding
from engine.text import pii, unicode_checks
from engine.worker.ingestion.row_store import Row
from engine.worker.ingestion.sources import SPLITS, Split
from engine.worker.ingestion.token_lengths import describe, histogram
from engine.worker.validation.cross_row_rules import Both, Places, Rows, differing_in_spaces
from engine.worker.validation.row_stats import Measures
from engine.worker.validation.scan import Found

MAX_ROWS = 200
# All shown rows travel in one event, which may have 256 kB.
MAX_SPLIT_BYTES = 56 * 1024
MAX_CHARACTERS_SHOWN = 4000
MAX_ROWS_NAMED = 100
MAX_CHARACTERS_NAMED = 3


def split_report(
    rows: Sequence[Row],
    measures: Measures,
    used: Sequence[int],
    whole: Sequence[int],
    *,
    are_examples: bool = True,
) -> dict[str, Any]:
    """Return one split: how many examples are used, their measures, and the first rows, used or not.

    Lengths are those of the `whole` rows, before any limit is applied. Where none has a summary, the rows
    `are_examples` not: conversations are measured all the same.
    """
    measured = {"conversation": whole, "summary": whole if are_examples else ()}
    texts = {"conversation": measures.conversation_tokens, "summary": measures.summary_tokens}
    return {
        "examples": len(used) if are_examples else 0,
        "rows": _shown(rows, measures),
        "lengths": {name: _spread(values, measured[name]) for name, values in texts.items()},
        "turns": describe(_at(measures.turns, used)),
        "speakers": describe(_at(measures.speakers, used)),
    }


def _spread(values: array[int], places: Sequence[int]) -> dict[str, Any]:
    chosen = _at(values, places)
    return {**describe(chosen), "histogram": histogram(chosen)}


def _at(values: array[int], places: Sequence[int]) -> list[int]:
    return [values[place] for place in places]


def _shown(rows: Sequence[Row], measures: Measures) -> list[dict[str, Any]]:
    """Return the first rows, as many as one event holds; very long texts are cut."""
    shown, room = [], MAX_SPLIT_BYTES
    for place, row in enumerate(rows[:MAX_ROWS]):
        facts = {
            "number": row.number,
            "id": row.example.id,
            "conversation": _cut(row.example.conversation),
            "summary": _cut(row.example.summary),
            "conversation_tokens": measures.conversation_tokens[place],
            "summary_tokens": measures.summary_tokens[place],
        }
        room -= len(json.dumps(facts, ensure_ascii=False).encode("utf-8", "replace")) + 1
        if room < 0:
            break
        shown.append(facts)
    return shown


def _cut(text: str) -> str:
    return text if len(text) <= MAX_CHARACTERS_SHOWN else text[: MAX_CHARACTERS_SHOWN - 1] + "…"


def leak_reports(rows: Rows, both: Both) -> list[dict[str, Any]]:
    """Return for each two splits how many conversations of the one also stand in the other, and where."""
    return [
        {
            "split": split,
            "other": other,
            "count": len(places),
            "rows": _numbers(rows[split], places),
            "other_rows": _numbers(rows[other], other_places),
        }
        for (split, other), (places, other_places) in both.items()
        if places
    ]


def finding_reports(found: Found, rows: Rows, used: Places, options: DataOptions) -> list[dict[str, Any]]:
    """Return every finding of every split, with its first rows.

    `text` says it as a whole; `what`, `more` and `then` are its parts, for those who say the splits in one.
    """
    return [
        _finding_report(entry, split, places, rows, used, options)
        for split in SPLITS
        for entry in FINDINGS
        if (places := found[entry.id][split])
    ]


def _finding_report(
    entry: Finding, split: Split, places: Sequence[int], rows: Rows, used: Places, options: DataOptions
) -> dict[str, Any]:
    limits = {
        "long_conversation": options.max_conversation_tokens,
        "long_summary": options.max_summary_tokens,
    }
    what = entry.what.format(limit=limits.get(entry.id, 0))
    excluded = entry.id in options.exclude
    more = _more(entry.id, [rows[split][place] for place in places])
    if entry.id == "duplicates" and (nearly := differing_in_spaces(rows, used, split)):
        more = f"{nearly:,} more differ in the spaces around it only."
    then = "data.exclude leaves them out." if excluded else entry.then
    numbered = f"{len(places):,} {'row' if len(places) == 1 else 'rows'}"
    return {
        "id": entry.id,
        "split": split,
        "text": " ".join(filter(None, (f"{what} in {numbered} of {split}.", more, then))),
        "what": f"{what}.",
        "more": more,
        "then": then,
        "count": len(places),
        "rows": _numbers(rows[split], places),
        "excluded": excluded,
    }


def _numbers(rows: Sequence[Row], places: Sequence[int]) -> list[int]:
    return [rows[place].number for place in places[:MAX_ROWS_NAMED]]


def _more(finding: str, rows: Sequence[Row]) -> str:
    """Return what there is to say of a finding's rows beside their number, "" for nothing."""
    texts = [text for row in rows for text in (row.example.conversation, row.example.summary)]
    if finding in _CHARACTERS:
        return f"{_named_characters(finding, texts)}."
    if finding in _KINDS:
        places = sum(match.kind == finding for text in texts for match in pii.find(text))
        return f"{places:,} places." if places > len(rows) else ""
    return ""


_CHARACTERS = {"invisible_characters": unicode_checks.invisible, "odd_characters": unicode_checks.damaged}
_KINDS: Collection[str] = [kind.id for kind in pii.KINDS]


def _named_characters(finding: str, texts: Sequence[str]) -> str:
    pieces = (text[start:end] for text in texts for start, end in _CHARACTERS[finding](text))
    return unicode_checks.named(pieces, MAX_CHARACTERS_NAMED)
