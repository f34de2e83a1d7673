"""Data that is no data: the file, the row and the column are named, and nothing is dropped without a word.

Each case goes the whole way of a recipe's source; how single readers say it is shown beside them.
"""

import gzip
import json
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from engine.config.data_options import DataOptions
from engine.errors import DataError
from engine.jobs.events import read_all
from engine.worker.dataset import dataset
from engine.worker.readers import open_table
from engine.worker.runtime.channel import Channel
from tests.helpers.channel_events import notice_messages
from tests.helpers.systems import deletable_open_files
from tests.helpers.table_files import write

Rows = list[dict[str, Any]]
TEN_MILLION = 10_000_000


def talks(count: int = 12) -> Rows:
    return [{"dialogue": f"Ann: {number}", "summary": f"s{number}"} for number in range(count)]


NAMES = ("a.csv", "a.json", "a.jsonl", "a.parquet", "a.arrow", "a.xlsx")


def read(path: Path, channel: Channel, **values: Any) -> dataset.Splits:
    return dataset.read(DataOptions(source=str(path), **values), channel)


def refused(path: Path, channel: Channel, **values: Any) -> DataError:
    with pytest.raises(DataError) as caught:
        read(path, channel, **values)
    assert caught.value.hint
    return caught.value


def count(splits: dataset.Splits) -> int:
    return len((*splits.train, *splits.validation, *splits.test))


@pytest.mark.parametrize("name", ["a.jsonl", "a.parquet"])
def test_ten_megabytes_in_one_cell_are_named_and_the_rest_is_read_after_consent(name, tmp_path, channel):
    rows = talks()
    rows[5]["dialogue"] = "x" * TEN_MILLION
    write(tmp_path / name, rows)
    error = refused(tmp_path / name, channel)
    assert error.field == "data.broken_rows"
    place = f'{name} can\'t be read: 1 broken row (row 6: column "dialogue" has 10,000,000 characters'
    assert error.message.startswith(place)
    assert count(read(tmp_path / name, channel, broken_rows="leave_out")) == 11
    assert any("row 6" in notice for notice in notice_messages(channel))


@pytest.mark.parametrize(
    ("name", "deed"),
    [
        pytest.param(name, deed, marks=[] if deed == "grow" else deletable_open_files)
        for name, deed in zip(NAMES, cycle(["go", "grow", "other"]), strict=False)
    ],
)
def test_a_file_that_changes_or_vanishes_while_it_is_read_is_named(name, deed, tmp_path):
    path, other, words = (
        tmp_path / name, tmp_path / f"other-{name}", "was deleted" if deed == "go" else "changed",
    )  # fmt: skip
    write(path, talks(3000))
    write(other, talks(3000))
    rows = iter(open_table([path]))
    next(rows)
    if deed == "go":
        path.unlink()
    elif deed == "grow":
        with path.open("ab") as stream:
            stream.write(b"\n")
    else:
        other.replace(path)
    with pytest.raises(DataError, match=f"{name} {words} while being read"):
        list(rows)


def broken_lines(channel: Channel) -> list[str]:
    events = read_all(channel.job.events_path)
    return [row["place"] for event in events if event["event"] == "rows_broken" for row in event["rows"]]


def test_every_broken_row_is_told_however_many_there_are(tmp_path, channel):
    lines: Sequence[str] = [json.dumps(row) for row in talks(9000)]
    lines = [line[:-2] if number % 2 else line for number, line in enumerate(lines)]
    (tmp_path / "a.jsonl").write_text("\n".join(lines), encoding="utf-8")
    splits = read(tmp_path / "a.jsonl", channel, broken_rows="leave_out")
    assert count(splits) == 4500
    assert broken_lines(channel) == [f"line {number + 1:,}" for number in range(9000) if number % 2]


def test_packed_tables_beside_plain_ones_are_read_and_the_rest_is_told(tmp_path, channel):
    folder = tmp_path / "talks"
    folder.mkdir()
    write(folder / "train.csv", talks(6))
    write(folder / "test.csv", talks(3))
    for name in ("train", "test"):
        content = (folder / f"{name}.csv").read_bytes()
        (folder / f"{name}.csv.gz").write_bytes(gzip.compress(content))
    (folder / "test.csv").unlink()
    write(folder / "validation.jsonl", talks(2))
    (folder / "notes.txt").write_text("Ann: Hi")
    (folder / "README.txt").write_text("What this is.")
    splits = read(folder, channel)
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (6, 2, 3)
    assert notice_messages(channel) == ["Skipped, other files are read: notes.txt, train.csv.gz."]
