"""Saves the results of a long benchmark, so that a second call continues where the first ended.

The file lies in the folder that BENCH_STATE names, or in the user's temporary folder. Results of another state of the
code are ignored: figures of two states can't be mixed.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.helpers.repository import ROOT

VARIABLE = "BENCH_STATE"

Result = dict[str, Any]


class BenchmarkState:
    """The results of a benchmark by the name of the part; `record` adds one and saves it."""

    def __init__(self, benchmark: str) -> None:
        self._path = state_folder() / f"{benchmark}.jsonl"
        self._code = code_digest()
        self.results: dict[str, Result] = {}
        self._read()

    def _read(self) -> None:
        if not self._path.exists():
            return
        for line in self._path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if row["code"] == self._code:
                self.results[row["part"]] = row["result"]
        if self.results:
            print(f"Continuing after {len(self.results)} parts of {self._path}.", flush=True)

    def record(self, part: str, result: Result) -> None:
        """Add and save the result of a part."""
        self.results[part] = result
        with self._path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps({"code": self._code, "part": part, "result": result}) + "\n")

    def runs(
        self,
        methods: Sequence[str],
        uninterrupted: Callable[[str], Result],
        interrupted: Callable[[int, str, Result], Result],
        as_text: Callable[[Result], str],
    ) -> list[Result]:
        """Return the result of an interrupted run per method, in order; each method runs uninterrupted once before."""
        for number, method in enumerate(methods):
            if f"uninterrupted {method}" not in self.results:
                self.record(f"uninterrupted {method}", uninterrupted(method))
            if f"run {number}" not in self.results:
                self.record(
                    f"run {number}", interrupted(number, method, self.results[f"uninterrupted {method}"])
                )
                print(f"run {number}: {as_text(self.results[f'run {number}'])}", flush=True)
        return [self.results[f"run {number}"] for number in range(len(methods))]

    def finish(self) -> None:
        """Rename the file, so that the next call starts over."""
        if self._path.exists():
            self._path.replace(self._path.with_suffix(".done"))


def state_folder() -> Path:
    """Return the folder for the state of benchmarks; create it if missing."""
    folder = Path(os.environ.get(VARIABLE) or Path(tempfile.gettempdir()) / "tunesmith-benchmarks")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def code_digest() -> str:
    """Return a digest of the product's code."""
    digest = hashlib.sha256()
    for part in ("engine", "gui"):
        for path in sorted((ROOT / part).rglob("*.py")):
            digest.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:16]
