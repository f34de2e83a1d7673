"""How long does a look at conversations take? Real workers: up to a million conversations checked, first rows of 1 GB.

The conversations are SAMSum's where it lies beside the checkout, else those that ship with Tunesmith; both are
repeated with changes, so that none stands twice. Memory is the most that was resident.
"""

import csv
import itertools
import json
import sqlite3
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from engine.jobs.job import create_job
from engine.system.paths import jobs_folder, sample_folder
from engine.text.conversations import turns
from tests.helpers.benchmark_report import Row, followed, processor_seconds, show, temporary_home
from tests.helpers.shared_data import SAMSUM, T5_TOKENIZER

# How many conversations are checked, in which kind of file, and the goals: seconds, seconds of a CPU, MB.
CHECKS = {
    "check": (100_000, "jsonl", 25, None, 500),
    "million": (1_000_000, "jsonl", None, 150, 600),
    "gigabyte": (1_000_000, "jsonl", None, 150, 600),
    "rows": (500_000, "parquet", None, 150, 600),
}
# Longer conversations, two as one in every other row, and no base model: what counting tokens costs is in "million".
LONGER = "gigabyte"
GIGABYTE = 1 << 30
ROWS_A_GROUP = 20_000
NAMES = ("id", "dialogue", "summary")


def main() -> None:
    """Measure and print; arguments name some parts: check, million, gigabyte, rows, csv, jsonl, json, parquet …"""
    wanted = sys.argv[1:] or ["check", *WRITERS]
    with temporary_home() as home:
        rows = [row for name in wanted for row in _part(name, home / f"talks.{name}")]
    show(
        f"A look at {'SAMSum' if SAMSUM.exists() else 'the sample'}'s conversations, repeated with changes",
        rows,
    )


def _part(name: str, path: Path) -> list[Row]:
    try:
        return (
            _checked(path, *CHECKS[name], longer=name == LONGER)
            if name in CHECKS
            else [_previewed(path, WRITERS[name])]
        )
    finally:
        for each in path.parent.glob("talks.*"):
            each.unlink()


def conversations() -> Iterator[dict[str, str]]:
    """Yield conversations without end, each another: what is said after a repetition begins names it."""
    if SAMSUM.exists():
        with (SAMSUM / "train.csv").open(encoding="utf-8", newline="") as stream:
            given = list(csv.DictReader(stream))
    else:
        lines = (sample_folder() / "train.jsonl").read_text(encoding="utf-8").splitlines()
        given = [json.loads(line) for line in lines]
    for number in itertools.count():
        for row in given:
            said = row["dialogue"].replace(": ", f": {number} " if number else ": ", 1)
            yield {"id": f"{row['id']}-{number}", "dialogue": said, "summary": row["summary"]}


def _longer(rows: Iterator[dict[str, str]]) -> Iterator[dict[str, str]]:
    for row in rows:
        yield row | {"dialogue": f"{row['dialogue']}\n{next(rows)['dialogue']}"}
        yield next(rows)


def _up_to(size: int, measured: Callable[[], int]) -> Iterator[dict[str, str]]:
    for row in conversations():
        if measured() >= size:
            return
        yield row


def write_csv(path: Path, size: int) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, NAMES)
        writer.writeheader()
        writer.writerows(_up_to(size, stream.tell))


def write_jsonl(path: Path, size: int) -> None:
    with path.open("w", encoding="utf-8") as stream:
        for row in _up_to(size, stream.tell):
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")


def write_json(path: Path, size: int) -> None:
    with path.open("w", encoding="utf-8") as stream:
        for number, row in enumerate(_up_to(size, stream.tell)):
            stream.write(f"{',' if number else '['}\n{json.dumps(row, ensure_ascii=False)}")
        stream.write("]\n")


def write_parquet(path: Path, size: int) -> None:
    rows = conversations()
    groups = (list(itertools.islice(rows, ROWS_A_GROUP)) for _ in itertools.count())
    _write_groups(path, itertools.takewhile(lambda _: path.stat().st_size < size, groups))


