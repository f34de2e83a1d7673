"""Two text files with a line each for every example: conversations in `x.src` or `x.source`, summaries beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain, islice, zip_longest
from pathlib import Path
from typing import Any

from engine.text import transcripts
from engine.worker.readers.table import BrokenRow, LinedRow, Notes, unreadable
from engine.worker.readers.text_decoding import lines

# The ending of the summaries' file by that of the conversations'.
SUMMARY_SUFFIXES = {".src": ".tgt", ".source": ".target"}
SUFFIXES = tuple(SUMMARY_SUFFIXES)
COLUMNS = ("conversation", "summary")
# From so many it is told whether turns stand in one line.
SAMPLE_ROWS = 200


def read(path: Path, notes: Notes) -> Iterator[Mapping[str, Any] | BrokenRow]:
    """Yield a row for each line. Raises DataError if the two files have different numbers of lines.

    If most conversations have their turns in one line, each turn gets a line of its own, with a remark.
    """
    notes.columns.update(dict.fromkeys(COLUMNS))
    rows = _rows(path, notes)
    first = list(islice(rows, SAMPLE_ROWS))
    is_flat = sum(transcripts.holds_several_turns(row["conversation"]) for row in first) * 2 > len(first)
    if is_flat:
        notes.remarks.append(
            f"{path.name} has the turns of a conversation in one line: each is read as a line."
        )
    for row in chain(first, rows):
        if is_flat:
            row["conversation"] = transcripts.part_turns(row["conversation"])
        yield row


def _rows(path: Path, notes: Notes) -> Iterator[LinedRow]:
    target = path.with_suffix(SUMMARY_SUFFIXES[path.suffix.lower()])
    if not target.is_file():
        for number, line in enumerate(lines(path, notes), start=1):
            yield LinedRow(dict(zip(COLUMNS, (line.rstrip("\r\n"), None), strict=True)), number)
        return
    pairs = zip_longest(lines(path, notes), lines(target, Notes(encoding=notes.encoding)))
    for number, (said, summary) in enumerate(pairs, start=1):
        if said is None or summary is None:
            shorter, longer = (path, target) if said is None else (target, path)
            raise unreadable(shorter, f"it has fewer lines than {longer.name}: {number - 1:,}")
        texts = (said.rstrip("\r\n"), summary.rstrip("\r\n"))
        yield LinedRow(dict(zip(COLUMNS, texts, strict=True)), number)
