"""Files of one source with different columns, and where each row stands."""

import json
from pathlib import Path
from typing import Any

import pytest

from engine.config.data_options import DataOptions
from engine.data import Row
from engine.errors import DataError
from engine.worker.dataset import dataset
from engine.worker.ingestion import alignment
from engine.worker.runtime.channel import Channel
from tests.helpers.channel_events import notice_messages


def csv_file(path: Path, head: str, count: int = 3) -> None:
    rows = "".join(f'"Ann: {path.stem} {n}?\nBob: Yes",{path.stem} {n}\n' for n in range(count))
    path.write_text(f"{head}\n{rows}", encoding="utf-8")


def rows_of(folder: Path, channel: Channel, **values: Any) -> dict[str, list[Row]]:
    selection = dataset.select(DataOptions(source=str(folder), **values), channel, needs=())
    return {split: list(rows) for split, rows in selection.rows.items()}


@pytest.mark.parametrize("head", ["Dialogue,SUMMARY", "conversation,abstract", "transcript,highlights"])
def test_a_files_own_names_are_taken_for_those_of_the_others(tmp_path, channel, head):
    csv_file(tmp_path / "a.csv", "dialogue,summary")
    csv_file(tmp_path / "b.csv", head)
    rows = sorted(
        (row for some in rows_of(tmp_path, channel).values() for row in some), key=lambda row: row.number
    )
    assert [row.example.summary for row in rows] == ["a 0", "a 1", "a 2", "b 0", "b 1", "b 2"]
    assert all(row.missing is None for row in rows)
    assert (
        f'b.csv has other columns than the first file: "{head.split(",", maxsplit=1)[0]}" as "dialogue"'
        in (notice_messages(channel)[0])
    )


@pytest.mark.parametrize("name", ["test.csv", "train2.csv"])
def test_a_file_without_the_columns_is_asked_about_and_can_be_left_out(tmp_path, channel, name):
    csv_file(tmp_path / "train.csv", "dialogue,summary")
    csv_file(tmp_path / name, "dialogue,rating")
    with pytest.raises(DataError) as caught:
        rows_of(tmp_path, channel)
    assert caught.value.field == alignment.FIELD
    assert caught.value.message == (
        f'{name} lacks the column "summary" of other files. It has: dialogue, rating.'
    )
    rows = rows_of(tmp_path, channel, other_columns="leave_out")
    assert [row.example.summary for row in rows["train"]] == ["train 0", "train 1", "train 2"]
    assert rows["test"] == []
    assert notice_messages(channel) == [f"Skipped, other columns: {name}; they are: dialogue, rating."]


@pytest.mark.parametrize(
    ("train", "test", "values"),
    [
        ("summary", "summary1,summary2,summary3", {}),
        ("summary", "summary1,summary2,summary3", {"columns": {"references": "summary2,summary3"}}),
        ("summary", "summary1,told,retold", {"columns": {"references": "told,retold"}}),
        ("summary", "summary,summary2,summary3", {}),
        ("summary1,summary2,summary3", "summary_1,summary_2,summary_3", {}),
    ],
)
def test_a_file_keeps_the_further_references_that_the_first_one_lacks(tmp_path, channel, train, test, values):
    for name, head in (("train", train), ("test", test)):
        rows = "".join(
            f'"Ann: {name} {n}?\nBob: Yes",{",".join(f"{name} {n} {m}" for m, _ in enumerate(head.split(",")))}\n'
            for n in range(3)
        )
        (tmp_path / f"{name}.csv").write_text(f"dialogue,{head}\n{rows}")
    found = rows_of(tmp_path, channel, **values)
    told = [(row.example.summary, *row.example.more_references) for row in found["test"]]
    assert told == [(f"test {n} 0", f"test {n} 1", f"test {n} 2") for n in range(3)]
    assert [row.example.summary for row in found["train"]] == ["train 0 0", "train 1 0", "train 2 0"]


def test_json_may_name_a_column_only_where_it_holds_something(tmp_path, channel):
    for name, some in (("a", [{"summary": "S"}]), ("b", [{}, {"summary": "T"}])):
        lines = [json.dumps({"dialogue": f"Ann: {name} {n}"} | row) for n, row in enumerate(some)]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(lines))
    rows = [row for some in rows_of(tmp_path, channel).values() for row in some]
    assert sorted(row.example.summary for row in rows) == ["", "S", "T"]


def test_a_split_without_any_summary_is_asked_about(tmp_path, channel):
    for name, key in (("train", "summary"), ("test", "topic")):
        rows = [json.dumps({"dialogue": f"Ann: {name} {n}\nBob: Well", key: f"S{n}"}) for n in range(3)]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(rows))
    with pytest.raises(DataError) as caught:
        rows_of(tmp_path, channel)
    assert caught.value.field == alignment.FIELD
    assert caught.value.message == ("No row of test.jsonl has a summary. Its columns are: dialogue, topic.")
    found = rows_of(tmp_path, channel, other_columns="leave_out")
    assert [len(found[split]) for split in ("train", "validation", "test")] == [3, 0, 0]
    assert "Skipped, no summaries: test.jsonl." in notice_messages(channel)


def test_so_is_one_that_a_column_names_and_one_whose_column_is_empty(tmp_path, channel):
    named = 'dialogue,summary,split\n"Ann: 1",S,train\n"Ann: 2",,test\n'
    (tmp_path / "a.csv").write_text(named)
    with pytest.raises(DataError, match=r"No row of the split test has a summary"):
        rows_of(tmp_path / "a.csv", channel)
    folder = tmp_path / "more"
    folder.mkdir()
    csv_file(folder / "train.csv", "dialogue,summary")
    (folder / "test.csv").write_text('dialogue,summary\n"Ann: 2",\n')
    with pytest.raises(DataError, match=r"No row of test\.csv has a summary"):
        rows_of(folder, channel)


def test_every_row_knows_its_file_and_line(tmp_path, channel):
    csv_file(tmp_path / "a.csv", "dialogue,summary", 2)
    csv_file(tmp_path / "b.csv", "dialogue,summary", 2)
    rows = [row for some in rows_of(tmp_path, channel).values() for row in some]
    assert sorted((row.number, row.place.text) for row in rows) == [
        (1, "a.csv, line 2"), (2, "a.csv, line 4"), (3, "b.csv, line 2"), (4, "b.csv, line 4"),
    ]  # fmt: skip


def test_a_row_that_fits_no_schema_is_named_by_its_file_and_line(tmp_path, channel):
    for name, turns in (
        ("a", [[{"role": "x", "content": "hi"}]] * 300),
        ("b", [[{"role": "x", "content": "hi"}], [3]]),
    ):
        rows = [json.dumps({"messages": each, "summary": "s"}) for each in turns]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(rows))
    with pytest.raises(DataError, match=r'b\.jsonl, line 2: column "messages" contains no turns'):
        rows_of(tmp_path, channel)
