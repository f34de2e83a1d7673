"""The result of a data check: an event with findings as text, statistics and first rows; files with the details.

`engine.data.check_results` reads the files.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from engine.config import automatic
from engine.config.data_options import DataOptions
from engine.data import Row
from engine.data.check_results import DETAILS, ROWS
from engine.data.findings import FINDINGS, Finding
from engine.jobs.events import in_batches
from engine.messages import counted, joined, say, to_json
from engine.system.files import write_atomically
from engine.text import pii, unicode_checks
from engine.worker.ingestion.row_store import LazySequence
from engine.worker.ingestion.sources import SPLITS, Split
from engine.worker.ingestion.token_lengths import TokenCounter, describe, histogram
from engine.worker.validation.cross_row_rules import Both, Indices, Repeated, Rows, count_differing_in_spaces
from engine.worker.validation.row_view import RowStats
from engine.worker.validation.scan import Found

MAX_ROWS = 200
# All shown rows travel in one event, which may have 256 kB.
MAX_SPLIT_BYTES = 56 * 1024
MAX_CHARACTERS_SHOWN = 4000
MAX_ROWS_NAMED = 100
MAX_PLACES_NAMED = 4
MAX_CHARACTERS_NAMED = 3
# Rows per split with the ends of their tokens, which take another tokenization.
MAX_ROWS_WITH_ENDS = 600
MAX_CHARACTERS_WITH_ENDS = 50_000

Mark = tuple[int, ...]
Integers = npt.NDArray[np.int64]


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
    lengths = {
        "conversation": at(stats.conversation_tokens, whole),
        "summary": at(stats.summary_tokens, whole if are_examples else ()),
    }
    return {
        "examples": len(used) if are_examples else 0,
        "rows": _row_texts(rows, stats),
        "lengths": {name: {**describe(each), "histogram": histogram(each)} for name, each in lengths.items()},
        "turns": describe(at(stats.turns, used)),
        "speakers": describe(at(stats.speakers, used)),
    }


def at(values: array[int], indices: Sequence[int]) -> Integers:
    """Return the values at these indices."""
    return np.asarray(values)[np.asarray(indices, np.int64)]


def _row_texts(rows: Sequence[Row], stats: RowStats) -> list[dict[str, Any]]:
    """Return the first rows, as many as one event holds; very long texts are cut."""
    facts = (
        {
            "number": row.number,
            "id": row.example.id,
            "conversation": _cut(row.example.conversation),
            "summary": _cut(row.example.summary),
            "conversation_tokens": stats.conversation_tokens[index],
            "summary_tokens": stats.summary_tokens[index],
        }
        for index, row in enumerate(rows[:MAX_ROWS])
    )
    return next(in_batches(facts, MAX_SPLIT_BYTES), [])


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


def finding_reports(found: Found, rows: Rows, alike: Repeated, options: DataOptions) -> list[dict[str, Any]]:
    """Return every finding of every split, with its first rows.

    `text` is the whole message; `what`, `more` and `then` are its parts, for messages about several splits.
    """
    return [
        _finding_report(entry, split, indices, rows[split], alike[split], options)
        for split in SPLITS
        for entry in FINDINGS
        if (indices := found[entry.id][split])
    ]


def _finding_report(
    entry: Finding,
    split: Split,
    indices: Sequence[int],
    rows: LazySequence[Row],
    alike: Mapping[int, tuple[int, int]],
    options: DataOptions,
) -> dict[str, Any]:
    limits = {
        "long_conversation": options.max_conversation_tokens,
        "long_summary": options.max_summary_tokens or automatic.HIGHEST_LIMIT,
    }
    what = say(entry.what, f"{limits[entry.id]:,}") if entry.id in limits else entry.what
    excluded = entry.id in options.exclude
    more = _more(entry.id, rows.select(indices))
    if entry.id == "duplicates" and (nearly := count_differing_in_spaces(alike)):
        more = say("{:,} more differ only in spaces.", nearly)
    then = "data.exclude skips them." if excluded else entry.then
    numbered = counted(len(indices), "row")
    return {
        "id": entry.id,
        "split": split,
        "text": joined(" ", (say("{} in {} of {}.", what, numbered, split), more, then)),
        "what": say("{}.", what),
        "more": more,
        "then": then,
        "count": len(indices),
        "rows": _numbers(rows, indices),
        "places": [row.place.text for row in rows.select(indices[:MAX_PLACES_NAMED])],
        "excluded": excluded,
    }


def _numbers(rows: LazySequence[Row], indices: Sequence[int]) -> list[int]:
    return rows.select(indices[:MAX_ROWS_NAMED]).numbers.tolist()


def _more(finding: str, rows: Sequence[Row]) -> str:
    """Return further text about a finding's rows, "" for none."""
    texts = (text for row in rows for text in (row.example.conversation, row.example.summary))
    if finding in _CHARACTERS:
        pieces = (text[start:end] for text in texts for start, end in _CHARACTERS[finding](text))
        return f"{unicode_checks.named(pieces, MAX_CHARACTERS_NAMED)}."
    if finding in _KINDS:
        count = sum(match.kind == finding for text in texts for match in pii.find(text))
        return say("{:,} places.", count) if count > len(rows) else ""
    return ""