def _write_groups(path: Path, groups: Iterable[list[dict[str, str]]]) -> None:
    """Write as it would be with texts that do not repeat: packed, the repetitions would come to nothing."""
    schema = pa.schema({name: pa.string() for name in NAMES})
    with pq.ParquetWriter(path, schema, compression="none", use_dictionary=False) as writer:
        for group in groups:
            writer.write_table(pa.Table.from_pylist(group, schema))


def write_arrow(path: Path, size: int) -> None:
    schema = pa.schema({name: pa.string() for name in NAMES})
    rows = conversations()
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        while sink.tell() < size:
            writer.write_table(pa.Table.from_pylist(list(itertools.islice(rows, ROWS_A_GROUP)), schema))


def write_sqlite(path: Path, size: int) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE talks (id, dialogue, summary)")
        rows = conversations()
        while path.stat().st_size < size:
            group = (tuple(row.values()) for row in itertools.islice(rows, ROWS_A_GROUP))
            database.executemany("INSERT INTO talks VALUES (?, ?, ?)", group)
            database.commit()


def write_txt(path: Path, size: int) -> None:
    """Write an export of WhatsApp: a turn a minute, an afternoon a day."""
    clock = datetime(2000, 1, 1, 12, tzinfo=UTC)
    with path.open("w", encoding="utf-8") as stream:
        for row in _up_to(size, stream.tell):
            for turn in turns(row["dialogue"]):
                stream.write(f"{clock:%d.%m.%y, %H:%M} - {turn.speaker or 'Ann'}: {turn.text}\n")
                clock += timedelta(minutes=1)
            clock += timedelta(hours=5)


WRITERS: dict[str, Callable[[Path, int], None]] = {
    "csv": write_csv, "jsonl": write_jsonl, "json": write_json, "parquet": write_parquet,
    "arrow": write_arrow, "sqlite": write_sqlite, "txt": write_txt,
}  # fmt: skip


def _checked(
    path: Path,
    count: int,
    kind: str,
    seconds: int | None,
    of_cpu: int | None,
    megabytes: int,
    *,
    longer: bool,
) -> list[Row]:
    path = path.with_suffix(f".{kind}")
    rows = itertools.islice(_longer(conversations()) if longer else conversations(), count)
    if kind == "parquet":
        _write_groups(path, iter(lambda: list(itertools.islice(rows, ROWS_A_GROUP)), []))
    else:
        with path.open("w", encoding="utf-8") as stream:
            stream.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    before = processor_seconds()
    times, peak = _look(path, until="job_ended", counts_tokens=not longer)
    used = processor_seconds() - before
    size = f"{count:,} conversations, {path.stat().st_size / 1e6:,.0f} MB of {kind}"
    return [
        (f"{size}: first rows", f"{times['rows_previewed']:.2f} s", "1 s"),
        (f"{size}: check complete", f"{times['job_ended']:.1f} s", f"{seconds} s" if seconds else ""),
        ("seconds of a CPU", f"{used:.1f} s", f"{of_cpu} s" if of_cpu else ""),
        ("most memory resident", f"{peak / 1e6:,.0f} MB", f"{megabytes} MB"),
    ]


def _previewed(path: Path, write: Callable[[Path, int], None]) -> Row:
    write(path, GIGABYTE)
    times, _ = _look(path, until="rows_previewed")
    accepted = times["rows_previewed"] - times["job_accepted"]
    reached = f"{times['rows_previewed']:.2f} s ({accepted:.2f} s after the worker is up)"
    return f"first rows of 1 GB, {path.suffix.removeprefix('.')}", reached, "1 s"


def _look(path: Path, until: str, *, counts_tokens: bool = True) -> tuple[dict[str, float], int]:
    """Check a file in a worker; return the seconds from its start to each kind of event, and the memory's peak."""
    base_model = str(T5_TOKENIZER) if counts_tokens and T5_TOKENIZER.exists() else None
    job = create_job(jobs_folder(), "check_data", {"data": {"source": str(path)}, "base_model": base_model})
    resident = [0]
    times: dict[str, float] = {}
    began = time.time()
    for event in followed(job, resident):
        times.setdefault(event["event"], event["time"] - began)
        if event["event"] == until != "job_ended":
            job.send("stop")
    return times, max(resident)


if __name__ == "__main__":
    main()
