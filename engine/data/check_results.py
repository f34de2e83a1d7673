"""Reads the results of a data check beside its events: all rows of every finding, and every length.

    details.json   rows of findings, lengths, where in rows.jsonl a row stands
    rows.jsonl     the rows themselves, one a line: those of findings and those that are shown

Both are in the job's folder and are deleted with it. Events have the first rows only. The worker writes the files; this
reads them, counts what a limit would truncate, and exports csv files.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import accumulate
from operator import attrgetter
from pathlib import Path
from typing import Any

from engine.errors import disk_errors
from engine.messages import from_json
from engine.system.csv_file import write_csv

# For each split, the keys of its rows by index or number, in order.
Keys = Mapping[str, Mapping[int, Hashable]]

# The splits that a row must not leak into: test is for scores, validation for choices.
LATER: dict[str, tuple[str, ...]] = {"train": ("validation", "test"), "validation": ("test",), "test": ()}


def leaks(keys: Keys) -> dict[str, list[int]]:
    """Return the rows of every split whose text is also in a later split."""
    known = {split: set(rows.values()) for split, rows in keys.items()}
    return {
        split: [
            row for row, key in rows.items() if any(key in known.get(later, ()) for later in LATER[split])
        ]
        for split, rows in keys.items()
    }


def duplicates(keys: Keys) -> dict[str, list[int]]:
    """Return the rows whose text is in an earlier row of their split."""
    repeated: dict[str, list[int]] = {split: [] for split in keys}
    for split, rows in keys.items():
        seen: set[Hashable] = set()
        for row, key in rows.items():
            if key in seen:
                repeated[split].append(row)
            seen.add(key)
    return repeated


DETAILS = "details.json"
ROWS = "rows.jsonl"
BROKEN = "broken_rows.csv"
# Findings that go by a limit, with the text that has it.
LIMITED = {"long_conversation": "conversation", "long_summary": "summary"}
COLUMNS = ("row", "split", "id", "conversation", "summary", "place")


@dataclass(frozen=True)
class Lengths:
    """How many texts have how many tokens, for each number of tokens that occurs, ascending."""

    tokens: tuple[int, ...]
    up_to: tuple[int, ...]

    @property
    def total(self) -> int:
        """How many texts there are."""
        return self.up_to[-1] if self.up_to else 0

    def beyond(self, limit: int) -> int:
        """Return how many texts have more than `limit` tokens."""
        index = bisect_right(self.tokens, limit)
        return self.total - (self.up_to[index - 1] if index else 0)


@dataclass(frozen=True)
class CheckedRow:
    """A row as the check saw it, whole; `ends` are the characters behind which each token of its conversation ends.

    `place` is its file and line, as far as they say more than its number.
    """

    number: int
    split: str
    id: str
    conversation: str
    summary: str
    conversation_tokens: int
    summary_tokens: int
    ends: tuple[int, ...] = ()
    place: str = ""

    def kept_characters(self, limit: int) -> int | None:
        """Return how many of the conversation's characters a run reads that allows `limit` tokens.

        None if that is not known: of a great many rows only the first have their tokens' ends.
        """
        if self.conversation_tokens <= limit:
            return len(self.conversation)
        return self.ends[limit - 1] if 0 < limit <= len(self.ends) else None


@dataclass(frozen=True)
class Mark:
    """What there is to know of a row to count it: tokens, and by which numbers its text is known if it stands twice.

    `stripped` is the number of the text without the spaces around it; 0 for one that stands alone.
    """

    conversation_tokens: int
    summary_tokens: int
    exact: int
    stripped: int

    def tokens(self, text: str) -> int:
        """Return the tokens of the "conversation" or the "summary"."""
        return self.conversation_tokens if text == "conversation" else self.summary_tokens


# In the order in which runs leave them out, each with what makes two texts equal for it.
RELATIONS: dict[str, tuple[Callable[[Keys], dict[str, list[int]]], Callable[[Mark], int]]] = {
    "leaks": (leaks, attrgetter("stripped")),
    "duplicates": (duplicates, attrgetter("exact")),
}


@dataclass(frozen=True)
class Details:
    """All that a check found: row numbers by finding and split, lengths by split and text.

    `summary_marks` are the tokens that a run puts around a summary, within its limit.
    """

    folder: Path
    findings: Mapping[str, Mapping[str, tuple[int, ...]]]
    lengths: Mapping[str, Mapping[str, Lengths]]
    summary_marks: int
    places: Mapping[str, Mapping[int, int]]
    marks: Mapping[str, Mapping[int, Mark]]

    def cut(self, split: str, text: str, limit: int) -> int:
        """Return how many texts ("conversation" or "summary") of a split a run would cut at `limit` tokens."""
        return self.lengths[split][text].beyond(self._bound(text, limit))

    def _bound(self, text: str, limit: int) -> int:
        return limit - (self.summary_marks if text == "summary" else 0)

    def left_out(self, findings: Collection[str], limits: Mapping[str, int]) -> tuple[int, bool]:
        """Return how many rows excluding findings leaves out, and whether that is sure or the most it can be.

        `limits` are the tokens that a "conversation" and a "summary" may have, which need not be those of the check.
        """
        out: dict[str, set[int]] = {split: set() for split in self.marks}
        unmarked: Counter[str] = Counter()
        for finding in findings:
            for split in self.marks:
                if finding in LIMITED:
                    text = LIMITED[finding]
                    over = self._over(split, text, limits[text])
                    out[split] |= over
                    unmarked[text] += self.cut(split, text, limits[text]) - len(over)
                elif finding not in RELATIONS:
                    out[split].update(self.findings.get(finding, {}).get(split, ()))
        for finding in (finding for finding in RELATIONS if finding in findings):
            for split, numbers in self._alike(finding, out).items():
                out[split].update(numbers)
        # A row that is in no finding of the check may be over both limits as they are now.
        return sum(map(len, out.values())) + unmarked.total(), sum(map(bool, unmarked.values())) < 2

    def _over(self, split: str, text: str, limit: int) -> set[int]:
        """Return the marked rows of a split that are over a limit."""
        bound = self._bound(text, limit)
        return {number for number, mark in self.marks[split].items() if mark.tokens(text) > bound}

    def _alike(self, finding: str, out: Mapping[str, Collection[int]]) -> Mapping[str, Collection[int]]:
        """Return which rows of those that are not left out are findings because of others."""
        relate, key = RELATIONS[finding]
        return relate(
            {
                split: {
                    number: key(mark)
                    for number, mark in marks.items()
                    if key(mark) and number not in out[split]
                }
                for split, marks in self.marks.items()
            }
        )

    def row(self, split: str, number: int) -> CheckedRow | None:
        """Return one row; None if it is neither shown nor of a finding. Raises StorageError if the file is gone."""
        offset = self.places.get(split, {}).get(number)
        if offset is None:
            return None
        with _disk_errors(self.folder / ROWS), (self.folder / ROWS).open("rb") as stream:
            stream.seek(offset)
            return _row(stream.readline())

    def over(self, split: str, text: str, limit: int) -> tuple[int, ...]:
        """Return the rows of a split that are over a limit, as far as they are of a finding and so at hand.

        At the limit of the check, or a larger one, these are all.
        """
        over = self._over(split, text, limit)
        return tuple(
            number for number in self.marks[split] if number in over and number in self.places[split]
        )

    def rows(self, numbers: Mapping[str, Sequence[int]]) -> Iterator[CheckedRow]:
        """Yield rows by their numbers in each split. Raises StorageError if the file is gone."""
        with _disk_errors(self.folder / ROWS), (self.folder / ROWS).open("rb") as stream:
            for split, chosen in numbers.items():
                for number in chosen:
                    stream.seek(self.places[split][number])
                    yield _row(stream.readline())


def read(folder: Path) -> Details:
    """Return the details in a job's folder. Raises StorageError if they are not there."""
    with _disk_errors(folder / DETAILS):
        details = from_json((folder / DETAILS).read_text(encoding="utf-8"))
    return Details(
        folder,
        {
            finding: {split: tuple(numbers) for split, numbers in splits.items()}
            for finding, splits in details["findings"].items()
        },
        {
            split: {text: _lengths(pairs) for text, pairs in texts.items()}
            for split, texts in details["lengths"].items()
        },
        details["summary_marks"],
        {
            split: {int(number): offset for number, offset in rows.items()}
            for split, rows in details["places"].items()
        },
        {
            split: {number: Mark(*facts) for number, *facts in marks}
            for split, marks in details["marks"].items()
        },
    )


