"""Splits that the names of a folder's files tell, and the question where only some of them do."""

from __future__ import annotations

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


def test_names_joined_to_other_letters_tell_the_split_and_it_is_shown(
    tmp_path: Path, channel: Channel
) -> None:
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
def test_published_test_rows_are_never_trained_on(
    tmp_path: Path, channel: Channel, names: tuple[str, ...], expected: dict[str, int]
) -> None:
    _, rows = selected(talks(tmp_path, *names), channel)
    assert {split: len(summaries) for split, summaries in rows.items()} == expected


def test_files_whose_names_tell_no_split_are_asked_about(tmp_path: Path, channel: Channel) -> None:
    folder = talks(tmp_path, "train.jsonl", "test.jsonl", "more.jsonl")
    with pytest.raises(DataError) as caught:
        selected(folder, channel)
    assert caught.value.field == UNNAMED_FIELD
    assert caught.value.message == (
        "The names of some files tell their split (test: test.jsonl; train: train.jsonl), and those of others do not: "
        "more.jsonl."
    )


@pytest.mark.parametrize("answer", [answer.value for answer in questions.answers(Problem(UNNAMED_FIELD, ""))])
def test_each_answer_is_followed(tmp_path: Path, channel: Channel, answer: Any) -> None:
    folder = talks(tmp_path, "train.jsonl", "test.jsonl", "more.jsonl")
    _, rows = selected(folder, channel, unnamed_files=answer)
    where = [split for split, summaries in rows.items() if "more.jsonl" in summaries]
    assert where == ([] if answer == "leave_out" else [answer])
    assert rows["train"][-1] == "train.jsonl"
    assert "more.jsonl" in "".join(notice_messages(channel))
