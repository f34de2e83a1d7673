"""Splits that a single file tells: a list of rows for each, or a column that names them."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from engine.config.data_options import DataOptions
from engine.errors import DataError
from engine.worker.dataset import dataset
from engine.worker.runtime.channel import Channel
from tests.helpers.channel_events import notice_messages

Row = dict[str, Any]


def talk(number: int, **more: Any) -> Row:
    return {"dialogue": f"Ann: {number}?\nBob: Fine.", "summary": f"S{number}.", **more}


def as_json(path: Path, content: Any) -> Path:
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def as_lines(path: Path, rows: list[Row]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def as_csv(path: Path, rows: list[Row]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def numbers(source: Path, channel: Channel, **values: Any) -> dict[str, list[int]]:
    """Return the numbers of the rows that each split has."""
    selection = dataset.select(DataOptions(source=str(source), **values), channel, needs=())
    return {split: [row.number for row in rows] for split, rows in selection.rows.items()}


def test_an_object_with_a_list_for_each_split_is_taken_as_it_is(tmp_path: Path, channel: Channel) -> None:
    content = {
        "version": 2,
        "train": [talk(1), talk(2)],
        "validation": [talk(3)],
        "test": [talk(4), talk(5)],
    }
    assert numbers(as_json(tmp_path / "talks.json", content), channel) == {
        "train": [1, 2],
        "validation": [3],
        "test": [4, 5],
    }
    assert notice_messages(channel) == [
        'talks.json holds lists that are read as splits: "train", "validation", "test".'
    ]


def test_a_list_of_a_split_beside_another_list_is_refused(tmp_path: Path, channel: Channel) -> None:
    with pytest.raises(DataError, match='it holds several lists, "train" and "more", not one'):
        numbers(as_json(tmp_path / "a.json", {"train": [talk(1)], "more": [talk(2)]}), channel)


def test_a_broken_row_is_named_with_its_list(tmp_path: Path, channel: Channel) -> None:
    source = as_json(tmp_path / "a.json", {"train": [talk(1)], "test": [talk(2), "x"]})
    with pytest.raises(DataError, match='row 2 of "test": it is text, no object with names'):
        numbers(source, channel)


@pytest.mark.parametrize(("write", "name"), [(as_lines, "a.jsonl"), (as_csv, "a.csv"), (as_json, "a.json")])
def test_a_column_of_splits_is_recognised_in_any_table(
    tmp_path: Path, channel: Channel, write: Any, name: str
) -> None:
    places = ["train", "Test", "train", "validation", "dev"]
    rows = [talk(number, Split=place) for number, place in enumerate(places)]
    assert numbers(write(tmp_path / name, rows), channel) == {
        "train": [1, 3],
        "validation": [4, 5],
        "test": [2],
    }


def test_rows_that_name_no_split_are_left_out_and_said(tmp_path: Path, channel: Channel) -> None:
    first = [talk(number, split="train") for number in range(300)]
    rows = [*first, talk(300, split="held"), talk(301, split="test"), talk(302, split="")]
    assert numbers(as_lines(tmp_path / "a.jsonl", rows), channel)["test"] == [302]
    assert notice_messages(channel) == [
        '2 rows left out, as the column "split" names no split there ("held" 1, "" 1; rows 301, 303).'
    ]


def test_a_column_that_means_something_else_makes_no_splits(tmp_path: Path, channel: Channel) -> None:
    rows = [talk(number, set=f"set {number}") for number in range(20)]
    row_numbers = numbers(as_lines(tmp_path / "a.jsonl", rows), channel)
    assert [len(row_numbers[split]) for split in ("train", "validation", "test")] == [16, 2, 2]


def test_a_column_of_splits_can_be_named_by_hand(tmp_path: Path, channel: Channel) -> None:
    rows = [talk(1, part="train"), talk(2, part="test"), talk(3, part="neither")]
    row_numbers = numbers(as_lines(tmp_path / "a.jsonl", rows), channel, columns={"split": "part"})
    assert row_numbers == {"train": [1], "validation": [], "test": [2]}
    with pytest.raises(DataError, match='There is no column "parts"') as caught:
        numbers(tmp_path / "a.jsonl", channel, columns={"split": "parts"})
    assert caught.value.field == "data.columns"


def test_names_of_files_go_before_what_stands_in_them(tmp_path: Path, channel: Channel) -> None:
    folder = tmp_path / "talks"
    folder.mkdir()
    as_lines(folder / "train.jsonl", [talk(1, split="test"), talk(2, split="train")])
    as_lines(folder / "test.jsonl", [talk(3, split="train")])
    assert numbers(folder, channel) == {"train": [1, 2], "validation": [], "test": [1]}


def test_turns_of_one_conversation_are_in_one_split(tmp_path: Path, channel: Channel) -> None:
    def turn(chat: str, split: str) -> Row:
        return {"chat_id": chat, "speaker": "Ann", "text": "Hi", "summary": "Hi.", "split": split}

    rows = [turn("a", "train"), turn("b", "test"), turn("a", "train")]
    row_numbers = numbers(as_lines(tmp_path / "a.jsonl", rows), channel)
    assert row_numbers == {"train": [1], "validation": [], "test": [2]}
    with pytest.raises(DataError, match=r'Conversation "a" \(row 1 and more\) has turns in several splits'):
        numbers(as_lines(tmp_path / "b.jsonl", [*rows, turn("a", "test")]), channel)
