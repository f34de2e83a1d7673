"""Splits that lists, columns or the file names tell, and the question where only some names do."""

import json
from pathlib import Path
from typing import Any

import pytest

from engine.config.data_options import DataOptions
from engine.data import questions
from engine.errors import DataError, Problem
from engine.worker.dataset import dataset
from engine.worker.ingestion.sources import UNNAMED_FIELD
from engine.worker.runtime.channel import Channel
from tests.helpers.channel_events import notice_messages
from tests.helpers.table_files import write

Row = dict[str, Any]


def talk(number: int, **more: Any) -> Row:
    return {"dialogue": f"Ann: {number}?\nBob: Fine.", "summary": f"S{number}.", **more}


def as_json(path: Path, content: Any) -> Path:
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def numbers(source: Path, channel: Channel, **values: Any) -> dict[str, list[int]]:
    selection = dataset.select(DataOptions(source=str(source), **values), channel, needs=())
    return {split: [row.number for row in rows] for split, rows in selection.rows.items()}


def test_an_object_with_a_list_for_each_split_is_taken_as_it_is(tmp_path, channel):
    content = {"version": 2, "train": [talk(1), talk(2)], "validation": [talk(3)], "test": [talk(4), talk(5)]}
    assert numbers(as_json(tmp_path / "talks.json", content), channel) == {
        "train": [1, 2], "validation": [3], "test": [4, 5],
    }  # fmt: skip
    assert notice_messages(channel) == ['talks.json is read as splits: "train", "validation", "test".']


def test_a_list_of_a_split_beside_another_list_is_asked_about(tmp_path, channel):
    with pytest.raises(DataError, match="contains several lists: train, more"):
        numbers(as_json(tmp_path / "a.json", {"train": [talk(1)], "more": [talk(2)]}), channel)


def test_a_broken_row_is_named_with_its_list(tmp_path, channel):
    source = as_json(tmp_path / "a.json", {"train": [talk(1)], "test": [talk(2), "x"]})
    with pytest.raises(DataError, match='row 2 of "test": it is text instead of an object'):
        numbers(source, channel)


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.json"])
def test_a_column_of_splits_is_recognised_in_any_table(tmp_path, channel, name):
    places = ["train", "Test", "train", "validation", "dev"]
    rows = [talk(number, Split=place) for number, place in enumerate(places)]
    assert numbers(write(tmp_path / name, rows), channel) == {
        "train": [1, 3], "validation": [4, 5], "test": [2],
    }  # fmt: skip


def test_rows_that_name_no_split_are_left_out_and_said(tmp_path, channel):
    first = [talk(number, split="train") for number in range(300)]
    rows = [*first, talk(300, split="held"), talk(301, split="test"), talk(302, split="")]
    assert numbers(write(tmp_path / "a.jsonl", rows), channel)["test"] == [302]
    assert notice_messages(channel) == [
        '2 rows skipped: "split" names no split ("held" 1, "" 1; rows 301, 303).'
    ]


def test_a_column_that_means_something_else_makes_no_splits(tmp_path, channel):
    rows = [talk(number, set=f"set {number}") for number in range(20)]
    row_numbers = numbers(write(tmp_path / "a.jsonl", rows), channel)
    assert [len(row_numbers[split]) for split in ("train", "validation", "test")] == [16, 2, 2]


def test_a_column_of_splits_can_be_named_by_hand(tmp_path, channel):
    rows = [talk(1, part="train"), talk(2, part="test"), talk(3, part="neither")]
    row_numbers = numbers(write(tmp_path / "a.jsonl", rows), channel, columns={"split": "part"})
    assert row_numbers == {"train": [1], "validation": [], "test": [2]}
    with pytest.raises(DataError, match='There is no column "parts"') as caught:
        numbers(tmp_path / "a.jsonl", channel, columns={"split": "parts"})
    assert caught.value.field == "data.columns"


def test_names_of_files_go_before_what_stands_in_them(tmp_path, channel):
    folder = tmp_path / "talks"
    folder.mkdir()
    write(folder / "train.jsonl", [talk(1, split="test"), talk(2, split="train")])
    write(folder / "test.jsonl", [talk(3, split="train")])
    assert numbers(folder, channel) == {"train": [1, 2], "validation": [], "test": [1]}