def export(details: Details, folder: Path) -> list[Path]:
    """Write one csv file for each finding with its rows, and return the files.

    Raises StorageError if the folder can't be written.
    """
    with _disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    written = []
    for finding, numbers in details.findings.items():
        path = folder / f"{finding}.csv"
        export_rows(details, numbers, path)
        written.append(path)
    return written


def export_rows(details: Details, numbers: Mapping[str, Sequence[int]], path: Path) -> None:
    """Write rows, by their numbers in each split, as one csv file. Raises StorageError if it can't be written."""
    cells = attrgetter("number", "split", "id", "conversation", "summary", "place")
    write_csv(path, COLUMNS, map(cells, details.rows(numbers)))


def export_broken(rows: Sequence[Mapping[str, str]], path: Path) -> None:
    """Write the rows that could not be read, each with its place and why, as one csv file, in a folder that is made.

    Raises StorageError if it can't be written.
    """
    with _disk_errors(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_csv(path, ("place", "why"), ((row["place"], row["why"]) for row in rows))


def _lengths(pairs: list[list[int]]) -> Lengths:
    return Lengths(tuple(tokens for tokens, _ in pairs), tuple(accumulate(count for _, count in pairs)))


def _row(line: bytes) -> CheckedRow:
    record: dict[str, Any] = json.loads(line)
    return CheckedRow(**record | {"ends": tuple(accumulate(record.get("ends", ())))})


def _disk_errors(path: Path) -> AbstractContextManager[None]:
    return disk_errors("{} can't be used: {}.", path, hint="Check the data again.")
