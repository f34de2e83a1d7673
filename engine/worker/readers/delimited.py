"""Delimited text: csv, tsv and similar, with the delimiter guessed from the first rows; and lines of two files.

Every cell is text: neither 007 nor N/A is converted. A row with another number of cells than the header, or with
unbalanced quotation marks, is broken and named by its line. Of two files, conversations are in `x.src` or `x.source`,
and their summaries in the same lines of the file beside it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, chain, islice, zip_longest
from pathlib import Path
from typing import Any

from engine.messages import say
from engine.worker.readers.table import BrokenRow, LinedRow, Notes, unreadable
from engine.worker.readers.text_decoding import MAX_LINE_CHARACTERS, lines

# Ordered by rarity in prose: the first one wins where two split the rows equally well.
DELIMITERS = ("\t", "|", ";", ",")
SAMPLE_LINES = 400
SAMPLE_CHARACTERS = 1 << 18
# Spreadsheets write the delimiter as the first line.
DECLARED = re.compile(r'"?sep=(.)"?[\r\n]*')
REASONS = {
    "unexpected end of data": "a quoted cell is never closed",
    "expected after": "a quotation mark in a quoted cell isn't doubled",
}
# The first line is the header unless that can't be: questions of a survey are long.
MAX_HEAD_CHARACTERS = 200
# A header may have a colon in it, as "Q1: How old are you?" has, but not two speakers.
SPEAKER = re.compile(r"(?:^|(?<=\s))[^\W\d_a-z][^\W\d_]{1,20}: (?=\S)")
# So many rows tell whether each stands in one cell.
SAVED_TWICE_ROWS = 20
MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}")
# A cell that is too long is reported by its column once the row is read; `_Lines` limits the row.
csv.field_size_limit(MAX_LINE_CHARACTERS)


def read(path: Path, notes: Notes) -> Iterator[Mapping[str, str] | BrokenRow]:
    """Yield the rows below the header line, or all where the first is a row itself. Raises DataError for damage."""
    source_lines = lines(path, notes)
    sample = list(islice(source_lines, SAMPLE_LINES))
    declared = DECLARED.fullmatch(sample[0]) if sample else None
    delimiter = declared[1] if declared else guess_delimiter(sample, path.suffix.lower())
    source = _Lines(path, chain(sample, source_lines), bare_cr=bool(sample) and sample[0].endswith("\r"))
    if declared:
        next(source)
    rows: Iterator[list[str]] = csv.reader(source, delimiter=delimiter, strict=True)
    if _is_saved_twice(sample):
        rows = _again(rows)
        notes.remarks.append(
            say("{} was saved twice by a spreadsheet: rows are read out of single cells.", path.name)
        )
    source.begin_row()
    try:
        header = next((row for row in rows if any(map(str.strip, row))), [])
    except csv.Error as error:
        raise unreadable(path, say("in its first line {}", _reason(error))) from error
    is_row = _holds_texts(header)
    columns = column_names([""] * len(header) if is_row else header)
    notes.columns.update(dict.fromkeys(columns))
    if is_row:
        notes.remarks.append(say("{} has no header; columns are numbered.", path.name))
        yield LinedRow(dict(zip(columns, header, strict=True)), source.first_line)
    yield from _records(rows, source, columns)


def _holds_texts(row: Sequence[str]) -> bool:
    """Tell whether a first row holds what no name of a column is: several lines or turns, a long text, or a time."""
    return any(
        "\n" in cell.strip()
        or len(cell) > MAX_HEAD_CHARACTERS
        or len(SPEAKER.findall(cell)) > 1
        or MOMENT.match(cell.strip())
        for cell in row
    )


def _is_saved_twice(sample: Sequence[str]) -> bool:
    """Tell whether each row stands in one cell, with commas between its own cells, of which some are quoted."""
    try:
        rows = list(islice(filter(None, csv.reader(sample)), SAVED_TWICE_ROWS))
        inner = list(_again(iter(rows)))
    except csv.Error:
        return False
    is_quoted = any(row[0].startswith('"') or ',"' in row[0] for row in rows[1:])
    return is_quoted and len(inner[0]) > 1 and all(len(row) == len(inner[0]) for row in inner)


def _again(rows: Iterator[list[str]]) -> Iterator[list[str]]:
    """Yield the rows that stand in the one cell of each row."""
    return (next(csv.reader(row, strict=True)) if len(row) == 1 and row[0] else row for row in rows)


def _records(
    rows: Iterator[list[str]], source: _Lines, columns: Sequence[str]
) -> Iterator[Mapping[str, str] | BrokenRow]:
    recovering = False
    while True:
        source.begin_row()
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            recovering = True
            yield BrokenRow(source.position, _reason(error))
            continue
        if not row or (len(row) == 1 < len(columns) and not row[0].strip()):
            continue
        # The rest of a broken cell may look like a row: one with unbalanced quotation marks is none.
        if recovering and source.quotation_marks % 2:
            yield BrokenRow(source.position, "it is the rest of the broken row before it")
            continue
        recovering = False
        if len(row) < len(columns):
            reason = say('it ends before the column "{}"', columns[len(row)])
            yield BrokenRow(source.position, reason)
        elif any(row[len(columns) :]):
            reason = say(
                'it continues after the column "{}": {} cells for {} columns',
                columns[-1],
                len(row),
                len(columns),
            )
            yield BrokenRow(source.position, reason)
        else:
            # Spreadsheets add empty cells past the last column.
            yield LinedRow(dict(zip(columns, row, strict=False)), source.first_line)


def _reason(error: csv.Error) -> str:
    return next((reason for phrase, reason in REASONS.items() if phrase in str(error)), str(error))


def column_names(header: Sequence[str]) -> list[str]:
    """Return a name for each cell of the header: an empty one by its number, a repeated one with its count."""
    cells = list(header)
    while any(cells) and not cells[-1].strip():
        cells.pop()
    # In their order; a name that comes a million times is counted on, not from its first time.
    names: dict[str, None] = {}
    counts: dict[str, int] = {}
    for number, cell in enumerate(cells, start=1):
        plain = cell.strip() or f"column {number}"
        name, count = plain, counts.get(plain, 1)
        while name in names:
            count += 1
            name = f"{plain} ({count})"
        counts[plain] = count
        names[name] = None
    return list(names)


def guess_delimiter(sample: Sequence[str], suffix: str) -> str:
    """Return the delimiter that splits the header, and most other rows into the same number of cells."""
    best, score = "\t" if suffix == ".tsv" else ",", (0.0, 0)
    for delimiter in DELIMITERS:
        counts = _cells(sample, delimiter)
        if counts and counts[0] > 1:
            equal = sum(count == counts[0] for count in counts) / len(counts)
            if (equal, counts[0]) > score:
                best, score = delimiter, (equal, counts[0])
    return best


def _cells(sample: Sequence[str], delimiter: str) -> list[int]:
    """Return the number of cells of each row; the last row may be cut, so it is left out if others remain."""
    counts: list[int] = []
    lengths = accumulate(map(len, sample), initial=0)
    beginning = [line for line, before in zip(sample, lengths, strict=False) if before <= SAMPLE_CHARACTERS]
    try:
        for row in csv.reader(beginning, delimiter=delimiter):
            counts += [len(row)] if row else []
    except csv.Error:
        return counts
    return counts[:-1] if len(counts) > 2 else counts


class _Lines:
    """The lines of a table, counted; those read since `begin_row` belong to one row.

    In a file whose lines end in CR alone, a CR inside a cell means LF.
    """

    def __init__(self, path: Path, source: Iterable[str], *, bare_cr: bool) -> None:
        self._path = path
        self._source = iter(source)
        self._bare_cr = bare_cr
        self._number = 0
        self.first_line = 1
        self._characters = 0
        self.quotation_marks = 0

    def begin_row(self) -> None:
        """Start a row at the next line."""
        self.first_line = self._number + 1
        self._characters = self.quotation_marks = 0

    @property
    def position(self) -> str:
        """The lines of the last row, as text."""
        one = self.first_line >= self._number
        return (
            say("line {:,}", self.first_line)
            if one
            else say("lines {:,} to {:,}", self.first_line, self._number)
        )

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = next(self._source)
        self._number += 1
        self._characters += len(line)
        self.quotation_marks += line.count('"')
        if self._characters > MAX_LINE_CHARACTERS:
            raise unreadable(
                self._path,
                say(
                    "the row starting in line {:,} has more than {:,} characters; a quotation mark may "
                    "be open there",
                    self.first_line,
                    MAX_LINE_CHARACTERS,
                ),
            )
        return line[:-1] + "\n" if self._bare_cr and line.endswith("\r") else line


# The ending of the summaries' file by that of the conversations'.
SUMMARY_SUFFIXES = {".src": ".tgt", ".source": ".target"}
LINE_SUFFIXES = tuple(SUMMARY_SUFFIXES)
COLUMNS = ("conversation", "summary")


def read_lines(path: Path, notes: Notes) -> Iterator[Mapping[str, Any]]:
    """Yield a row for each line. Raises DataError if the two files have different numbers of lines."""
    notes.columns.update(dict.fromkeys(COLUMNS))
    target = path.with_suffix(SUMMARY_SUFFIXES[path.suffix.lower()])
    if not target.is_file():
        for number, line in enumerate(lines(path, notes), start=1):
            yield LinedRow(dict(zip(COLUMNS, (line.rstrip("\r\n"), None), strict=True)), number)
        return
    pairs = zip_longest(lines(path, notes), lines(target, Notes(encoding=notes.encoding)))
    for number, (said, summary) in enumerate(pairs, start=1):
        if said is None or summary is None:
            shorter, longer = (path, target) if said is None else (target, path)
            raise unreadable(shorter, say("it has fewer lines than {}: {:,}", longer.name, number - 1))
        texts = (said.rstrip("\r\n"), summary.rstrip("\r\n"))
        yield LinedRow(dict(zip(COLUMNS, texts, strict=True)), number)
