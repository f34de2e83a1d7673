"""Writes the files of a data check, which `engine.data.check_results` reads."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import IO, Any

from engine.data.check_results import DETAILS, ROWS
from engine.system.files import write_atomically
from engine.worker.ingestion.row_store import Row
from engine.worker.ingestion.sources import Split
from engine.worker.ingestion.token_lengths import TokenCounter
from engine.worker.validation.cross_row_rules import keys
from engine.worker.validation.row_stats import RowStats

# Rows per split with the ends of their tokens, which take another tokenization.
MAX_ROWS_WITH_ENDS = 600
MAX_CHARACTERS_WITH_ENDS = 50_000

Mark = tuple[int, ...]


def write(
    folder: Path,
    rows: Mapping[Split, Sequence[Row]],
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
            for index in chosen:
                row = rows[split][index]
                record = _record(row, split, stats[split], index)
                if with_ends and len(row.example.conversation) <= MAX_CHARACTERS_WITH_ENDS:
                    record["ends"] = _differences(counter.ends(row.example.conversation))
                    with_ends -= 1
                offsets[split][row.number] = _append(stream, record)
                done += 1
                on_written(done, total)
    write_atomically(folder / DETAILS, json.dumps(facts | {"places": offsets}, separators=(",", ":")))


def marks(
    rows: Mapping[Split, Sequence[Row]],
    used: Mapping[Split, Sequence[int]],
    found: Mapping[str, Mapping[Split, Sequence[int]]],
    stats: Mapping[Split, RowStats],
) -> dict[Split, list[Mark]]:
    """Return the mark of each row of a finding and of each row with a repeated conversation, to count exclusions.

    A mark is the row's number, its tokens, and the two numbers of its conversation (`keys`), 0 if it is unique.
    """
    repeated = keys(rows, used)
    marks_by_split: dict[Split, list[Mark]] = {}
    for split, indices in used.items():
        marked = {index for of in found.values() for index in of.get(split, ())} | repeated[split].keys()
        marks_by_split[split] = [
            (
                rows[split][index].number,
                stats[split].conversation_tokens[index],
                stats[split].summary_tokens[index],
                *(number + 1 for number in repeated[split].get(index, (-1, -1))),
            )
            for index in indices
            if index in marked
        ]
    return marks_by_split


def lengths(counts: Iterable[int]) -> list[tuple[int, int]]:
    """Return each token count with its frequency, ascending."""
    return sorted(Counter(counts).items())


def _record(row: Row, split: Split, stats: RowStats, index: int) -> dict[str, Any]:
    return {
        "number": row.number,
        "split": split,
        "place": row.place,
        "id": row.example.id,
        "conversation": row.example.conversation,
        "summary": row.example.summary,
        "conversation_tokens": stats.conversation_tokens[index],
        "summary_tokens": stats.summary_tokens[index],
    }


def _differences(ends: list[int]) -> list[int]:
    """Return the characters of each token, which have fewer digits than the ends."""
    return [end - before for before, end in pairwise([0, *ends])]


def _append(stream: IO[bytes], record: dict[str, Any]) -> int:
    """Write a line and return where it begins; half a character is written as JSON's escape."""
    begin = stream.tell()
    try:
        line = json.dumps(record, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        line = json.dumps(record).encode()
    stream.write(line + b"\n")
    return begin
