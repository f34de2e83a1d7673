import errno
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from engine.errors import DataError
from engine.worker.readers import table
from engine.worker.readers.table import BrokenRow, Notes, Table


class Reader:
    """Reads a row from each line, the broken ones as such, and counts how often."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, path: Path, notes: Notes) -> Iterator[Mapping[str, str] | BrokenRow]:
        self.count += 1
        notes.remarks.append(f"{path.name} is a guess.")
        for number, line in enumerate(path.read_text().splitlines()):
            notes.columns["text"] = None
            yield BrokenRow(f"line {number}", "it is broken") if line == "broken" else {"text": line}


@pytest.fixture
def reader():
    return Reader()


def opened(path: Path, reader: Reader) -> Table:
    return Table([path], reader, may_have_more_columns=False)


def texts(rows: Table) -> list[str]:
    return [row.values["text"] for row in rows]


def test_a_small_file_is_read_once(tmp_path, reader):
    path = tmp_path / "few.txt"
    path.write_text("a\nbroken\nb\n")
    rows = opened(path, reader)
    assert len(rows.head(50)) == 2
    for _ in range(2):
        assert texts(rows) == ["a", "b"]
        assert (rows.columns, rows.remarks, len(rows.broken)) == (("text",), ("few.txt is a guess.",), 1)
        assert rows.done_bytes == rows.size_bytes
    assert reader.count == 1


def test_the_first_rows_of_a_long_file_are_read_once(tmp_path, reader):
    path = tmp_path / "long.txt"
    path.write_text("broken\n" + "a\n" * table.HEAD_ROWS * 2)
    rows = opened(path, reader)
    whole = len(texts(rows))
    for count in (50, table.HEAD_ROWS, 50):
        assert len(rows.head(count)) == count
        assert (rows.columns, rows.remarks, len(rows.broken)) == (("text",), ("long.txt is a guess.",), 1)
    assert reader.count == 2
    assert len(texts(rows)) == whole
    rows.align = lambda path, columns, values: table.Alignment({"text": "said"})
    assert rows.head(50)[0].values == {"said": "a"}


def test_a_file_that_changed_is_read_anew(tmp_path, reader):
    path = tmp_path / "few.txt"
    path.write_text("a\n")
    rows = opened(path, reader)
    rows.head(50)
    path.write_text("b\n")
    os.utime(path, (1, 1))
    assert texts(rows) == ["b"]


def test_of_a_long_or_large_file_nothing_is_kept(tmp_path, reader, monkeypatch):
    long, large = tmp_path / "long.txt", tmp_path / "large.txt"
    long.write_text("a\n" * (table.HEAD_ROWS + 1))
    large.write_text("a\n")
    for path in (long, large):
        monkeypatch.setattr(table, "KEPT_BYTES", path.stat().st_size - (path is large))
        rows, before = opened(path, reader), reader.count
        assert texts(rows) == texts(rows)
        assert reader.count == before + 2


def test_what_the_system_says_of_a_file_is_told(tmp_path):
    """Windows has one number for many reasons."""
    with (
        pytest.raises(DataError, match=r"chats\.csv can't be read: The cloud file provider is not running"),
        table.explained(tmp_path / "chats.csv"),
    ):
        raise OSError(errno.EINVAL, "The cloud file provider is not running")


def test_a_file_that_is_mostly_empty_is_not_read(tmp_path, reader):
    path = tmp_path / "few.txt"
    path.write_text("a\n")
    os.truncate(path, 1 << 32)
    with pytest.raises(DataError, match="it was not written completely"):
        texts(opened(path, reader))
    assert reader.count == 0
