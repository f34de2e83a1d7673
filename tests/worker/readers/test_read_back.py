"""Whatever is written as a table, in any dialect, encoding and container, is read back the same."""

import bz2
import csv
import gzip
import io
import json
import lzma
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.jobs.events import encode
from engine.system.csv_file import FORMULA_STARTS, write_csv
from engine.worker.readers import archives, open_table

HEAD = ("dialogue", "summary")
# Those that no file's first bytes show are named, as a person does after a wrong guess.
SHOWN = ("utf-8", "utf-8-sig", "utf-16", "utf-32")
NAMED = ("cp1252", "cp1251", "koi8_r", "cp932", "gb18030", "big5", "cp949", "utf-8")
# Python's writer leaves a LF unquoted where lines end in CR alone, which no reader could tell from an end.
ENDS = (
    *(("\n", quoting) for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_ALL)),
    *(("\r\n", quoting) for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_ALL)),
    ("\r", csv.QUOTE_ALL),
)
# Control characters apart, which no text has, and lone surrogates.
ANY = st.characters(exclude_categories=("Cs", "Cc"), include_characters="\t\n")
Row = tuple[str, str]


def texts(characters: st.SearchStrategy[str] = ANY) -> st.SearchStrategy[str]:
    """Texts with what makes tables hard to read."""
    hard = st.sampled_from(
        ('"', '""', ",", ";", "|", "\t", "\n", " ", "'", "\\", "=1+1", "\x85", "\u2028", "\ufeff", "sep=;", "null")
    )  # fmt: skip
    return st.lists(st.one_of(hard, st.text(characters, max_size=8)), max_size=6).map("".join)


def tables(characters: st.SearchStrategy[str] = ANY) -> st.SearchStrategy[list[Row]]:
    return st.lists(st.tuples(texts(characters), texts(characters)), min_size=1, max_size=5)


def zst(content: bytes) -> bytes:
    return bytes(pa.Codec("zstd").compress(content, asbytes=True))


PACKED = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress, ".zst": zst}


def put(path: Path, content: bytes, container: str) -> Path:
    """Write a file, in a container if one is named, and return the path where its content is read."""
    if not container:
        path.write_bytes(content)
        return path
    packed = path.with_name(path.name + container)
    if container == ".zip":
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr(path.name, content)
    else:
        packed.write_bytes(PACKED[container](content))
    return archives.unpack(packed, (path.suffix,), lambda done, total: None) / path.name


def read_back(path: Path, encoding: str = "") -> list[tuple[Any, ...]]:
    table = open_table([path], encoding=encoding, finds_chats=False)
    rows = [tuple(record.values.get(name) for name in HEAD) for record in table]
    assert not table.broken
    return rows


def csv_text(rows: Sequence[Row], delimiter: str, newline: str, quoting: int) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=newline, quoting=quoting)
    writer.writerows([HEAD, *rows])
    return text.getvalue()


def objects(rows: Sequence[Row]) -> list[Mapping[str, str]]:
    return [dict(zip(HEAD, row, strict=True)) for row in rows]


@given(
    rows=tables(),
    delimiter=st.sampled_from(",;\t|"),
    ends=st.sampled_from(ENDS),
    encoding=st.sampled_from([*((name, False) for name in SHOWN), *((name, True) for name in NAMED)]),
    container=st.sampled_from(["", *PACKED, ".zip"]),
    suffix=st.sampled_from([".csv", ".tsv"]),
)
def test_delimited_text(tmp_path_factory, rows, delimiter, ends, encoding, container, suffix):
    name, is_named = encoding
    if is_named:
        rows = [tuple(cell.encode(name, "ignore").decode(name, "ignore") for cell in row) for row in rows]
    text = csv_text(rows, delimiter, *ends)
    path = put(tmp_path_factory.mktemp("csv") / f"rows{suffix}", text.encode(name), container)
    assert read_back(path, name if is_named else "") == rows


@given(
    rows=tables(),
    shape=st.sampled_from(["lines", "list", "columns", "data"]),
    is_ascii=st.booleans(),
    encoding=st.sampled_from(SHOWN),
    newline=st.sampled_from(["\n", "\r\n"]),
    container=st.sampled_from(["", *PACKED, ".zip"]),
)
def test_json(tmp_path_factory, rows, shape, is_ascii, encoding, newline, container):
    def dumped(value: object) -> str:
        return json.dumps(value, ensure_ascii=is_ascii)

    written = {
        "lines": "".join(dumped(each) + newline for each in objects(rows)),
        "list": dumped(objects(rows)),
        "columns": dumped(dict(zip(HEAD, map(list, zip(*rows, strict=True)), strict=True))),
        "data": dumped({"version": 1, "data": objects(rows)}),
    }[shape]
    suffix = ".jsonl" if shape == "lines" else ".json"
    path = put(tmp_path_factory.mktemp("json") / f"rows{suffix}", written.encode(encoding), container)
    assert read_back(path) == rows


@settings(max_examples=5)
@given(
    rows=tables(), codec=st.sampled_from(["snappy", "zstd", "none"]), container=st.sampled_from(["", ".zip"])
)
def test_parquet(tmp_path_factory, rows, codec, container):
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(objects(rows)), buffer, compression=codec)
    path = put(tmp_path_factory.mktemp("parquet") / "rows.parquet", buffer.getvalue(), container)
    assert read_back(path) == rows


@given(rows=tables())
def test_what_the_program_exports(tmp_path_factory, rows):
    """Cells that a spreadsheet would execute have an apostrophe before them, and stay so."""
    folder = tmp_path_factory.mktemp("exports")
    (folder / "rows.jsonl").write_bytes(b"".join(map(encode, objects(rows))))
    write_csv(folder / "rows.csv", HEAD, rows)
    assert read_back(folder / "rows.jsonl") == rows
    safe = [tuple(f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell for cell in row) for row in rows]
    assert read_back(folder / "rows.csv") == safe
