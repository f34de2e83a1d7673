"""Small files: written whole or not at all."""

import pytest

from engine.errors import StorageError
from engine.system.csv_file import write_csv
from engine.system.files import write_atomically, write_export
from engine.system.units import size


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "file.toml"
    write_atomically(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_atomically(path, "new \ud800")
    assert path.read_text(encoding="utf-8") == "old"
    write_atomically(path, "new")
    assert path.read_text(encoding="utf-8") == "new"


WAYS = pytest.mark.parametrize(
    "write", [lambda path: write_export(path, "text"), lambda path: write_csv(path, ["a"], [["b"]])]
)


@WAYS
def test_an_export_takes_no_partial_file_of_the_user_s(tmp_path, write):
    own = tmp_path / "out.csv.partial"
    own.write_text("mine", encoding="utf-8")
    write(tmp_path / "out.csv")
    assert own.read_text(encoding="utf-8") == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.csv", own.name]


@WAYS
def test_an_export_that_fails_leaves_nothing(tmp_path, write):
    (tmp_path / "folder").mkdir()
    with pytest.raises(StorageError, match="can't be written"):
        write(tmp_path / "folder")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (14_200_000, "14.2 MB"),
        (3e9, "3.0 GB"),
        (2e12, "2.0 TB"),
    ],
)
def test_a_size_takes_the_unit_that_suits_it(count, text):
    assert size(count) == text
