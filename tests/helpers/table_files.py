"""Tables as files of every kind that a reader takes, named by their endings."""

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from openpyxl import Workbook

Rows = Sequence[Mapping[str, Any]]


def write(path: Path, rows: Rows) -> Path:
    """Write rows as the file's ending says; return the path."""
    WRITERS[path.suffix](path, rows)
    return path


def write_csv(path: Path, rows: Rows, encoding: str = "utf-8", end: str = "\n", delimiter: str = ",") -> None:
    """Write text with delimiters, every line with this end."""
    with path.open("w", encoding=encoding, newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n", delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    if end != "\n":
        path.write_bytes(path.read_bytes().replace(b"\n", end.encode()))


def _tsv(path: Path, rows: Rows) -> None:
    write_csv(path, rows, delimiter="\t")


def _json(path: Path, rows: Rows) -> None:
    path.write_text(json.dumps(list(rows), ensure_ascii=False, indent=1), encoding="utf-8")


def _jsonl(path: Path, rows: Rows) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def _parquet(path: Path, rows: Rows) -> None:
    pq.write_table(pa.Table.from_pylist(list(rows)), path)


def _arrow(path: Path, rows: Rows) -> None:
    table = pa.Table.from_pylist(list(rows))
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=30)


def _workbook(path: Path, rows: Rows) -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Talks")
    for row in [list(rows[0]), *(list(row.values()) for row in rows)]:
        sheet.append(row)
    book.save(path)


WRITERS: dict[str, Callable[[Path, Rows], None]] = {
    ".csv": write_csv, ".tsv": _tsv, ".json": _json, ".jsonl": _jsonl, ".parquet": _parquet, ".arrow": _arrow,
    ".xlsx": _workbook,
}  # fmt: skip
