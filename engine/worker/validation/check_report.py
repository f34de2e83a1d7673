"""The result of a data check as an event: findings as text, statistics, and the first rows of each split."""

from __future__ import annotations

import json
from array import array
from collections.abc import Collection, Sequence
from typing import Any

from engine.config import summary_limits
from engine.config.data_options import DataOptions
from engine.data.findings import FINDINGS, Finding
from engine.text import pii, unicode_checks
from engine.worker.ingestion.row_store import Row
from engine.worker.ingestion.sources import SPLITS, Split
from engine.worker.ingestion.token_lengths import describe, histogram
from engine.worker.validation.cross_row_rules import Both, Indices, Rows, count_differing_in_spaces
from engine.worker.validation.row_stats import RowStats
from engine.worker.validation.scan import Found

MAX_ROWS = 200
# All shown rows travel in one event, which may have 256 kB.
MAX_SPLIT_BYTES = 56 * 1024
MAX_CHARACTERS_SHOWN = 4000
MAX_ROWS_NAMED = 100
MAX_PLACES_NAMED = 4
MAX_CHARACTERS_NAMED = 3


def split_report(
    rows: Sequence[Row],
    stats: RowStats,
    used: Sequence[int],
    whole: Sequence[int],
    *,
    are_examples: bool = True,
) -> dict[str, Any]:
    """Return one split: its number of examples, their statistics, and the first rows, used or not.

    Lengths are those of the complete rows (`whole`), before any limit. Rows without summaries are no examples
    (`are_examples`), but their conversations are measured.
    """
    measured = {"conversation": whole, "summary": whole if are_examples else ()}
    texts = {"conversation": stats.conversation_tokens, "summary": stats.summary_tokens}
    return {
        "examples": len(used) if are_examples else 0,
        "rows": _row_texts(rows, stats),
        "lengths": {name: _length_statistics(values, measured[name]) for name, values in texts.items()},
        "turns": describe(_at(stats.turns, used)),
        "speakers": describe(_at(stats.speakers, used)),
    }


def _length_statistics(values: array[int], indices: Sequence[int]) -> dict[str, Any]:
    chosen = _at(values, indices)
    return {**describe(chosen), "histogram": histogram(chosen)}


def _at(values: array[int], indices: Sequence[int]) -> list[int]:
    return [values[index] for index in indices]


def _row_texts(rows: Sequence[Row], stats: RowStats) -> list[dict[str, Any]]:
    """Return the first rows, as many as one event holds; very long texts are cut."""
    shown, free = [], MAX_SPLIT_BYTES
    for index, row in enumerate(rows[:MAX_ROWS]):
        facts = {
            "number": row.number,
            "id": row.example.id,
            "conversation": _cut(row.example.conversation),
            "summary": _cut(row.example.summary),
            "conversation_tokens": stats.conversation_tokens[index],
            "summary_tokens": stats.summary_tokens[index],
        }
        free -= len(json.dumps(facts, ensure_ascii=False).encode("utf-8", "replace")) + 1
        if free < 0:
            break
        shown.append(facts)
    return shown


def _cut(text: str) -> str:
    return text if len(text) <= MAX_CHARACTERS_SHOWN else text[: MAX_CHARACTERS_SHOWN - 1] + "…"


def leak_reports(rows: Rows, both: Both) -> list[dict[str, Any]]:
    """Return for each pair of splits the number of conversations in both, and their rows."""
    return [
        {
            "split": split,
            "other": other,
            "count": len(indices),
            "rows": _numbers(rows[split], indices),
            "other_rows": _numbers(rows[other], other_indices),
        }
        for (split, other), (indices, other_indices) in both.items()
        if indices
    ]


def finding_reports(found: Found, rows: Rows, used: Indices, options: DataOptions) -> list[dict[str, Any]]:
    """Return every finding of every split, with its first rows.

    `text` is the whole message; `what`, `more` and `then` are its parts, for messages about several splits.
    """
    return [
        _finding_report(entry, split, indices, rows, used, options)
        for split in SPLITS
        for entry in FINDINGS
        if (indices := found[entry.id][split])
    ]


def _finding_report(
    entry: Finding, split: Split, indices: Sequence[int], rows: Rows, used: Indices, options: DataOptions
) -> dict[str, Any]:
    limits = {
        "long_conversation": options.max_conversation_tokens,
        "long_summary": options.max_summary_tokens or summary_limits.HIGHEST,
    }
    what = entry.what.format(limit=limits.get(entry.id, 0))
    excluded = entry.id in options.exclude
    more = _more(entry.id, [rows[split][index] for index in indices])
    if entry.id == "duplicates" and (nearly := count_differing_in_spaces(rows, used, split)):
        more = f"Different in the spaces around it only: {nearly:,} more."
    then = "data.exclude leaves them out." if excluded else entry.then
    numbered = f"{len(indices):,} {'row' if len(indices) == 1 else 'rows'}"
    return {
        "id": entry.id,
        "split": split,
        "text": " ".join(filter(None, (f"{what} in {numbered} of {split}.", more, then))),
        "what": f"{what}.",
        "more": more,
        "then": then,
        "count": len(indices),
        "rows": _numbers(rows[split], indices),
        "places": [rows[split][index].place for index in indices[:MAX_PLACES_NAMED]],
        "excluded": excluded,
    }


def _numbers(rows: Sequence[Row], indices: Sequence[int]) -> list[int]:
    return [rows[index].number for index in indices[:MAX_ROWS_NAMED]]


def _more(finding: str, rows: Sequence[Row]) -> str:
    """Return further text about a finding's rows, "" for none."""
    texts = [text for row in rows for text in (row.example.conversation, row.example.summary)]
    if finding in _CHARACTERS:
        return f"{_named_characters(finding, texts)}."
    if finding in _KINDS:
        count = sum(match.kind == finding for text in texts for match in pii.find(text))
        return f"{count:,} places." if count > len(rows) else ""
    return ""


_CHARACTERS = {"invisible_characters": unicode_checks.invisible, "odd_characters": unicode_checks.damaged}
_KINDS: Collection[str] = [kind.id for kind in pii.KINDS]


def _named_characters(finding: str, texts: Sequence[str]) -> str:
    pieces = (text[start:end] for text in texts for start, end in _CHARACTERS[finding](text))
    return unicode_checks.named(pieces, MAX_CHARACTERS_NAMED)
