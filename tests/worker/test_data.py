"""Reading conversations from every kind of source, and what is said when they can't be read."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import datasets
import pytest

from engine.errors import DataError
from engine.events import Event, EventWriter, read_all
from engine.jobs import Job
from engine.options import check
from engine.recipe import DataOptions
from engine.worker import data, sources
from engine.worker.channel import Channel
from tests.helpers.shared_data import SAMSUM, needs_samsum

Rows = list[tuple[str, str]]


@pytest.fixture
def channel(tmp_path: Path) -> Iterator[Channel]:
    """A worker's channel onto a job of its own."""
    job = Job(tmp_path / "job")
    job.folder.mkdir()
    writer = EventWriter(job.events_path, {"job": "job", "attempt": 1})
    yield Channel(job, writer)
    writer.close()


def notices(channel: Channel) -> list[Event]:
    return [event for event in read_all(channel.job.events_path) if event["event"] == "notice"]


def options(source: Path | str, **values: Any) -> DataOptions:
    found, problems = check(DataOptions, {"source": str(source), **values}, "data")
    assert isinstance(found, DataOptions), problems
    return found


def talks(count: int, first: int = 0) -> Rows:
    return [
        (f"Ann: Message {number}\nBob: Fine.", f"Summary {number}.") for number in range(first, first + count)
    ]


def write_csv(
    path: Path, rows: Rows, header: tuple[str, ...] = ("dialogue", "summary"), delimiter: str = ","
) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter=delimiter)
        writer.writerow(header)
        writer.writerows(rows)
    return path


def write_tsv(path: Path, rows: Rows) -> Path:
    return write_csv(path, rows, delimiter="\t")


def write_semicolons(path: Path, rows: Rows) -> Path:
    return write_csv(path, rows, delimiter=";")


def as_dicts(rows: Rows) -> list[dict[str, str]]:
    return [{"dialogue": dialogue, "summary": summary} for dialogue, summary in rows]


def write_json(path: Path, rows: Rows) -> Path:
    path.write_text(json.dumps(as_dicts(rows), ensure_ascii=False), encoding="utf-8")
    return path


def write_jsonl(path: Path, rows: Rows) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in as_dicts(rows)), encoding="utf-8")
    return path


def write_parquet(path: Path, rows: Rows) -> Path:
    datasets.Dataset.from_list(as_dicts(rows)).to_parquet(path)
    return path


def write_arrow(path: Path, rows: Rows) -> Path:
    folder = path.with_suffix("")
    datasets.Dataset.from_list(as_dicts(rows)).save_to_disk(folder)
    return next(folder.glob("*.arrow")).rename(path)


WRITERS = [
    ("talks.csv", write_csv),
    ("semicolons.csv", write_semicolons),
    ("talks.tsv", write_tsv),
    ("talks.json", write_json),
    ("talks.jsonl", write_jsonl),
    ("talks.parquet", write_parquet),
    ("talks.arrow", write_arrow),
]


@pytest.mark.parametrize(("name", "write"), WRITERS, ids=[name for name, _ in WRITERS])
def test_every_kind_of_file_gives_the_same_examples(
    name: str, write: Callable[[Path, Rows], Path], tmp_path: Path, channel: Channel
) -> None:
    rows = [*talks(18), ("Ann: N/A", "null"), ("Zoë: ☕ at 10?\nBob: 007", "3")]
    splits = data.read(options(write(tmp_path / name, rows)), channel)
    examples = splits.train + splits.validation + splits.test
    assert sorted((example.conversation, example.summary) for example in examples) == sorted(rows)
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (16, 2, 2)
    assert splits.columns["conversation"] == "dialogue"
    assert not notices(channel)


def test_split_is_the_seeds_and_keeps_equal_conversations_together(tmp_path: Path, channel: Channel) -> None:
    rows = [(conversation, f"{summary} {copy}") for conversation, summary in talks(20) for copy in range(3)]
    path = write_csv(tmp_path / "talks.csv", rows)
    first, again = (data.read(options(path), channel) for _ in range(2))
    other = data.read(options(path, split_seed=7), channel)
    assert first == again
    assert first.fingerprint != other.fingerprint
    sets = [
        {example.conversation for example in split} for split in (first.train, first.validation, first.test)
    ]
    assert sum(map(len, sets)) == 20
    assert (len(first.validation), len(first.test)) == (6, 6)


