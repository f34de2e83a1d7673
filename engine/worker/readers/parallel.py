"""Two text files with a line each for every example: conversations in `x.src` or `x.source`, summaries beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any

from engine.worker.readers.table import BrokenRow, LinedRow, Notes, unreadable
from engine.worker.readers.text_decoding import lines

# The ending of the summaries' file by that of the conversations'.
SUMMARY_SUFFIXES = {".src": ".tgt", ".source": ".target"}
SUFFIXES = tuple(SUMMARY_SUFFIXES)


def read(path: Path, notes: Notes) -> Iterator[Mapping[str, Any] | BrokenRow]:
    """Yield a row for each line. Raises DataError if the two files have different numbers of lines."""
    target = path.with_suffix(SUMMARY_SUFFIXES[path.suffix.lower()])
    notes.columns.update(dict.fromkeys(("conversation", "summary")))
    if not target.is_file():
        for number, line in enumerate(lines(path, notes), start=1):
            yield LinedRow({"conversation": line.rstrip("\r\n"), "summary": None}, number)
        return
    pairs = zip_longest(lines(path, notes), lines(target, Notes(encoding=notes.encoding)))
    for number, (said, summary) in enumerate(pairs, start=1):
        if said is None or summary is None:
            shorter, longer = (path, target) if said is None else (target, path)
            raise unreadable(shorter, f"it has {number - 1:,} lines, and {longer.name} has more")
        yield LinedRow({"conversation": said.rstrip("\r\n"), "summary": summary.rstrip("\r\n")}, number)
