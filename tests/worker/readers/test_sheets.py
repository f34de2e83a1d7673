"""Workbooks of all kinds: which sheets are read, titles above the table, no header, cells beside it, passwords."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from engine.config.data_options import DataOptions
from engine.errors import DataError
from engine.worker.dataset import dataset
from engine.worker.readers import Table, open_table, workbook
from tests.helpers.office_files import write_ods

HEAD = ("id", "dialogue", "summary")
ROWS = [(n, f"Ann: {n}?\nBob: Yes.", f"They talk about {n}.") for n in range(3)]
Sheets = Mapping[str, Sequence[Sequence[Any]]]


def write_xlsx(path: Path, sheets: Sheets) -> None:
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)


WRITERS = {".xlsx": write_xlsx, ".ods": write_ods}


@pytest.fixture(params=sorted(WRITERS))
def write(request, tmp_path):
    """Write sheets as a workbook of a kind, and return its file."""

    def written(sheets: Sheets) -> Path:
        path = tmp_path / f"book{request.param}"
        WRITERS[request.param](path, sheets)
        return path

    return written


def values(table: Table) -> list[tuple[Any, ...]]:
    return [tuple(record.values.values()) for record in table]


def test_rows_are_as_they_stand_and_know_their_line(write):
    table = open_table([write({"Talks": [HEAD, *ROWS]})])
    assert values(table) == ROWS
    assert table.columns == HEAD
    assert [record.place.text for record in table] == ["line 2", "line 3", "line 4"]


def test_titles_and_notes_above_the_header_are_told_and_not_read(write):
    path = write({"Talks": [("Calls of May",), ("exported by Mia",), HEAD, *ROWS]})
    table = open_table([path])
    assert values(table) == ROWS
    assert table.remarks == (
        f'Text above the table of {path.name} is skipped: "Calls of May"; "exported by Mia".',
    )


def test_a_table_without_a_header_loses_no_row(write):
    path = write({"Talks": ROWS})
    table = open_table([path])
    assert values(table) == ROWS
    assert table.columns == ("column 1", "column 2", "column 3")
    assert table.remarks == (f"{path.name} has no header; columns are numbered.",)


def test_a_cell_right_of_the_header_breaks_its_row(write):
    table = open_table([write({"Talks": [HEAD, ROWS[0], (*ROWS[1], "Cem: and me?"), ROWS[2]]})])
    assert values(table) == [ROWS[0], ROWS[2]]
    ((position, reason),) = [(each.position, each.reason) for each in table.broken]
    assert (position, reason) == ("row 3", 'it continues after the column "summary": "Cem: and me?"')


def test_a_sheet_can_be_chosen(write, channel):
    path = write({"Notes": [("who", "when"), ("Mia", "May")], "Talks": [HEAD, *ROWS]})
    found = dataset.select(DataOptions(source=str(path), sheet="Talks"), channel, needs=())
    assert sum(map(len, found.rows.values())) == 3
    with pytest.raises(DataError, match='no sheet "Talk" with data') as caught:
        dataset.select(DataOptions(source=str(path), sheet="Talk"), channel, needs=())
    assert (caught.value.field, caught.value.hint) == ("data.sheet", "The sheets are: Notes, Talks.")


def test_sheets_that_are_named_after_splits_are_splits(write, channel):
    path = write({"Train": [HEAD, *ROWS], "Test set": [HEAD, ROWS[0]], "About": [("x",), ("y",)]})
    found = dataset.select(DataOptions(source=str(path)), channel, needs=())
    assert {split: len(rows) for split, rows in found.rows.items()} == {
        "train": 3, "validation": 0, "test": 1,
    }  # fmt: skip


@pytest.mark.parametrize("name", ["a.xlsx", "a.xls"])
def test_a_protected_workbook_is_named(tmp_path, name):
    directory = "Root EntryEncryptedPackageEncryptionInfo".encode("utf-16-le")
    (tmp_path / name).write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1016) + directory)
    with pytest.raises(DataError, match=f"{name} is protected by a password") as caught:
        list(open_table([tmp_path / name]))
    assert caught.value.hint == "Save it without the password."


NAMES = ["id", "dialogue", "summary"]
ROWS_OF_LISTS = [[n, f"Ann: {n}?\nBob: Yes.", f"They talk about {n}."] for n in range(5)]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([NAMES, *ROWS_OF_LISTS], (0, True)),
        ([[], NAMES, *ROWS_OF_LISTS], (1, True)),
        ([["Support calls of May", None, None], [None] * 3, NAMES, *ROWS_OF_LISTS], (2, True)),
        ([["Calls"], ["exported by Mia on Monday"], NAMES, *ROWS_OF_LISTS], (2, True)),
        (ROWS_OF_LISTS, (0, False)),
        ([["Ann: Hi there, how are you?", "They greet."]] * 4, (0, False)),
        ([["dialogue", "", "summary"], *ROWS_OF_LISTS], (0, True)),
        ([["note"], ["one"], ["two"]], (0, True)),
        ([], (0, True)),
    ],
)
def test_a_header_is_found_below_titles_or_nowhere(rows, expected):
    assert workbook.find_header(rows) == expected
