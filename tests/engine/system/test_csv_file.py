import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.system.csv_file import FORMULA_STARTS, write_csv


def read(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.reader(stream))


def test_texts_are_read_back_as_they_were(tmp_path):
    rows = [["Ann: hi\nBo: yo", 'says "x", then ;', "Zoë ☕"], ["", " = no formula", "'quoted"]]
    write_csv(tmp_path / "rows.csv", ["a", "b", "c"], rows)
    assert read(tmp_path / "rows.csv") == [["a", "b", "c"], *rows]


def test_numbers_stay_numbers(tmp_path):
    write_csv(tmp_path / "rows.csv", ["a", "b"], [[-1, -0.5]])
    assert read(tmp_path / "rows.csv")[1] == ["-1", "-0.5"]


TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(cell=st.builds("{}{}".format, st.sampled_from(["", *FORMULA_STARTS]), TEXTS))
def test_no_text_begins_as_a_formula(tmp_path_factory, cell):
    path = tmp_path_factory.mktemp("csv") / "rows.csv"
    write_csv(path, ["a", "b"], [[cell, "end"]])
    found = read(path)[1][0]
    assert found.removeprefix("'") == cell.removeprefix("'")
    assert not found.startswith(FORMULA_STARTS)


def test_half_a_character_does_not_stop_an_export(tmp_path):
    write_csv(tmp_path / "rows.csv", ["a"], [["half \ud83d"]])
    assert read(tmp_path / "rows.csv")[1] == ["half ?"]


def test_an_export_that_breaks_off_leaves_the_old_file(tmp_path):
    def breaking():
        yield ["new"]
        raise RuntimeError

    write_csv(tmp_path / "rows.csv", ["a"], [["old"]])
    with pytest.raises(RuntimeError):
        write_csv(tmp_path / "rows.csv", ["a"], breaking())
    assert read(tmp_path / "rows.csv")[1] == ["old"]
