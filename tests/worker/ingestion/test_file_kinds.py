"""The same conversations in every kind of file are the same examples, with the same fingerprint."""

from __future__ import annotations

import csv
import gzip
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from openpyxl import Workbook

from engine.config.data_options import DataOptions
from engine.system.paths import sample_folder
from engine.worker.dataset import dataset
from engine.worker.dataset.dataset import Splits
from engine.worker.ingestion.sources import SPLITS
from engine.worker.runtime.channel import Channel
from tests.helpers.shared_data import SAMSUM, needs_samsum

Row = dict[str, str]
Write = Callable[[Path, Sequence[Row]], None]
NAMES = ("id", "dialogue", "summary")
# Of the three csv files as they are, taken before any other kind of file could be read.
SAMSUM_FINGERPRINT = "9ff3e78c9d663e0a4ec24c8d40ed20bd2b63a62fd78be76f9b9c64ca7334e2df"


def read(folder: Path, channel: Channel) -> Splits:
    return dataset.read(DataOptions(source=str(folder)), channel)


def as_csv(encoding: str = "utf-8", end: str = "\n", delimiter: str = ",") -> Write:
    def write(path: Path, rows: Sequence[Row]) -> None:
        with path.open("w", encoding=encoding, newline="") as stream:
            writer = csv.DictWriter(stream, NAMES, lineterminator="\n", delimiter=delimiter)
            writer.writeheader()
            writer.writerows(rows)
        if end != "\n":
            path.write_bytes(path.read_bytes().replace(b"\n", end.encode()))

    return write


def as_json(path: Path, rows: Sequence[Row]) -> None:
    path.write_text(json.dumps(list(rows), ensure_ascii=False, indent=1), encoding="utf-8")


def as_columns(path: Path, rows: Sequence[Row]) -> None:
    path.write_text(json.dumps(columns(rows)), encoding="utf-8")


def as_nested(path: Path, rows: Sequence[Row]) -> None:
    path.write_text(json.dumps({"version": 1, "data": list(rows)}), encoding="utf-8")


def as_jsonl(path: Path, rows: Sequence[Row]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def columns(rows: Sequence[Mapping[str, str]]) -> dict[str, list[str]]:
    return {name: [row[name] for row in rows] for name in NAMES}


def as_parquet(path: Path, rows: Sequence[Row]) -> None:
    pq.write_table(pa.table(columns(rows)), path)


def as_arrow(path: Path, rows: Sequence[Row]) -> None:
    table = pa.table(columns(rows))
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=300)


def as_workbook(path: Path, rows: Sequence[Row]) -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Talks")
    sheet.append(NAMES)
    for row in rows:
        sheet.append([row[name] for name in NAMES])
    book.save(path)


def as_gz(path: Path, rows: Sequence[Row]) -> None:
    as_jsonl(path, rows)
    path.write_bytes(gzip.compress(path.read_bytes()))


KINDS: dict[str, tuple[str, Write]] = {
    "csv": (".csv", as_csv()),
    "csv with CRLF": (".csv", as_csv(end="\r\n")),
    "csv with CR": (".csv", as_csv(end="\r")),
    "csv with semicolons": (".csv", as_csv(delimiter=";")),
    "csv in UTF-8 with a mark": (".csv", as_csv("utf-8-sig")),
    "csv in UTF-16": (".csv", as_csv("utf-16")),
    "csv in UTF-16 without a mark": (".csv", as_csv("utf-16-le")),
    "tsv": (".tsv", as_csv(delimiter="\t")),
    "json": (".json", as_json),
    "json of columns": (".json", as_columns),
    "json with a list inside": (".json", as_nested),
    "jsonl": (".jsonl", as_jsonl),
    "parquet": (".parquet", as_parquet),
    "arrow": (".arrow", as_arrow),
    "xlsx": (".xlsx", as_workbook),
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
def thousand() -> dict[str, list[Row]]:
    odd = {
        "id": "007",
        "dialogue": "Zoë: N/A; a, b | c\t\"d\" 'e'\nBob: ☕ 👍🏽 \u2028 NaN",
        "summary": "null",
    }
    found: dict[str, list[Row]] = {
        split: rows_of(split)[: 700 if split == "train" else 150] for split in SPLITS
    }
    found["test"] = [*found["test"], odd]
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_file_gives_the_same_examples(
    kind: str, thousand: dict[str, list[Row]], tmp_path: Path, channel: Channel
) -> None:
    ending, write = KINDS[kind]
    (tmp_path / "talks").mkdir()
    for split, rows in thousand.items():
        write(tmp_path / "talks" / f"{split}{ending}", rows)
    splits = read(tmp_path / "talks", channel)
    for split, rows in thousand.items():
        found = [(each.id, each.conversation, each.summary) for each in splits.of(split)]
        assert found == [(row["id"], row["dialogue"], row["summary"]) for row in rows]


@pytest.mark.parametrize("pack", ["zip", "gz"])
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "gz"])
def test_every_kind_of_file_is_read_packed_too(
    kind: str, pack: str, tmp_path: Path, channel: Channel
) -> None:
    ending, write = KINDS[kind]
    (tmp_path / "talks").mkdir()
    rows = {split: rows_of(split)[:5] for split in SPLITS}
    for split in SPLITS:
        write(tmp_path / "talks" / f"{split}{ending}", rows[split])
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


def test_saved_data_sets_give_the_same_examples(
    thousand: dict[str, list[Row]], tmp_path: Path, channel: Channel
) -> None:
    datasets = pytest.importorskip("datasets")
    saved = datasets.DatasetDict(
        {split: datasets.Dataset.from_list(rows) for split, rows in thousand.items()}
    )
    saved.save_to_disk(tmp_path / "saved")
    (tmp_path / "talks").mkdir()
    for split, rows in thousand.items():
        as_jsonl(tmp_path / "talks" / f"{split}.jsonl", rows)
    assert read(tmp_path / "saved", channel).fingerprint == read(tmp_path / "talks", channel).fingerprint


@needs_samsum
@pytest.mark.parametrize(
    "kind", ["csv", "csv with CRLF", "csv in UTF-16", "json", "jsonl", "parquet", "arrow"]
)
def test_all_of_samsum_has_one_fingerprint(kind: str, tmp_path: Path, channel: Channel) -> None:
    ending, write = KINDS[kind]
    (tmp_path / "samsum").mkdir()
    for split in SPLITS:
        write(tmp_path / "samsum" / f"{split}{ending}", rows_of(split))
    splits = read(tmp_path / "samsum", channel)
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (14731, 818, 819)
    assert splits.fingerprint == SAMSUM_FINGERPRINT


@needs_samsum
def test_samsum_in_a_zip_has_the_fingerprint_too(tmp_path: Path, channel: Channel) -> None:
    with zipfile.ZipFile(tmp_path / "samsum.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for split in SPLITS:
            archive.write(SAMSUM / f"{split}.csv", f"samsum/{split}.csv")
    assert read(tmp_path / "samsum.zip", channel).fingerprint == SAMSUM_FINGERPRINT
