from pathlib import Path
from typing import Any

import pytest

from engine.config.data_options import DataOptions
from engine.data.file_kinds import DATA_SUFFIXES
from engine.errors import DataError, UnlabelledError
from engine.options import check
from engine.worker.dataset import dataset
from engine.worker.ingestion import sources
from engine.worker.readers import archives
from engine.worker.runtime.channel import Channel
from tests.helpers.channel_events import notice_messages
from tests.helpers.table_files import write

Rows = list[dict[str, str]]


def options(source: Path | str, **values: Any) -> DataOptions:
    found, problems = check(DataOptions, {"source": str(source), **values}, "data")
    assert isinstance(found, DataOptions), problems
    return found


def talks(count: int, first: int = 0) -> Rows:
    return [
        {"dialogue": f"Ann: Message {number}\nBob: Fine.", "summary": f"Summary {number}."}
        for number in range(first, first + count)
    ]


def folder_of_splits(tmp_path: Path, **splits: Rows) -> Path:
    """Write a folder with a csv file for each split."""
    folder = tmp_path / "talks"
    folder.mkdir()
    for split, rows in splits.items():
        write(folder / f"{split}.csv", rows)
    return folder


def test_split_is_the_seeds_and_keeps_equal_conversations_together(tmp_path, channel):
    rows = [row | {"summary": f"{row['summary']} {copy}"} for row in talks(20) for copy in range(3)]
    path = write(tmp_path / "talks.csv", rows)
    first, again = (dataset.read(options(path), channel) for _ in range(2))
    other = dataset.read(options(path, split_seed=7), channel)
    assert list(first.train) == list(again.train)
    assert first.fingerprint == again.fingerprint
    assert first.fingerprint != other.fingerprint
    sets = [
        {example.conversation for example in split} for split in (first.train, first.validation, first.test)
    ]
    assert sum(map(len, sets)) == 20
    assert (len(first.validation), len(first.test)) == (6, 6)


def test_folder_of_split_files_is_taken_as_it_is(tmp_path, channel):
    contents = {"train": talks(5), "dev": talks(2, 10), "my-test": talks(3, 20), "other": talks(9, 30)}
    folder = folder_of_splits(tmp_path, **contents)
    (folder / "README.md").write_text("---\nlicense: cc-by-4.0\n---\n# Talks\n", encoding="utf-8")
    splits = dataset.read(options(folder, unnamed_files="leave_out"), channel)
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (5, 2, 3)
    assert splits.test[0].summary == "Summary 20."
    assert splits.licence == "cc-by-4.0"
    assert notice_messages(channel) == ["Skipped, no split in the name: other.csv."]


def test_missing_split_is_held_out_of_training_with_a_notice(tmp_path, channel):
    folder = folder_of_splits(tmp_path, train=talks(20), test=talks(4, 50))
    splits = dataset.read(options(folder), channel)
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (18, 2, 4)
    assert not set(splits.train) & set(splits.validation)
    assert notice_messages(channel) == [
        "The data has no validation split: 2 training conversations held out."
    ]


def test_every_counts_rows_of_each_split_before_the_limits(tmp_path, channel):
    folder = folder_of_splits(tmp_path, train=talks(25), validation=talks(13), test=talks(12))
    splits = dataset.read(options(folder, every=12, max_train=2), channel)
    assert [example.summary for example in splits.train] == ["Summary 0.", "Summary 12."]
    assert [example.id for example in splits.validation] == ["1", "13"]
    assert [example.id for example in splits.test] == ["1"]


def test_rows_without_conversation_or_summary_are_left_out_with_a_notice(tmp_path, channel):
    lacking = [("  ", "Nothing was said."), ("Ann: Hi.", ""), ("\n", "x")]
    train = talks(4) + [{"dialogue": said, "summary": summary} for said, summary in lacking]
    folder = folder_of_splits(tmp_path, train=train, validation=talks(1), test=talks(1))
    splits = dataset.read(options(folder), channel)
    assert len(splits.train) == 4
    assert notice_messages(channel) == [
        "Skipped 2 rows of train without a conversation: line 10, line 12. The other 5 are fine.",
        "Skipped 1 row of train without a summary: line 11. The other 6 are fine.",
    ]


