"""The header of a sheet: its first row, a row below titles and notes, or none."""

from __future__ import annotations

from typing import Any

import pytest

from engine.worker.readers import sheets

HEAD = ["id", "dialogue", "summary"]
ROWS = [[n, f"Ann: {n}?\nBob: Yes.", f"They talk about {n}."] for n in range(5)]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([HEAD, *ROWS], (0, True)),
        ([[], HEAD, *ROWS], (1, True)),
        ([["Support calls of May", None, None], [None] * 3, HEAD, *ROWS], (2, True)),
        ([["Calls"], ["exported by Mia on Monday"], HEAD, *ROWS], (2, True)),
        (ROWS, (0, False)),
        ([["Ann: Hi there, how are you?", "They greet."]] * 4, (0, False)),
        ([["dialogue", "", "summary"], *ROWS], (0, True)),
        ([["note"], ["one"], ["two"]], (0, True)),
        ([], (0, True)),
    ],
)
def test_it_is_found(rows: list[list[Any]], expected: tuple[int, bool]) -> None:
    assert sheets.find_header(rows) == expected
