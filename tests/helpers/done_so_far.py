"""What a long benchmark has done so far: a file of its own, so that a second call goes on where the first ended.

The file lies in the folder that BENCH_STATE names, or below the user's temporary folder. It belongs to one state of the
engine's code: figures of two would be figures of none.
"""

from __future__ import annotations

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


class DoneSoFar:
    """The results of a benchmark by the names of its parts; `note` adds one and keeps it."""

    def __init__(self, benchmark: str) -> None:
        self._path = state_folder() / f"{benchmark}.jsonl"
        self._code = code()
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
            print(f"Going on behind {len(self.results)} parts of {self._path}.", flush=True)

    def note(self, part: str, result: Result) -> None:
        """Keep what came of a part."""
        self.results[part] = result
        with self._path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps({"code": self._code, "part": part, "result": result}) + "\n")

    def runs(
        self,
        methods: Sequence[str],
        undisturbed: Callable[[str], Result],
        disturbed: Callable[[int, str, Result], Result],
        words: Callable[[Result], str],
    ) -> list[Result]:
        """Return what comes of a disturbed run of each method, in order; each method is run undisturbed once before."""
        for number, method in enumerate(methods):
            if f"undisturbed {method}" not in self.results:
                self.note(f"undisturbed {method}", undisturbed(method))
            if f"run {number}" not in self.results:
                self.note(f"run {number}", disturbed(number, method, self.results[f"undisturbed {method}"]))
                print(f"run {number}: {words(self.results[f'run {number}'])}", flush=True)
        return [self.results[f"run {number}"] for number in range(len(methods))]

    def finish(self) -> None:
        """Put the file aside: the next call begins anew."""
        if self._path.exists():
            self._path.replace(self._path.with_suffix(".done"))


def state_folder() -> Path:
    """Return the folder for what benchmarks keep, made if missing."""
    folder = Path(os.environ.get(VARIABLE) or Path(tempfile.gettempdir()) / "tunesmith-benchmarks")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def code() -> str:
    """Return what tells one state of the engine's and the window's code from another."""
    digest = hashlib.sha256()
    for part in ("engine", "gui"):
        for path in sorted((ROOT / part).rglob("*.py")):
            digest.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:16]
