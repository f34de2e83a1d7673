import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from engine.data import questions
from engine.errors import DataError
from engine.worker.readers import open_table
from tests.helpers.read_sources import read_source

ROWS = [(f"Ann: {n}?\nBob: Yes.", f"They talk about {n}.") for n in range(5)]
TALKS = "CREATE TABLE {} (dialogue TEXT, summary TEXT)"


def written(path: Path, *tables: str, also: str = "") -> Path:
    with closing(sqlite3.connect(path)) as database:
        for name in tables:
            database.execute(TALKS.format(name))
            database.executemany(f"INSERT INTO {name} VALUES (?, ?)", ROWS)
        database.executescript(also)
        database.commit()
    return path


def rows(path: Path, **options: str) -> list[tuple[Any, ...]]:
    return [tuple(record.values.values()) for record in open_table([path], finds_chats=False, **options)]


@pytest.mark.parametrize("name", ["a.sqlite", "a.sqlite3", "a.db", "a.data", "a'?#%.db"])
def test_the_one_table_with_texts_is_read_and_nothing_is_written(tmp_path, channel, name):
    numbers = "CREATE TABLE numbers (a, b); INSERT INTO numbers VALUES (1, 2); CREATE TABLE empty (a TEXT)"
    path = written(tmp_path / name, "talks", also=numbers)
    before = path.read_bytes()
    schema, examples = read_source(path, channel)
    assert (schema.conversation, schema.summary) == ("dialogue", "summary")
    assert [(each.conversation, each.summary) for each in examples[None]] == ROWS
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == [name]


def test_of_several_tables_one_is_asked_for(tmp_path):
    path = written(tmp_path / "a.db", "talks", "others")
    with pytest.raises(DataError, match=r"several tables with texts: talks, others") as caught:
        rows(path)
    assert caught.value.problems[0].as_dict()["choices"] == ["talks", "others"]
    assert questions.overrides(caught.value.problems[0]) == ("data.sheet=talks", "data.sheet=others")
    assert caught.value.field == "data.sheet"
    assert rows(path, sheet="others") == ROWS
    with pytest.raises(DataError, match='no table "none"') as caught:
        rows(path, sheet="none")
    assert (caught.value.field, caught.value.hint) == ("data.sheet", "The tables are: talks, others.")


def test_tables_named_after_splits_are_splits(tmp_path):
    table = open_table([written(tmp_path / "a.db", "train", "test")], finds_chats=False)
    assert [record.values["split"] for record in table] == ["train"] * 5 + ["test"] * 5
    assert table.remarks == ("a.db is read as splits: train, test.",)


ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 'a' UNION ALL SELECT x FROM n) SELECT x FROM n"


SEARCHED = "CREATE VIRTUAL TABLE f USING fts5(t); INSERT INTO f VALUES ('text')"
COMMENTED = "sql = 'CREATE /**/ VIRTUAL TABLE f USING fts5(t)'"
LINED = "sql = 'CREATE -- a' || char(10) || 'VIRTUAL TABLE f USING fts5(t)'"
FORGED = "PRAGMA writable_schema = ON; UPDATE sqlite_master SET {} WHERE name = 'f'"


@pytest.mark.parametrize(
    "also",
    [
        f"CREATE VIEW v AS {ENDLESS}",
        f"CREATE TRIGGER t AFTER INSERT ON talks BEGIN SELECT ({ENDLESS}); END",
        SEARCHED,
        "CREATE VIRTUAL TABLE f USING rtree(id, low, high, +t); INSERT INTO f VALUES (1, 2, 3, 'text')",
        f"{SEARCHED}; {FORGED.format(COMMENTED)}",
        f"{SEARCHED}; {FORGED.format(LINED)}",
        f"{SEARCHED}; {FORGED.format('rootpage = 2')}",
        f"{SEARCHED}; CREATE VIEW pragma_table_list AS SELECT 'main' AS schema, 'f' AS name, 'table' AS type",
        "CREATE TABLE pragma_table_list (a); CREATE TABLE pragma_table_xinfo (a)",
    ],
)
def test_only_plain_tables_are_read_whatever_their_definitions_look_like(tmp_path, also):
    assert rows(written(tmp_path / "a.db", "talks", also=also)) == ROWS


def test_a_column_that_is_computed_is_left_out_and_told(tmp_path):
    endless = "ALTER TABLE talks ADD COLUMN more TEXT AS (hex(zeroblob(1000000000)))"
    table = open_table([written(tmp_path / "a.db", "talks", also=endless)], finds_chats=False)
    assert [tuple(record.values.values()) for record in table] == ROWS
    assert table.remarks == ('Computed columns of "talks" are skipped: more.',)


def test_bytes_are_told_and_wrong_ones_break_their_row(tmp_path):
    also = "INSERT INTO talks VALUES ('x', x'00ff'), ('y', CAST(x'ff41' AS TEXT))"
    table = open_table([written(tmp_path / "a.db", "talks", also=also)], finds_chats=False)
    *_, last = table
    assert last.values == {"dialogue": "x", "summary": None}
    assert table.remarks == ('Column "summary" of "talks" contains bytes, read as empty.',)
    assert [each.position for each in table.broken] == ["row 7"]


def test_what_is_not_merged_yet_is_told(tmp_path):
    path = written(tmp_path / "a.db", "talks")
    (tmp_path / "a.db-wal").write_bytes(b"x")
    table = open_table([path], finds_chats=False)
    assert len(list(table)) == 5
    assert "so a.db-wal is not read" in table.remarks[0]


def test_damage_and_encryption_are_named(tmp_path):
    path = written(tmp_path / "a.db", "talks")
    sound = path.read_bytes()
    path.write_bytes(sound[:100] + b"\xff" * (len(sound) - 100))
    with pytest.raises(DataError, match=r"a\.db can't be read: its contents are damaged"):
        rows(path)
    path.write_bytes(bytes(range(256)) * 16)
    with pytest.raises(DataError, match="is encrypted, or not an SQLite database") as caught:
        rows(path)
    assert caught.value.field == "data.source"
