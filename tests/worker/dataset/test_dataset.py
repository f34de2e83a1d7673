"""Reading conversations from every kind of source, and what is said when they can't be read."""

from __future__ import annotations

import csv
import gzip
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import pytest

from engine.config.data_options import DataOptions
from engine.data.file_kinds import DATA_SUFFIXES
from engine.errors import DataError, UnlabelledError
from engine.jobs.events import Event, read_all
from engine.options import check
from engine.worker.dataset import dataset
from engine.worker.ingestion import sources
from engine.worker.readers import archives
from engine.worker.runtime.channel import Channel
from tests.helpers.shared_data import SAMSUM, needs_samsum

Rows = list[tuple[str, str]]


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
    splits = dataset.read(options(write(tmp_path / name, rows)), channel)
    examples = (*splits.train, *splits.validation, *splits.test)
    assert sorted((example.conversation, example.summary) for example in examples) == sorted(rows)
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (16, 2, 2)
    assert not notices(channel)


def test_split_is_the_seeds_and_keeps_equal_conversations_together(tmp_path: Path, channel: Channel) -> None:
    rows = [(conversation, f"{summary} {copy}") for conversation, summary in talks(20) for copy in range(3)]
    path = write_csv(tmp_path / "talks.csv", rows)
    first, again = (dataset.read(options(path), channel) for _ in range(2))
    other = dataset.read(options(path, split_seed=7), channel)
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
    splits = dataset.read(options(folder, unnamed_files="leave_out"), channel)
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (5, 2, 3)
    assert splits.test[0].summary == "Summary 20."
    assert splits.licence == "cc-by-4.0"
    assert [notice["message"] for notice in notices(channel)] == [
        "Left out, as no split stands in the name: other.csv."
    ]


