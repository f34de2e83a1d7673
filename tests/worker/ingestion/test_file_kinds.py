"""The same conversations in every kind of file are the same examples, with the same fingerprint."""

import csv
import gzip
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import pytest

from engine.config.data_options import DataOptions
from engine.system.paths import sample_folder
from engine.worker.dataset import dataset
from engine.worker.dataset.dataset import Splits
from engine.worker.ingestion.sources import SPLITS
from engine.worker.runtime.channel import Channel
from tests.helpers.shared_data import SAMSUM, needs_samsum
from tests.helpers.table_files import write, write_csv

Row = dict[str, str]
Write = Callable[[Path, Sequence[Row]], object]
NAMES = ("id", "dialogue", "summary")
# Of the three csv files as they are, taken before any other kind of file could be read.
SAMSUM_FINGERPRINT = "9ff3e78c9d663e0a4ec24c8d40ed20bd2b63a62fd78be76f9b9c64ca7334e2df"


def read(folder: Path, channel: Channel) -> Splits:
    return dataset.read(DataOptions(source=str(folder)), channel)


def as_columns(path: Path, rows: Sequence[Row]) -> None:
    path.write_text(json.dumps(columns(rows)), encoding="utf-8")


def as_nested(path: Path, rows: Sequence[Row]) -> None:
    path.write_text(json.dumps({"version": 1, "data": list(rows)}), encoding="utf-8")


def columns(rows: Sequence[Mapping[str, str]]) -> dict[str, list[str]]:
    return {name: [row[name] for row in rows] for name in NAMES}


def as_gz(path: Path, rows: Sequence[Row]) -> None:
    path.write_bytes(gzip.compress(write(path.with_suffix(""), rows).read_bytes()))
    path.with_suffix("").unlink()


KINDS: dict[str, tuple[str, Write]] = {
    "csv": (".csv", write),
    "csv with CRLF": (".csv", partial(write_csv, end="\r\n")),
    "csv with CR": (".csv", partial(write_csv, end="\r")),
    "csv with semicolons": (".csv", partial(write_csv, delimiter=";")),
    "csv in UTF-8 with a mark": (".csv", partial(write_csv, encoding="utf-8-sig")),
    "csv in UTF-16": (".csv", partial(write_csv, encoding="utf-16")),
    "csv in UTF-16 without a mark": (".csv", partial(write_csv, encoding="utf-16-le")),
    "tsv": (".tsv", write),
    "json": (".json", write),
    "json of columns": (".json", as_columns),
    "json with a list inside": (".json", as_nested),
    "jsonl": (".jsonl", write),
    "parquet": (".parquet", write),
    "arrow": (".arrow", write),
    "xlsx": (".xlsx", write),
    "gz": (".jsonl.gz", as_gz),
}


def rows_of(split: str) -> list[Row]:
    """Return rows of SAMSum where it is, else of the sample; both have line breaks, emoji and odd characters."""
    if SAMSUM.exists():
        with (SAMSUM / f"{split}.csv").open(encoding="utf-8", newline="") as stream:
            return [dict(row) for row in csv.DictReader(stream)]
    lines = (sample_folder() / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()
    return [{name: json.loads(line)[name] for name in NAMES} for line in lines]


@pytest.fixture(scope="module")
def talks():
    odd = {
        "id": "007",
        "dialogue": "Zoë: N/A; a, b | c\t\"d\" 'e'\nBob: ☕ 👍🏽 \u2028 NaN",
        "summary": "null",
    }
    found: dict[str, list[Row]] = {
        split: rows_of(split)[: 100 if split == "train" else 40] for split in SPLITS
    }
    found["test"] = [*found["test"], odd]
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_file_gives_the_same_examples(kind, talks, tmp_path, channel):
    ending, put = KINDS[kind]
    (tmp_path / "talks").mkdir()
    for split, rows in talks.items():
        put(tmp_path / "talks" / f"{split}{ending}", rows)
    splits = read(tmp_path / "talks", channel)
    for split, rows in talks.items():
        found = [(each.id, each.conversation, each.summary) for each in splits.of(split)]
        assert found == [(row["id"], row["dialogue"], row["summary"]) for row in rows]


@pytest.mark.parametrize("pack", ["zip", "gz"])
@pytest.mark.parametrize("kind", ["csv in UTF-16", "json", "jsonl", "parquet", "xlsx"])
def test_files_are_read_packed_too(kind, pack, talks, tmp_path, channel):
    ending, put = KINDS[kind]
    (tmp_path / "talks").mkdir()
    for split, rows in talks.items():
        put(tmp_path / "talks" / f"{split}{ending}", rows[:5])
    plain = read(tmp_path / "talks", channel).fingerprint
    for path in sorted((tmp_path / "talks").iterdir()):
        if pack == "gz":
            path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        else:
            with zipfile.ZipFile(tmp_path / "talks.zip", "a", zipfile.ZIP_DEFLATED) as archive:
                archive.write(path, f"inner/{path.name}")
        path.unlink()
    packed = tmp_path / ("talks" if pack == "gz" else "talks.zip")
    assert read(packed, channel).fingerprint == plain


def test_saved_data_sets_give_the_same_examples(talks, tmp_path, channel):
    datasets = pytest.importorskip("datasets")
    saved = datasets.DatasetDict({split: datasets.Dataset.from_list(rows) for split, rows in talks.items()})
    saved.save_to_disk(tmp_path / "saved")
    (tmp_path / "talks").mkdir()
    for split, rows in talks.items():
        write(tmp_path / "talks" / f"{split}.jsonl", rows)
    assert read(tmp_path / "saved", channel).fingerprint == read(tmp_path / "talks", channel).fingerprint


@needs_samsum
@pytest.mark.slow("engine/worker/readers/", "engine/worker/ingestion/", "engine/worker/dataset/")
@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_all_of_samsum_has_one_fingerprint(kind, tmp_path, channel):
    ending, put = KINDS[kind]
    (tmp_path / "samsum").mkdir()
    for split in SPLITS:
        put(tmp_path / "samsum" / f"{split}{ending}", rows_of(split))
    splits = read(tmp_path / "samsum", channel)
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (14731, 818, 819)
    assert splits.fingerprint == SAMSUM_FINGERPRINT