def test_folder_of_split_files_is_taken_as_it_is(tmp_path: Path, channel: Channel) -> None:
    folder = tmp_path / "talks"
    folder.mkdir()
    write_csv(folder / "train.csv", talks(5))
    write_csv(folder / "dev.csv", talks(2, 10))
    write_csv(folder / "my-test.csv", talks(3, 20))
    write_csv(folder / "other.csv", talks(9, 30))
    (folder / "README.md").write_text("---\nlicense: cc-by-4.0\n---\n# Talks\n", encoding="utf-8")
    splits = data.read(options(folder), channel)
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (5, 2, 3)
    assert splits.test[0].summary == "Summary 20."
    assert splits.licence == "cc-by-4.0"
    assert not notices(channel)


@pytest.mark.parametrize(
    ("path", "split"),
    [
        ("data/train-00000-of-00001.parquet", "train"),
        ("validation/data-00000-of-00001.arrow", "validation"),
        ("Samsum_VAL.json", "validation"),
        ("test2.csv", "test"),
        ("training.csv", "train"),
        ("latest.csv", None),
        ("data.csv", None),
    ],
)
def test_split_is_read_from_whole_words_of_the_name(path: str, split: str | None) -> None:
    assert sources.split_of(Path(path)) == split


def test_what_datasets_saves_to_disk_is_read(tmp_path: Path, channel: Channel) -> None:
    parts = {"train": talks(6), "validation": talks(2, 10), "test": talks(2, 20)}
    saved = datasets.DatasetDict(
        {split: datasets.Dataset.from_list(as_dicts(rows)) for split, rows in parts.items()}
    )
    saved.save_to_disk(tmp_path / "saved")
    splits = data.read(options(tmp_path / "saved"), channel)
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (6, 2, 2)


def test_missing_split_is_held_out_of_training_with_a_notice(tmp_path: Path, channel: Channel) -> None:
    folder = tmp_path / "talks"
    folder.mkdir()
    write_csv(folder / "train.csv", talks(20))
    write_csv(folder / "test.csv", talks(4, 50))
    splits = data.read(options(folder), channel)
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (18, 2, 4)
    assert not set(splits.train) & set(splits.validation)
    assert [notice["message"] for notice in notices(channel)] == [
        "The data has no validation split: 2 training conversations are held out for it."
    ]


def test_every_counts_rows_of_each_split_before_the_limits(tmp_path: Path, channel: Channel) -> None:
    folder = tmp_path / "talks"
    folder.mkdir()
    for split, count in (("train", 25), ("validation", 13), ("test", 12)):
        write_csv(folder / f"{split}.csv", talks(count))
    splits = data.read(options(folder, every=12, max_train=2), channel)
    assert [example.summary for example in splits.train] == ["Summary 0.", "Summary 12."]
    assert [example.id for example in splits.validation] == ["1", "13"]
    assert [example.id for example in splits.test] == ["1"]


def test_rows_without_conversation_or_summary_are_left_out_with_a_notice(
    tmp_path: Path, channel: Channel
) -> None:
    folder = tmp_path / "talks"
    folder.mkdir()
    write_csv(folder / "train.csv", [*talks(4), ("  ", "Nothing was said."), ("Ann: Hi.", ""), ("\n", "x")])
    write_csv(folder / "validation.csv", talks(1))
    write_csv(folder / "test.csv", talks(1))
    splits = data.read(options(folder), channel)
    assert len(splits.train) == 4
    assert [notice["message"] for notice in notices(channel)] == [
        "2 rows of train have no conversation and are left out (5, 7). The other 5 are fine.",
        "Row 6 of train has no summary and is left out. The other 6 are fine.",
    ]


def test_fingerprint_is_of_the_texts_used_and_not_of_the_file(tmp_path: Path, channel: Channel) -> None:
    rows = talks(20)
    as_csv = data.read(options(write_csv(tmp_path / "a.csv", rows)), channel)
    as_json = data.read(options(write_json(tmp_path / "b.json", rows)), channel)
    fewer = data.read(options(tmp_path / "a.csv", max_train=3), channel)
    assert as_csv.fingerprint == as_json.fingerprint != fewer.fingerprint


