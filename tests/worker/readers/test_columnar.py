import datetime as dt
import decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import feather

from engine.errors import DataError
from engine.worker.readers import open_table

ROWS = {
    "dialogue": ["Ann: é\r\n☕", None],
    "messages": [[{"role": "a", "content": "x"}], []],
    "summary": ["007", "N/A"],
    "n": [1, 2],
}


def write_parquet(path: Path, table: pa.Table) -> None:
    pq.write_table(table, path)


def write_file(path: Path, table: pa.Table) -> None:
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=1)


def write_stream(path: Path, table: pa.Table) -> None:
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=1)


def write_feather(path: Path, table: pa.Table) -> None:
    feather.write_feather(table, str(path))


WRITERS = [
    ("a.feather", write_feather),
    ("a.parquet", write_parquet),
    ("a.arrow", write_file),
    ("a.arrow", write_stream),
]


@pytest.mark.parametrize(("name", "write"), WRITERS)
def test_rows_are_as_they_stand(tmp_path, name, write):
    write(tmp_path / name, pa.table(ROWS))
    rows = open_table([tmp_path / name])
    expected = [dict(zip(ROWS, row, strict=True)) for row in zip(*ROWS.values(), strict=True)]
    assert [record.values for record in rows] == expected
    assert rows.columns == tuple(ROWS)
    assert (rows.remarks, rows.broken) == ((), [])
    assert rows.done_bytes == rows.size_bytes


@pytest.mark.parametrize(("name", "write"), WRITERS)
def test_dates_and_decimals_are_written_out_and_bytes_are_told(tmp_path, name, write):
    table = pa.table(
        {
            "day": [dt.date(2026, 11, 2)],
            "list": [[dt.datetime(2026, 11, 2, 3, 4, tzinfo=dt.UTC)]],
            "price": [decimal.Decimal("1.50")],
            "kind": pa.array(["x"]).dictionary_encode(),
            "image": [{"bytes": b"\x00", "path": "a.png"}],
            "blob": [b"\xff"],
        }
    )
    write(tmp_path / name, table)
    rows = open_table([tmp_path / name])
    assert [record.values for record in rows] == [
        {"day": "2026-11-02", "list": ["2026-11-02 03:04:00+00:00"], "price": "1.50", "kind": "x"}
    ]
    assert [remark.partition(" contains ")[0] for remark in rows.remarks] == [
        f'Column "image" of {name}',
        f'Column "blob" of {name}',
    ]


def no_utf8() -> pa.Table:
    wrong = pa.Array.from_buffers(pa.string(), 2, pa.array([b"fine", b"\xff\xfe"]).buffers())
    return pa.table({"a": ["x", "y"], "b": wrong})


def test_row_with_other_bytes_than_utf8_is_broken(tmp_path):
    write_parquet(tmp_path / "a.parquet", no_utf8())
    rows = open_table([tmp_path / "a.parquet"])
    assert [record.values for record in rows] == [{"a": "x", "b": "fine"}]
    assert [(each.position, each.reason) for each in rows.broken] == [
        ("row 2", 'column "b" contains bytes that are not UTF-8')
    ]


@pytest.mark.parametrize(("name", "write"), WRITERS)
@pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
def test_cut_file_is_said(tmp_path, name, write, share):
    path = tmp_path / name
    write(path, pa.table({"dialogue": ["x" * 100] * 50, "summary": [str(n) for n in range(50)]}))
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(DataError, match=f"{name} can't be read") as caught:
        list(open_table([path]))
    assert caught.value.field == "data.source"


def test_feather_of_the_first_version_is_named(tmp_path):
    (tmp_path / "a.feather").write_bytes(b"FEA1" + bytes(50) + b"FEA1")
    with pytest.raises(DataError, match=r"a\.feather is an old feather file"):
        list(open_table([tmp_path / "a.feather"]))


def test_columns_of_one_name_are_refused(tmp_path):
    write_file(tmp_path / "a.arrow", pa.table([pa.array(["x"]), pa.array(["y"])], names=["a", "a"]))
    with pytest.raises(DataError, match='it has several columns named "a"'):
        list(open_table([tmp_path / "a.arrow"]))
