"""Rows with objects in their cells: the places inside are columns, of JSON and of parquet."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.config.data_options import DataOptions
from engine.jobs.events import read_all
from engine.worker.ingestion.loading import open_tables, read_rows, show_first_rows
from engine.worker.ingestion.sources import locate
from engine.worker.readers import open_table
from engine.worker.runtime.channel import Channel

TALK = "Ann: Is train {0} late today?\nBob: Yes, by {0} minutes."
ROWS = [
    {"input": {"conversation": TALK.format(number)}, "answers": [{"text": f"Train {number} is late."}]}
    for number in range(30)
]
COLUMNS = ["input", "answers", "input.conversation", "answers[0].text"]


def write_lines(path: Path) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))


def write_list(path: Path) -> None:
    path.write_text(json.dumps({"version": 1, "data": ROWS}))


def write_parquet(path: Path) -> None:
    pq.write_table(pa.Table.from_pylist(ROWS), path)


WRITERS = [("a.jsonl", write_lines), ("a.json", write_list), ("a.parquet", write_parquet)]


@pytest.mark.parametrize(("name", "write"), WRITERS)
def test_places_are_columns_and_are_found(tmp_path: Path, channel: Channel, name: str, write) -> None:
    write(tmp_path / name)
    options = DataOptions(source=str(tmp_path / name))
    source = locate(options, channel)
    show_first_rows(source, open_tables(source, options), options, channel)
    [shown] = read_all(channel.job.events_path)
    assert shown["columns"] == COLUMNS
    assert 'conversation: column "input.conversation", by its name' in shown["shape"]["reason"]
    _, examples = read_rows(source, open_tables(source, options), options, channel)
    assert [each.example.summary for each in examples[None]] == [
        f"Train {number} is late." for number in range(len(ROWS))
    ]


def test_place_is_named_by_hand(tmp_path: Path, channel: Channel) -> None:
    rows = [{"a": {"x": "One text.", "y": "Another one."}} for _ in range(3)]
    (tmp_path / "a.json").write_text(json.dumps(rows))
    options = DataOptions(source=str(tmp_path / "a.json"), conversation="a.y", summary="a.x")
    schema, examples = read_rows(
        source := locate(options, channel), open_tables(source, options), options, channel
    )
    assert (schema.conversation, schema.summary) == ("a.y", "a.x")
    assert examples[None][0].example.conversation == "Another one."


def test_list_with_more_objects_later_is_told(tmp_path: Path) -> None:
    later = {"input": {"conversation": "x"}, "answers": [{"text": "first"}, {"text": "second"}]}
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in [*ROWS, later, later]))
    table = open_table([tmp_path / "a.jsonl"])
    *_, last = table
    assert (last.values["answers[0].text"], last.line) == ("first", len(ROWS) + 2)
    assert table.remarks == (
        'Some rows have several objects in "answers": "answers[0].text" is that of the first.',
    )