def test_ids_come_from_the_id_column(tmp_path: Path, channel: Channel) -> None:
    rows = [(f"00{number}", *talk) for number, talk in enumerate(talks(10))]
    path = write_csv(tmp_path / "a.csv", rows, ("id", "dialogue", "summary"))
    splits = data.read(options(path), channel)
    ids = {example.id for example in splits.train + splits.validation + splits.test}
    assert ids == {f"00{number}" for number in range(10)}


def fail(source: Path, channel: Channel, **values: Any) -> DataError:
    with pytest.raises(DataError) as caught:
        data.read(options(source, **values), channel)
    return caught.value


def test_missing_file_is_said(tmp_path: Path, channel: Channel) -> None:
    error = fail(tmp_path / "none.csv", channel)
    assert (error.field, error.message) == ("data.source", f"There is nothing at {tmp_path / 'none.csv'}.")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", b"", "a.csv is empty"),
        ("a.csv", b"dialogue,summary\n", "There are no rows in a.csv"),
        ("a.json", b"[]", "There are no rows in a.json"),
        ("a.json", b" \n", "There are no rows in a.json"),
        ("a.csv", b"dialogue,summary\nAnn: a,b\nBob: caf\xe9,c\n", "a.csv is not UTF-8 text: line 3"),
        ("a.csv", b"dialogue,summary\na,b\na,b,c,d\n", "a.csv can't be read: .*line 3"),
        ("a.json", b'[{"dialogue": "a"', "a.json can't be read"),
        ("a.parquet", b"no parquet", "a.parquet can't be read"),
        ("a.docx", b"PK", "a.docx is no kind of file that can be read"),
    ],
)
def test_unreadable_file_is_said(
    name: str, content: bytes, words: str, tmp_path: Path, channel: Channel
) -> None:
    (tmp_path / name).write_bytes(content)
    error = fail(tmp_path / name, channel)
    assert error.field == "data.source"
    with pytest.raises(DataError, match=words):
        raise error


def test_folder_without_data_is_said(tmp_path: Path, channel: Channel) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    assert fail(folder, channel).message == f"There are no data files in {folder}."


def test_column_that_is_not_there_is_said(tmp_path: Path, channel: Channel) -> None:
    error = fail(write_csv(tmp_path / "a.csv", talks(20)), channel, conversation="dialoge")
    assert (error.field, error.hint) == (
        "data.conversation",
        "Did you mean dialogue? The columns are: dialogue, summary.",
    )


def test_empty_summary_column_is_said(tmp_path: Path, channel: Channel) -> None:
    rows = [(conversation, "") for conversation, _ in talks(20)]
    error = fail(write_csv(tmp_path / "a.csv", rows), channel)
    assert (error.field, error.message) == (
        "data.summary",
        'The column "summary" has no summary in the train split.',
    )


def test_column_of_lists_is_said(tmp_path: Path, channel: Channel) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"dialogue": ["Ann: a", "Bob: b"], "summary": "c"}\n' * 12, encoding="utf-8")
    error = fail(path, channel)
    assert (error.field, error.message) == (
        "data.conversation",
        'The column "dialogue" holds lists, not text.',
    )


def test_too_few_conversations_for_three_splits_are_said(tmp_path: Path, channel: Channel) -> None:
    error = fail(write_csv(tmp_path / "a.csv", talks(2)), channel)
    assert error.field == "data.source"
    assert "too few conversations: none is left for the train split" in error.message


def test_splits_that_are_not_needed_may_be_missing(tmp_path: Path, channel: Channel) -> None:
    folder = tmp_path / "talks"
    folder.mkdir()
    write_csv(folder / "test.csv", talks(4))
    splits = data.read(options(folder), channel, needs=("test",))
    assert (len(splits.train), len(splits.test)) == (0, 4)


@needs_samsum
def test_samsum_is_read_whole(channel: Channel) -> None:
    splits = data.read(options(SAMSUM), channel)
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (14731, 818, 819)
    assert splits.train[0].id == "13818513"
    tutorial = data.read(options(SAMSUM, every=12), channel)
    assert (len(tutorial.train), len(tutorial.validation), len(tutorial.test)) == (1228, 69, 69)
    assert tutorial.train[1] == splits.train[12]
