import re
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from engine.worker.readers import Table, open_table

HEAD = ("id", "dialogue", "summary")


def book(path: Path, rows: Sequence[Sequence[Any]], merge: Sequence[str] = ()) -> Table:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    for span in merge:
        book.active.merge_cells(span)
    book.save(path)
    return open_table([path])


def rewritten(path: Path, change: Callable[[str], str], member: str = "xl/worksheets/sheet1.xml") -> None:
    """Change the XML of a workbook's sheet, as another program may have written it."""
    with zipfile.ZipFile(path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    contents[member] = change(contents[member].decode()).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in contents.items():
            archive.writestr(name, content)


def values(found: Table) -> list[tuple[Any, ...]]:
    return [tuple(record.values.values()) for record in found]


def test_rows_are_as_they_stand(tmp_path):
    rows = [("007", "Ann: é ☕\nBob: N/A", "=1+1"[1:]), (7, "x", True), (1.5, None, "z")]
    found = book(tmp_path / "a.xlsx", [(), HEAD, *rows, (), ("last", "y", "w")])
    assert values(found) == [*rows, ("last", "y", "w")]
    assert found.columns == HEAD
    assert (found.broken, found.remarks) == ([], ())


def test_characters_that_xml_can_not_hold_come_back(tmp_path):
    rows = book(tmp_path / "a.xlsx", [HEAD, ("1", "a_x000D_\nb_x0041_", "c")])
    assert values(rows) == [("1", "a\r\nbA", "c")]


def test_formula_counts_as_its_stored_value(tmp_path):
    book(tmp_path / "a.xlsx", [HEAD, ("1", "=1+1", "x")])
    stored = re.compile(r"<f>1\+1</f><v\s*/>|<f>1\+1</f><v></v>")
    rewritten(tmp_path / "a.xlsx", lambda xml: stored.sub("<f>1+1</f><v>2</v>", xml))
    found = open_table([tmp_path / "a.xlsx"])
    assert (values(found), found.remarks) == ([("1", 2, "x")], ())


def test_errors_and_formulas_without_a_value_are_empty_and_named(tmp_path):
    found = book(tmp_path / "a.xlsx", [HEAD, ("1", "=A1", "x"), ("2", "#REF!", "y"), ("3", "z", "=A2")])
    assert values(found) == [("1", None, "x"), ("2", None, "y"), ("3", "z", None)]
    (remark,) = found.remarks
    assert remark.startswith("These cells of a.xlsx contain an error or no stored value")
    assert "read as empty: B2, B3, C4." in remark


def test_merged_cells_all_have_their_value_and_are_told(tmp_path):
    rows = [("c1", "Ann: a", "s"), (None, "Bob: b", None), (None, "Ann: c", None), ("c2", "x", "t")]
    found = book(tmp_path / "a.xlsx", [HEAD, *rows], merge=["A2:A4", "C2:C3"])
    assert values(found) == [("c1", "Ann: a", "s"), ("c1", "Bob: b", "s"), ("c1", "Ann: c", None), rows[3]]
    assert found.remarks == (
        "a.xlsx has 2 merged ranges (A2:A4, C2:C3); all their cells get the first value.",
    )


@pytest.mark.parametrize("target", ["worksheets/sheet1.xml", "/xl/worksheets/sheet1.xml"])
def test_merged_cells_are_found_however_the_workbook_refers_to_its_sheet(tmp_path, target):
    book(tmp_path / "a.xlsx", [HEAD, ("c1", "Ann: a", "s"), (None, "Bob: b", "t")], merge=["A2:A3"])
    written = re.compile(r'Target="/xl/worksheets/sheet1.xml"')
    rewritten(
        tmp_path / "a.xlsx", lambda xml: written.sub(f'Target="{target}"', xml), "xl/_rels/workbook.xml.rels"
    )
    assert values(open_table([tmp_path / "a.xlsx"]))[1][0] == "c1"


def test_sheets_that_are_not_read_are_told(tmp_path):
    book = Workbook()
    book.active.title = "Empty"
    for name in ("Talks", "Notes"):
        book.create_sheet(name).append(HEAD)
        book[name].append((name, "a", "b"))
    book.save(tmp_path / "a.xlsx")
    rows = open_table([tmp_path / "a.xlsx"])
    assert values(rows) == [("Talks", "a", "b")]
    assert rows.remarks == ("a.xlsx: the sheet Talks is read, Notes is not.",)


def test_size_that_a_sheet_claims_is_not_believed(tmp_path):
    book(tmp_path / "a.xlsx", [HEAD, ("1", "a", "b")])
    claimed = re.compile(r'<dimension ref="[^"]*"')
    rewritten(tmp_path / "a.xlsx", lambda xml: claimed.sub('<dimension ref="A1:XFD1048576"', xml))
    assert values(open_table([tmp_path / "a.xlsx"])) == [("1", "a", "b")]
