"""How long does `main.py score` take on 10,000 pairs? The command as a process of its own, worker and imports included.

Its processor time is shown too: beside other programs it waits for cores.

The conversations are those of the data check's benchmark. The summaries are the references of other conversations.
"""

import itertools
import json
import sys
import time
from pathlib import Path
from typing import Any

from tests.benchmarks import data_check
from tests.helpers.benchmark_report import Row, processor_seconds, run_main, show, temporary_home

PAIRS = 10_000
TARGET_SECONDS = 20


def main() -> None:
    """Measure and print; an argument is another number of pairs."""
    count = int(sys.argv[1]) if sys.argv[1:] else PAIRS
    with temporary_home() as home:
        source, own, other = _files(home, count)
        asked = ["--predictions", str(own), "--data", str(source)]
        rows = [
            _measured(f"{count:,} pairs", asked),
            _measured(f"{count:,} pairs, against a second file", [*asked, "--against", str(other)]),
        ]
    show("main.py score", rows)


def _files(folder: Path, count: int) -> tuple[Path, Path, Path]:
    """Write a test split and two files of summaries, and return their paths."""
    rows = list(itertools.islice(data_check.conversations(), count))
    source = folder / "talks"
    source.mkdir()
    _write(source / "test.jsonl", rows)
    files = folder / "own.jsonl", folder / "other.jsonl"
    for path, shift in zip(files, (1, 2), strict=True):
        shifted = [*rows[shift:], *rows[:shift]]
        pairs = zip(rows, shifted, strict=True)
        _write(path, [{"id": row["id"], "prediction": next_one["summary"]} for row, next_one in pairs])
    return source, *files


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")


def _measured(what: str, asked: list[str]) -> Row:
    started, before = time.perf_counter(), processor_seconds()
    told = run_main("score", *asked, "--json")
    seconds, processor = time.perf_counter() - started, processor_seconds() - before
    result = json.loads(told.splitlines()[-1])
    examples, rouge = result["protocol"]["examples"], 100 * result["scores"]["rouge1"]["mean"]
    target = f"at most {TARGET_SECONDS} s" if "second" not in what else ""
    reached = f"{seconds:.1f} s, {processor:.1f} s of processors ({examples:,} scored, ROUGE-1 {rouge:.1f})"
    return what, reached, target


if __name__ == "__main__":
    main()
