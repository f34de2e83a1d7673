"""Writes what a data check keeps beside its events, for `engine.data.check_results` to read."""

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
from engine.worker.validation.row_stats import Measures

# Where a cut falls takes looking at the tokens again, which is done for as many rows of a split.
MAX_ROWS_WITH_ENDS = 600
MAX_CHARACTERS_WITH_ENDS = 50_000

Mark = tuple[int, ...]


def write(
    folder: Path,
    rows: Mapping[Split, Sequence[Row]],
    wanted: Mapping[Split, Iterable[int]],
    measures: Mapping[Split, Measures],
    facts: dict[str, Any],
    counter: TokenCounter,
    on_written: Callable[[int, int], None],
) -> None:
    """Write `rows.jsonl` with the `wanted` places of each split, in that order, and `details.json` with `facts`.

    `on_written` gets how many rows are written, and how many will be.
    """
    places: dict[str, dict[int, int]] = {}
    once = {split: list(dict.fromkeys(chosen)) for split, chosen in wanted.items()}
    done, total = 0, sum(map(len, once.values()))
    with (folder / ROWS).open("wb") as stream:
        for split, chosen in once.items():
            with_ends = MAX_ROWS_WITH_ENDS
            places[split] = {}
            for place in chosen:
                row = rows[split][place]
                kept = _kept(row, split, measures[split], place)
                if with_ends and len(row.example.conversation) <= MAX_CHARACTERS_WITH_ENDS:
                    kept["ends"] = _steps(counter.ends(row.example.conversation))
                    with_ends -= 1
                places[split][row.number] = _append(stream, kept)
                done += 1
                on_written(done, total)
    write_atomically(folder / DETAILS, json.dumps(facts | {"places": places}, separators=(",", ":")))


def marks(
    rows: Mapping[Split, Sequence[Row]],
    used: Mapping[Split, Sequence[int]],
    found: Mapping[str, Mapping[Split, Sequence[int]]],
    measures: Mapping[Split, Measures],
) -> dict[Split, list[Mark]]:
    """Return what counting exclusions takes of each row of a finding, and of each whose conversation stands twice.

    That is its number, its tokens, and by which numbers its conversation is known, 0 for one that stands alone.
    """
    alike = keys(rows, used)
    made: dict[Split, list[Mark]] = {}
    for split, places in used.items():
        marked = {place for of in found.values() for place in of.get(split, ())} | alike[split].keys()
        made[split] = [
            (
                rows[split][place].number,
                measures[split].conversation_tokens[place],
                measures[split].summary_tokens[place],
                *(number + 1 for number in alike[split].get(place, (-1, -1))),
            )
            for place in places
            if place in marked
        ]
    return made


def lengths(counts: Iterable[int]) -> list[tuple[int, int]]:
    """Return each number of tokens that occurs with how often it does, ascending."""
    return sorted(Counter(counts).items())


def _kept(row: Row, split: Split, measures: Measures, place: int) -> dict[str, Any]:
    return {
        "number": row.number,
        "split": split,
        "id": row.example.id,
        "conversation": row.example.conversation,
        "summary": row.example.summary,
        "conversation_tokens": measures.conversation_tokens[place],
        "summary_tokens": measures.summary_tokens[place],
    }


def _steps(ends: list[int]) -> list[int]:
    """Return the characters of each token, which are fewer digits than where they end."""
    return [end - before for before, end in pairwise([0, *ends])]


def _append(stream: IO[bytes], kept: dict[str, Any]) -> int:
    """Write a line and return where it begins; half a character is written as JSON's escape."""
    begin = stream.tell()
    try:
        line = json.dumps(kept, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        line = json.dumps(kept).encode()
    stream.write(line + b"\n")
    return begin
