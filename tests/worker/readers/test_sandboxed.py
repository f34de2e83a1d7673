from pathlib import Path

import pytest

from engine.errors import DataError
from engine.worker.readers import open_table, sandboxed
from engine.worker.readers.table import BrokenRow, LinedRow, Notes
from tests.helpers import bombs, sandbox_works
from tests.helpers.systems import words_of_linux

WORKS = sandbox_works.__name__
# How each is told.
NAMED = {
    "repeated text.parquet": r"takes more than 128 MB of memory|contains implausibly much",
    "repeated text.feather": r"takes more than \d+ MB of memory",
    "repeated rows.parquet": r"contains implausibly much",
    "rows of nothing.arrow": r"contains implausibly much",
    "overlapping views.arrow": r"takes more than \d+ MB of memory",
    "one child again and again.sqlite": r"its contents are damaged",
    "a row far below.xlsx": r"crashes or lacks memory",
    "repeated cells.ods": r"Cell limit exceeded",
    "repeated columns.ods": r"its column names",
    "many paragraphs.docx": r"takes more than 128 MB of memory",
    "a wide cell.docx": r"takes more than 128 MB of memory",
    "entities.docx": r"not a complete Word document|its own XML entities",
    "pages in a circle.pdf": r"not a complete PDF",
}


@pytest.fixture
def tight(monkeypatch):
    """Set limits by which a bomb is told sooner."""
    monkeypatch.setattr(sandboxed, "MEMORY_BYTES", 128 << 20)
    monkeypatch.setattr(sandboxed, "SAFE_ROWS", 1000)


# They meet the limit that another one meets too.
LIKE_ANOTHER = {
    "repeated text.feather", "overlapping views.arrow", "repeated columns.ods", "a wide cell.docx",
}  # fmt: skip
SLOW = pytest.mark.slow("engine/worker/readers/", "engine/system/sandbox", "tests/helpers/bombs")


@words_of_linux
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[SLOW] if name in LIKE_ANOTHER else []) for name in NAMED]
)
@pytest.mark.usefixtures("tight")
def test_a_bomb_is_a_named_error(name, tmp_path):
    path = tmp_path / name
    path.write_bytes(bombs.BOMBS[name]())
    with pytest.raises(DataError, match=NAMED[name]) as error:
        list(open_table([path]))
    assert error.value.field == "data.source"
    assert error.value.hint


def test_what_a_reader_notes_comes_with_the_rows(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"xx")
    notes = Notes()
    found = []
    for row in sandboxed.read_sandboxed([WORKS], "noting_rows", path, notes):
        found.append((row.line, notes.done_bytes, list(notes.columns)))
        # As a reader of chats does: what was noted before does not come back.
        notes.columns.clear()
    assert found == [(0, 1, ["c0"]), (1, 2, ["c1"]), (2, 3, ["c2"])]
    assert notes.remarks == ["remark 0", "remark 1", "remark 2"]
    assert notes.reason == "so"


def test_rows_and_counts_arrive_as_they_were_read(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"xx")
    notes, expected = Notes(), Notes()
    rows = list(sandboxed.read_sandboxed([WORKS], "rows_of_all_kinds", path, notes))
    assert rows == list(sandbox_works.rows_of_all_kinds(path, expected))
    assert [type(row) for row in rows] == [dict, LinedRow, BrokenRow]
    assert rows[1].line == 7
    assert notes.chats == expected.chats
    assert type(notes.chats[0].left_out) is type(expected.chats[0].left_out)


def test_memory_grows_with_the_file():
    assert sandboxed.limits_of(0).memory_bytes == sandboxed.MEMORY_BYTES
    assert sandboxed.limits_of(10 << 20).memory_bytes == sandboxed.MEMORY_BYTES + (80 << 20)
    assert sandboxed.limits_of(10 << 20).seconds == sandboxed.SECONDS + 200


def test_the_files_of_a_folder_count(tmp_path):
    for name in ("a.eml", "b.eml"):
        (tmp_path / name).write_bytes(b"From: Ann <a@example.org>\n\nHi\n" + b"x" * 100)
    table = open_table([tmp_path])
    assert len(list(table)) == 2
    assert sandboxed.size_of(tmp_path) == sum(path.stat().st_size for path in tmp_path.iterdir())


def test_an_ordinary_table_is_far_from_the_bounds(tmp_path):
    path = Path(tmp_path, "a.parquet")
    path.write_bytes(bombs.parquet(15_000, "Ann: hi"))
    assert len(list(open_table([path]))) == 15_000
