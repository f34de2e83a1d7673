"""Where conversations come from: a source's files, the split that each belongs to, and their tables.

Knows nothing of columns, examples or recipes' limits. Reads through `datasets`, on this computer alone.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import datasets

from engine.errors import DataError
from engine.paths import cache_folder, sample_folder
from engine.recipe import SAMPLE, looks_like_path
from engine.worker import hub
from engine.worker.channel import Channel

FIELD = "data.source"
Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)
FORMATS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".parquet": "parquet",
    ".arrow": "arrow",
}
SPLIT_WORDS: dict[str, Split] = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
}
# Written beside data by `datasets`, kaggle and others; they describe it and hold none.
DESCRIPTIONS = {"dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json", "metadata.json"}
READ_BYTES = 1 << 20


@dataclass(frozen=True)
class Source:
    """The files of a source by split; if no name says a split, all stand under None."""

    name: str
    files: dict[Split | None, tuple[Path, ...]]
    licence: str = ""


def locate(source: str, channel: Channel) -> Source:
    """Return the files of what a recipe calls its data source; a hub id is fetched first.

    Raises DataError with the field `data.source` if there is nothing that can be read; OfflineError.
    """
    if source == SAMPLE:
        return _folder_source(SAMPLE, sample_folder())
    path = Path(source).expanduser()
    if path.is_dir():
        return _folder_source(str(path), path)
    if path.is_file():
        return Source(str(path), {None: (_readable(path),)})
    if looks_like_path(source):
        raise DataError(
            f"There is nothing at {source}.", "Check the path; a hub id looks like owner/name.", FIELD
        )
    fetched = hub.download(
        source, "main", "dataset", on_progress=channel.progress, cancelled=channel.wants_stop
    )
    return _folder_source(source, fetched)


def _readable(path: Path) -> Path:
    if path.suffix.lower() not in FORMATS:
        known = ", ".join(suffix.removeprefix(".") for suffix in FORMATS)
        raise DataError(f"{path.name} is no kind of file that can be read.", f"These are: {known}.", FIELD)
    if path.stat().st_size == 0:
        raise DataError(f"{path.name} is empty.", "Choose a file with conversations and summaries.", FIELD)
    return path


def _folder_source(name: str, folder: Path) -> Source:
    files = [path for path in sorted(folder.rglob("*")) if _holds_data(path, folder)]
    if not files:
        raise DataError(
            f"There are no data files in {folder}.", f"These are read: {', '.join(FORMATS)}.", FIELD
        )
    by_split: dict[Split | None, list[Path]] = {}
    for path in files:
        by_split.setdefault(split_of(path.relative_to(folder)), []).append(path)
    if len(by_split) > 1:
        by_split.pop(None, None)
    kept = {split: tuple(map(_readable, paths)) for split, paths in by_split.items()}
    return Source(name, kept, hub.licence(folder))


def _holds_data(path: Path, folder: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
    described = path.name in DESCRIPTIONS or path.name.startswith("cache-")
    return path.suffix.lower() in FORMATS and not hidden and not described and path.is_file()


def split_of(path: Path) -> Split | None:
    """Return the split that a file's name says, or else the nearest folder's; None if no name says one."""
    for name in (path.stem, *(part for part in reversed(path.parent.parts))):
        for word in re.split(r"[^a-z]+", name.lower()):
            if word in SPLIT_WORDS:
                return SPLIT_WORDS[word]
    return None


def read_table(files: Sequence[Path]) -> datasets.Dataset:
    """Return the rows of files of one kind as one table, texts as they stand ("N/A" stays text).

    Raises DataError with the field `data.source`, naming the file that can't be read.
    """
    kinds = {FORMATS[path.suffix.lower()] for path in files}
    if len(kinds) > 1:
        names = ", ".join(path.name for path in files)
        raise DataError(f"The files are of several kinds: {names}.", "Leave one kind in the folder.", FIELD)
    kind = kinds.pop()
    if kind in ("csv", "json"):
        for path in files:
            _require_utf8(path)
    with _in_words(files):
        return datasets.load_dataset(
            kind,
            data_files=[str(path.resolve()) for path in files],
            split="train",
            cache_dir=str(cache_folder() / "datasets"),
            **(_csv_settings(files[0]) if kind == "csv" else {}),
        )


@contextmanager
def _in_words(files: Sequence[Path]) -> Iterator[None]:
    """Turn what readers raise into a DataError; keep `datasets` from reporting each reading to its makers."""
    datasets.config.HF_UPDATE_DOWNLOAD_COUNTS = False
    datasets.disable_progress_bars()
    names = files[0].name if len(files) == 1 else f"one of {', '.join(path.name for path in files)}"
    try:
        yield
    except StopIteration as error:
        raise DataError(f"There are no rows in {names}.", "Choose a file with rows.", FIELD) from error
    except (datasets.exceptions.DatasetsError, ValueError) as error:
        if "corresponds to no data" in str(error):
            raise DataError(f"There are no rows in {names}.", "Choose a file with rows.", FIELD) from error
        why = str(error.__cause__ or error).strip().splitlines()[0][:300]
        raise DataError(
            f"{names} can't be read: {why}", "Repair the file, or export it again.", FIELD
        ) from error


def _require_utf8(path: Path) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    line = 1
    with path.open("rb") as stream:
        while chunk := stream.read(READ_BYTES):
            try:
                line += decoder.decode(chunk).count("\n")
            except UnicodeDecodeError as error:
                line += error.object[: error.start].count(b"\n")
                raise DataError(
                    f"{path.name} is not UTF-8 text: line {line:,} holds other bytes.",
                    "Save it again with the encoding UTF-8.",
                    FIELD,
                ) from error


def _csv_settings(path: Path) -> dict[str, Any]:
    """Return how to read a table: each column as text, so that neither 007 nor N/A is taken for another."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        line = next((text for text in stream if text.strip()), "")
    delimiter = "\t" if path.suffix.lower() == ".tsv" else max(",;\t", key=line.count)
    header = next(csv.reader(io.StringIO(line), delimiter=delimiter), [])
    settings: dict[str, Any] = {"keep_default_na": False, "sep": delimiter}
    # A header over several lines or with equal names is left to the reader.
    if line.count('"') % 2 == 0 and len(set(header)) == len(header) and "" not in header:
        settings["features"] = datasets.Features({name: datasets.Value("string") for name in header})
    return settings