@pytest.mark.parametrize(
    ("path", "split"),
    [
        ("data/train-00000-of-00001.parquet", "train"),
        ("validation/data-00000-of-00001.arrow", "validation"),
        ("Samsum_VAL.json", "validation"),
        ("test2.csv", "test"),
        ("training.csv", "train"),
        ("MyTrainingSet.csv", "train"),
        ("Corpus-TestSet-1/part-0.parquet", "test"),
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
    splits = dataset.read(options(tmp_path / "saved"), channel)
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (6, 2, 2)


def test_missing_split_is_held_out_of_training_with_a_notice(tmp_path: Path, channel: Channel) -> None:
    folder = tmp_path / "talks"
    folder.mkdir()
    write_csv(folder / "train.csv", talks(20))
    write_csv(folder / "test.csv", talks(4, 50))
    splits = dataset.read(options(folder), channel)
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (18, 2, 4)
    assert not set(splits.train) & set(splits.validation)
    assert [notice["message"] for notice in notices(channel)] == [
        "The data has no validation split: 2 training conversations held out for it."
    ]


def test_every_counts_rows_of_each_split_before_the_limits(tmp_path: Path, channel: Channel) -> None:
    folder = tmp_path / "talks"
    folder.mkdir()
    for split, count in (("train", 25), ("validation", 13), ("test", 12)):
        write_csv(folder / f"{split}.csv", talks(count))
    splits = dataset.read(options(folder, every=12, max_train=2), channel)
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
    splits = dataset.read(options(folder), channel)
    assert len(splits.train) == 4
    assert [notice["message"] for notice in notices(channel)] == [
        "2 rows of train have no conversation and are left out (line 10, line 12). The other 5 are fine.",
        "Line 11 of train has no summary and is left out. The other 6 are fine.",
    ]


def test_fingerprint_is_of_the_texts_used_and_not_of_the_file(tmp_path: Path, channel: Channel) -> None:
    rows = talks(20)
    as_csv = dataset.read(options(write_csv(tmp_path / "a.csv", rows)), channel)
    as_json = dataset.read(options(write_json(tmp_path / "b.json", rows)), channel)
    fewer = dataset.read(options(tmp_path / "a.csv", max_train=3), channel)
    assert as_csv.fingerprint == as_json.fingerprint != fewer.fingerprint


def test_ids_come_from_the_id_column(tmp_path: Path, channel: Channel) -> None:
    rows = [(f"00{number}", *talk) for number, talk in enumerate(talks(10))]
    path = write_csv(tmp_path / "a.csv", rows, ("id", "dialogue", "summary"))
    splits = dataset.read(options(path), channel)
    ids = {example.id for example in (*splits.train, *splits.validation, *splits.test)}
    assert ids == {f"00{number}" for number in range(10)}


def fail(source: Path, channel: Channel, **values: Any) -> DataError:
    with pytest.raises(DataError) as caught:
        dataset.read(options(source, **values), channel)
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
        ("a.json", b'[{"dialogue": "a"', "a.json can't be read"),
        ("a.parquet", b"no parquet", "a.parquet can't be read"),
        ("a.docx", b"PK", "a.docx can't be read: it is no whole Word document"),
        ("a.swf", b"FWS", "a.swf is no kind of file that can be read"),
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


@pytest.mark.parametrize(
    "rows",
    [
        [{"dialogue": talk, "summary": ""} for talk, _ in talks(20)],
        [{"dialogue": talk} for talk, _ in talks(20)],
        [{"dialogue": talk, "topic": "tea", "day": number} for number, (talk, _) in enumerate(talks(20))],
        [{"messages": [{"role": "a", "content": "Hi"}, {"role": "b", "content": "Yo"}]} for _ in range(20)],
    ],
)
def test_conversations_without_any_summary_are_counted(
    tmp_path: Path, channel: Channel, rows: list[dict[str, Any]]
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    error = fail(path, channel)
    assert isinstance(error, UnlabelledError)
    assert error.count == 20
    assert (error.field, error.message) == ("data.summary", "These 20 conversations have no summaries yet.")


def test_a_column_that_may_hold_the_summaries_is_asked_for(tmp_path: Path, channel: Channel) -> None:
    path = tmp_path / "a.jsonl"
    said = [f"Ann says on day {number} that she brings the cake." for number in range(20)]
    rows = [{"dialogue": f"Ann: Hi.\nBo: {text}", "a": text, "b": text[4:]} for text in said]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert fail(path, channel).message == "a.jsonl: No column looks like the summary."


def test_lists_of_turns_are_read_and_other_lists_are_said(tmp_path: Path, channel: Channel) -> None:
    path = tmp_path / "a.jsonl"
    rows = [{"dialogue": [f"Ann: {number}", "Bob: b"], "summary": "c"} for number in range(12)]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert dataset.read(options(path, max_train=1), channel).train[0].conversation == "Ann: 0\nBob: b"
    path.write_text('{"dialogue": [[1, 2]], "summary": "c"}\n' * 12, encoding="utf-8")
    error = fail(path, channel)
    assert (error.field, error.message) == (
        "data.conversation",
        'a.jsonl: The column "dialogue" holds lists, not text.',
    )


def test_too_few_conversations_for_three_splits_are_said(tmp_path: Path, channel: Channel) -> None:
    error = fail(write_csv(tmp_path / "a.csv", talks(2)), channel)
    assert error.field == "data.source"
    assert "too few conversations: none is left for the train split" in error.message


def test_splits_that_are_not_needed_may_be_missing(tmp_path: Path, channel: Channel) -> None:
    folder = tmp_path / "talks"
    folder.mkdir()
    write_csv(folder / "test.csv", talks(4))
    splits = dataset.read(options(folder), channel, needs=("test",))
    assert (len(splits.train), len(splits.test)) == (0, 4)


@needs_samsum
def test_samsum_is_read_whole(channel: Channel) -> None:
    splits = dataset.read(options(SAMSUM), channel)
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (14731, 818, 819)
    assert splits.train[0].id == "13818513"
    tutorial = dataset.read(options(SAMSUM, every=12), channel)
    assert (len(tutorial.train), len(tutorial.validation), len(tutorial.test)) == (1228, 69, 69)
    assert tutorial.train[1] == splits.train[12]


def folder_of(folder: Path, **contents: str) -> Path:
    folder.mkdir()
    for name, content in contents.items():
        (folder / f"{name}.csv").write_text(content, encoding="utf-8")
    return folder


def test_broken_rows_are_refused_by_place_or_left_out_with_a_notice(tmp_path: Path, channel: Channel) -> None:
    rows = [f"Ann: {number},s\n" for number in range(12)]
    (tmp_path / "a.csv").write_text("dialogue,summary\n" + "".join(rows) + "no summary\nx,y,z\n")
    error = fail(tmp_path / "a.csv", channel)
    assert error.field == "data.broken_rows"
    assert error.message == (
        'a.csv can\'t be read: 2 rows are broken (line 14: it ends before the column "summary"; '
        'line 15: it goes on behind the column "summary": 3 cells for 2 columns).'
    )
    splits = dataset.read(options(tmp_path / "a.csv", broken_rows="leave_out"), channel)
    assert len((*splits.train, *splits.validation, *splits.test)) == 12
    assert [notice["message"][:31] for notice in notices(channel)] == ["a.csv: 2 rows are broken (line "]


def test_file_of_broken_rows_alone_is_refused_in_any_case(tmp_path: Path, channel: Channel) -> None:
    (tmp_path / "a.jsonl").write_text("{\n[\n")
    error = fail(tmp_path / "a.jsonl", channel, broken_rows="leave_out")
    assert error.field == "data.source"
    assert error.message.startswith("a.jsonl can't be read: 2 rows are broken (line 1: it is no JSON")


def test_encoding_of_the_last_resort_is_told(tmp_path: Path, channel: Channel) -> None:
    folder = folder_of(
        tmp_path / "talks", **dict.fromkeys(("train", "validation"), "dialogue,summary\na,b\n")
    )
    (folder / "test.csv").write_bytes(b"dialogue,summary\nAnn: a,b\nBob: caf\xe9,c\n")
    assert dataset.read(options(folder), channel).test[1].conversation == "Bob: café"
    assert notices(channel)[0]["message"].startswith("test.csv is not UTF-8. It is read as Windows-1252")


def test_turns_in_rows_of_their_own_are_grouped(tmp_path: Path, channel: Channel) -> None:
    said = [("c1", "Ann", "Hi", "s1"), ("c1", "Bob", "Yes", "s1"), ("c2", "Cid", "No", "s2")]
    rows = "".join(",".join(row) + "\n" for row in said)
    content = f"conversation_id,speaker,text,summary\n{rows}"
    folder = folder_of(tmp_path / "talks", **dict.fromkeys(sources.SPLITS, content))
    splits = dataset.read(options(folder), channel)
    assert [(each.id, each.conversation, each.summary) for each in splits.train] == [
        ("c1", "Ann: Hi\nBob: Yes", "s1"),
        ("c2", "Cid: No", "s2"),
    ]


def test_mapping_by_hand_and_several_references_are_used(tmp_path: Path, channel: Channel) -> None:
    row = {"talk": [{"who": "Ann", "words": "Hi"}], "short": "a", "shorter": "b"}
    folder = tmp_path / "talks"
    folder.mkdir()
    for split in sources.SPLITS:
        (folder / f"{split}.jsonl").write_text(json.dumps(row) + "\n")
    mapping = {"speaker": "who", "text": "words", "references": "shorter"}
    splits = dataset.read(options(folder, conversation="talk", summary="short", columns=mapping), channel)
    [example] = splits.test
    assert (example.conversation, example.summary, example.more_references) == ("Ann: Hi", "a", ("b",))


def test_column_that_only_later_rows_have_is_found(tmp_path: Path, channel: Channel) -> None:
    rows: list[dict[str, str]] = [{"dialogue": f"Ann: {number}"} for number in range(300)]
    rows[-1]["summary"] = "s"
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    selection = dataset.select(options(tmp_path / "a.jsonl"), channel, needs=())
    assert selection.shape.summary == "summary"
    assert sum(row.missing is None for rows in selection.rows.values() for row in rows) == 1


def test_error_in_a_row_names_its_file(tmp_path: Path, channel: Channel) -> None:
    turns = [{"role": "a", "content": "x"}]
    rows = [*[{"messages": turns, "summary": "s"}] * 300, {"messages": [["x"]], "summary": "s"}]
    (tmp_path / "a.json").write_text(json.dumps(rows))
    error = fail(tmp_path / "a.json", channel)
    assert error.field == "data.conversation"
    assert error.message.startswith("a.json: Row 301: ")


def write_texts(folder: Path, count: int) -> None:
    folder.mkdir(parents=True)
    for number, (dialogue, summary) in enumerate(talks(count)):
        (folder / f"test-{number}.txt").write_bytes(dialogue.replace("\n", "\r\n").encode() + b"\r\n")
        (folder / f"test-{number}.summary.txt").write_text(summary + "\n")


def test_folder_of_texts_and_their_summaries_is_read(tmp_path: Path, channel: Channel) -> None:
    for split, count in (("train", 4), ("validation", 2), ("test", 3)):
        write_texts(tmp_path / "talks" / split, count)
    (tmp_path / "talks" / "train" / "alone.txt").write_text("Ann: nobody summed me up")
    splits = dataset.read(options(tmp_path / "talks"), channel)
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (4, 2, 3)
    assert [(each.id, each.conversation, each.summary) for each in splits.test[:1]] == [
        ("test-0", *talks(1)[0])
    ]
    assert [notice["message"][:33] for notice in notices(channel)] == ["alone.txt of train has no summary"]


def test_summary_without_its_text_is_broken(tmp_path: Path, channel: Channel) -> None:
    write_texts(tmp_path / "talks", 12)
    (tmp_path / "talks" / "test-3.txt").unlink()
    message = fail(tmp_path / "talks", channel).message
    assert (
        "test-3.summary.txt, its one row: there is no test-3.txt with the conversation beside it" in message
    )


def test_zip_is_a_folder_and_gz_a_file(tmp_path: Path, channel: Channel) -> None:
    folder = tmp_path / "talks"
    folder.mkdir()
    for split, count in (("train", 5), ("validation", 2), ("test", 3)):
        write_csv(folder / f"{split}.csv", talks(count))
    shutil.make_archive(str(tmp_path / "packed"), "zip", folder)
    (tmp_path / "single").mkdir()
    for path in folder.iterdir():
        (tmp_path / "single" / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
    plain, zipped, single = (
        dataset.read(options(source), channel).fingerprint
        for source in (folder, tmp_path / "packed.zip", tmp_path / "single")
    )
    assert plain == zipped == single
    assert (
        len(dataset.select(options(tmp_path / "single" / "test.csv.gz"), channel, needs=()).rows["train"])
        == 1
    )


def test_links_in_a_circle_are_said(tmp_path: Path, channel: Channel) -> None:
    folder = folder_of(tmp_path / "talks", train="dialogue,summary\na,b\n")
    (folder / "test.csv").symlink_to(folder / "test.csv")
    (folder / "round").symlink_to(folder)
    for source in (folder, folder / "test.csv"):
        error = fail(source, channel)
        assert error.field == "data.source"
        assert "test.csv is a link to" in error.message
    (folder / "test.csv").unlink()
    assert len(dataset.read(options(folder), channel, needs=("train",)).train) == 1


def test_path_that_can_not_be_looked_into_is_said(channel: Channel) -> None:
    error = fail(Path("/" + "x" * 300 + ".csv"), channel)
    assert (error.field, error.message[-20:]) == ("data.source", " File name too long.")


def test_recipes_know_every_kind_of_file_by_its_name() -> None:
    assert set(DATA_SUFFIXES) == {*sources.PLAIN_SUFFIXES, *archives.SUFFIXES}


def test_zip_without_data_is_said_by_its_name(tmp_path: Path, channel: Channel) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("picture.png", "x")
    assert fail(tmp_path / "a.zip", channel).message == f"There are no data files in {tmp_path / 'a.zip'}."


def test_what_programs_leave_beside_data_is_no_data(tmp_path: Path, channel: Channel) -> None:
    folder = folder_of(tmp_path / "talks", **dict.fromkeys(sources.SPLITS, "dialogue,summary\na,b\n"))
    for name in ("~$train.xlsx", "cache-12.arrow", ".hidden.csv", "dataset_info.json"):
        (folder / name).write_bytes(b"x")
    assert len(dataset.read(options(folder), channel).test) == 1