def fail(source: Path, channel: Channel, **values: Any) -> DataError:
    with pytest.raises(DataError) as caught:
        dataset.read(options(source, **values), channel)
    return caught.value


def test_missing_file_is_said(tmp_path, channel):
    error = fail(tmp_path / "none.csv", channel)
    assert (error.field, error.message) == ("data.source", f"{tmp_path / 'none.csv'} doesn't exist.")


@pytest.mark.parametrize(
    "rows",
    [
        [row | {"summary": ""} for row in talks(20)],
        [{"dialogue": row["dialogue"]} for row in talks(20)],
        [{"dialogue": row["dialogue"], "topic": "tea", "day": "7"} for row in talks(20)],
        [{"messages": [{"role": "a", "content": "Hi"}, {"role": "b", "content": "Yo"}]} for _ in range(20)],
    ],
)
def test_conversations_without_any_summary_are_counted(tmp_path, channel, rows):
    error = fail(write(tmp_path / "a.jsonl", rows), channel)
    assert isinstance(error, UnlabelledError)
    assert error.count == 20
    assert (error.field, error.message) == ("data.summary", "No summaries yet: 20 conversations.")


def test_a_column_that_may_hold_the_summaries_is_asked_for(tmp_path, channel):
    said = [f"Ann says on day {number} that she brings the cake." for number in range(20)]
    rows = [{"dialogue": f"Ann: Hi.\nBo: {text}", "a": text, "b": text[4:]} for text in said]
    assert (
        fail(write(tmp_path / "a.jsonl", rows), channel).message == "a.jsonl: No column looks like summaries."
    )


def test_too_few_conversations_for_three_splits_are_said(tmp_path, channel):
    error = fail(write(tmp_path / "a.csv", talks(2)), channel)
    assert error.field == "data.source"
    assert "too few conversations for the train split" in error.message


def test_splits_that_are_not_needed_may_be_missing(tmp_path, channel):
    folder = folder_of_splits(tmp_path, test=talks(4))
    splits = dataset.read(options(folder), channel, needs=("test",))
    assert (len(splits.train), len(splits.test)) == (0, 4)


def test_broken_rows_are_refused_by_place_or_left_out_with_a_notice(tmp_path, channel):
    rows = [f"Ann: {number},s\n" for number in range(12)]
    (tmp_path / "a.csv").write_text("dialogue,summary\n" + "".join(rows) + "no summary\nx,y,z\n")
    error = fail(tmp_path / "a.csv", channel)
    assert error.field == "data.broken_rows"
    assert error.message == (
        'a.csv can\'t be read: 2 broken rows (line 14: it ends before the column "summary"; '
        'line 15: it continues after the column "summary": 3 cells for 2 columns).'
    )
    splits = dataset.read(options(tmp_path / "a.csv", broken_rows="leave_out"), channel)
    assert len((*splits.train, *splits.validation, *splits.test)) == 12
    (told,) = notice_messages(channel)
    assert told.startswith("a.csv: 2 broken rows (line ")


def test_links_in_a_circle_are_said(tmp_path, channel):
    folder = folder_of_splits(tmp_path, train=talks(1))
    (folder / "test.csv").symlink_to(folder / "test.csv")
    (folder / "round").symlink_to(folder)
    for source in (folder, folder / "test.csv"):
        error = fail(source, channel)
        assert error.field == "data.source"
        assert "test.csv is a link to" in error.message
    (folder / "test.csv").unlink()
    assert len(dataset.read(options(folder), channel, needs=("train",)).train) == 1


def test_recipes_know_every_kind_of_file_by_its_name():
    assert set(DATA_SUFFIXES) == {*sources.PLAIN_SUFFIXES, *archives.SUFFIXES}


def test_what_programs_leave_beside_data_is_no_data(tmp_path, channel):
    folder = folder_of_splits(tmp_path, **dict.fromkeys(sources.SPLITS, talks(1)))
    for name in ("~$train.xlsx", "cache-12.arrow", ".hidden.csv", "dataset_info.json"):
        (folder / name).write_bytes(b"x")
    assert len(dataset.read(options(folder), channel).test) == 1
