"""Tables as they leave the program: readable again, and harmless in a spreadsheet."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import StorageError
from engine.system.csv_file import FORMULA_STARTS, write_csv


def read(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.reader(stream))


def test_texts_are_read_back_as_they_were(tmp_path: Path) -> None:
    rows = [["Ann: hi\nBo: yo", 'says "x", then ;', "Zoë ☕"], ["", " = no formula", "'quoted"]]
    write_csv(tmp_path / "rows.csv", ["a", "b", "c"], rows)
    assert read(tmp_path / "rows.csv") == [["a", "b", "c"], *rows]


@pytest.mark.parametrize("start", FORMULA_STARTS)
def test_a_cell_that_a_spreadsheet_would_carry_out_gets_an_apostrophe(tmp_path: Path, start: str) -> None:
    write_csv(tmp_path / "rows.csv", [f"{start}a"], [[f"{start}1+1"]])
    assert read(tmp_path / "rows.csv") == [[f"'{start}a"], [f"'{start}1+1"]]


def test_numbers_stay_numbers(tmp_path: Path) -> None:
    write_csv(tmp_path / "rows.csv", ["a", "b"], [[-1, -0.5]])
    assert read(tmp_path / "rows.csv")[1] == ["-1", "-0.5"]


@given(cell=st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_no_text_begins_as_a_formula(tmp_path_factory: pytest.TempPathFactory, cell: str) -> None:
    path = tmp_path_factory.mktemp("csv") / "rows.csv"
    write_csv(path, ["a", "b"], [[cell, "end"]])
    found = read(path)[1][0]
    assert found.removeprefix("'") == cell.removeprefix("'")
    assert not found.startswith(FORMULA_STARTS)


def test_half_a_character_does_not_stop_an_export(tmp_path: Path) -> None:
    write_csv(tmp_path / "rows.csv", ["a"], [["half \ud83d"]])
    assert read(tmp_path / "rows.csv")[1] == ["half ?"]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"rows\.csv can't be written"):
        write_csv(tmp_path / "missing" / "rows.csv", ["a"], [])


def test_an_export_that_breaks_off_leaves_the_old_file(tmp_path: Path) -> None:
    def breaking():
        yield ["new"]
        raise RuntimeError

    write_csv(tmp_path / "rows.csv", ["a"], [["old"]])
    with pytest.raises(RuntimeError):
        write_csv(tmp_path / "rows.csv", ["a"], breaking())
    assert read(tmp_path / "rows.csv")[1] == ["old"]