def test_turns_of_one_conversation_are_in_one_split(tmp_path, channel):
    def turn(chat: str, split: str) -> Row:
        return {"chat_id": chat, "speaker": "Ann", "text": "Hi", "summary": "Hi.", "split": split}

    rows = [turn("a", "train"), turn("b", "test"), turn("a", "train")]
    row_numbers = numbers(write(tmp_path / "a.jsonl", rows), channel)
    assert row_numbers == {"train": [1], "validation": [], "test": [2]}
    with pytest.raises(DataError, match=r'Conversation "a" \(row 1 and more\) has turns in several splits'):
        numbers(write(tmp_path / "b.jsonl", [*rows, turn("a", "test")]), channel)


def talks(folder: Path, *names: str) -> Path:
    """Write a file of one example for each name; the example says the file's name."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".txt":
            path.write_text(f"Ann: {name}?\nBob: Yes.", encoding="utf-8")
            path.with_suffix(".summary.txt").write_text(name, encoding="utf-8")
        else:
            row = {"dialogue": f"Ann: {name}?\nBob: Yes.", "summary": name}
            path.write_text(json.dumps(row) + "\n", encoding="utf-8")
    return folder


def selected(folder: Path, channel: Channel, **values: Any) -> tuple[str, dict[str, list[str]]]:
    """Return the reason of the schema, and the files that each split is read from."""
    selection = dataset.select(DataOptions(source=str(folder), **values), channel, needs=())
    rows: dict[str, list[str]] = {
        split: sorted(row.example.summary for row in rows) for split, rows in selection.rows.items() if rows
    }
    return selection.shape.reason, rows


def test_names_joined_to_other_letters_tell_the_split_and_it_is_shown(tmp_path, channel):
    names = ("MyTrainingSet.jsonl", "testdata.jsonl", "dev_clean.jsonl")
    reason, rows = selected(talks(tmp_path, *names), channel)
    assert rows == {"train": [names[0]], "test": [names[1]], "validation": [names[2]]}
    assert reason.endswith("by their names")
    assert "test (testdata.jsonl)" in reason


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("dialogstrain1.jsonl", "dialogstest1.jsonl"), {"train": 1, "test": 1}),
        (("qqtrain.jsonl", "qqtest.jsonl"), {"train": 1, "test": 1}),
        (("train_1.txt", "train_2.txt", "test_1.txt"), {"train": 2, "test": 1}),
        (("Corpus-TestSet-1/a.txt", "Corpus-TrainSet-1/b.txt"), {"train": 1, "test": 1}),
        (("holdout.jsonl", "trn.jsonl"), {"train": 1, "test": 1}),
    ],
)
def test_published_test_rows_are_never_trained_on(tmp_path, channel, names, expected):
    _, rows = selected(talks(tmp_path, *names), channel)
    assert {split: len(summaries) for split, summaries in rows.items()} == expected


def test_files_whose_names_tell_no_split_are_asked_about(tmp_path, channel):
    folder = talks(tmp_path, "train.jsonl", "test.jsonl", "more.jsonl")
    with pytest.raises(DataError) as caught:
        selected(folder, channel)
    assert caught.value.field == UNNAMED_FIELD
    assert caught.value.message == (
        "Some file names contain a split (test: test.jsonl; train: train.jsonl), others don't: more.jsonl."
    )


@pytest.mark.parametrize("answer", [answer.value for answer in questions.answers(Problem(UNNAMED_FIELD, ""))])
def test_each_answer_is_followed(tmp_path, channel, answer):
    folder = talks(tmp_path, "train.jsonl", "test.jsonl", "more.jsonl")
    _, rows = selected(folder, channel, unnamed_files=answer)
    where = [split for split, summaries in rows.items() if "more.jsonl" in summaries]
    assert where == ([] if answer == "leave_out" else [answer])
    assert rows["train"][-1] == "train.jsonl"
    assert "more.jsonl" in "".join(notice_messages(channel))