_CHARACTERS = {"invisible_characters": unicode_checks.invisible, "odd_characters": unicode_checks.damaged}
_KINDS: Collection[str] = [kind.id for kind in pii.KINDS]


def write_details(
    folder: Path,
    rows: Rows,
    wanted: Mapping[Split, Iterable[int]],
    stats: Mapping[Split, RowStats],
    facts: dict[str, Any],
    counter: TokenCounter,
    on_written: Callable[[int, int], None],
) -> None:
    """Write `rows.jsonl` with the `wanted` rows of each split (indices), and `details.json` with `facts`.

    `on_written(done, total)` is called after each row.
    """
    offsets: dict[str, dict[int, int]] = {}
    once = {split: list(dict.fromkeys(chosen)) for split, chosen in wanted.items()}
    done, total = 0, sum(map(len, once.values()))
    with (folder / ROWS).open("wb") as stream:
        for split, chosen in once.items():
            with_ends = MAX_ROWS_WITH_ENDS
            offsets[split] = {}
            for index, row in zip(chosen, rows[split].select(chosen), strict=True):
                record: dict[str, Any] = {
                    "number": row.number,
                    "split": split,
                    "place": row.place.text,
                    "id": row.example.id,
                    "conversation": row.example.conversation,
                    "summary": row.example.summary,
                    "conversation_tokens": stats[split].conversation_tokens[index],
                    "summary_tokens": stats[split].summary_tokens[index],
                }
                if with_ends and len(row.example.conversation) <= MAX_CHARACTERS_WITH_ENDS:
                    # The characters of each token: they have fewer digits than the ends.
                    ends = counter.ends(row.example.conversation)
                    record["ends"] = [end - before for before, end in pairwise([0, *ends])]
                    with_ends -= 1
                offsets[split][row.number] = _append(stream, record)
                done += 1
                on_written(done, total)
    write_atomically(folder / DETAILS, to_json(facts | {"places": offsets}, separators=(",", ":")))


def marks(
    rows: Rows, used: Indices, found: Found, alike: Repeated, stats: Mapping[Split, RowStats]
) -> dict[Split, list[Mark]]:
    """Return the mark of each row of a finding and of each row with a repeated conversation, to count exclusions.

    A mark is the row's number, its tokens, and the two numbers of its conversation (`alike`), 0 if it is unique.
    """
    marks_by_split: dict[Split, list[Mark]] = {}
    for split, indices in used.items():
        marked = {index for of in found.values() for index in of[split]} | alike[split].keys()
        numbers = rows[split].numbers
        marks_by_split[split] = [
            (
                int(numbers[index]),
                stats[split].conversation_tokens[index],
                stats[split].summary_tokens[index],
                *(number + 1 for number in alike[split].get(index, (-1, -1))),
            )
            for index in indices
            if index in marked
        ]
    return marks_by_split


def lengths(counts: Integers) -> list[list[int]]:
    """Return each token count with its frequency, ascending."""
    return np.stack(np.unique(counts, return_counts=True), axis=1).tolist()


def _append(stream: IO[bytes], record: dict[str, Any]) -> int:
    """Write a line and return where it begins; half a character is written as JSON's escape."""
    begin = stream.tell()
    try:
        line = json.dumps(record, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        line = json.dumps(record).encode()
    stream.write(line + b"\n")
    return begin
