"""What came of each cell: lines of JSON in a folder that git ignores, valid as long as the code is the same."""

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from engine.config import support_matrix
from engine.worker.kernels.registry import VARIABLE
from tests.helpers.repository import ROOT
from tests.proof import support_page
from tests.proof.cells import Cell

FOLDER = ROOT / "build" / "proof"
PUBLISHED = ROOT / "resources" / "help" / "proof.json"
PAGE = ROOT / "docs" / "supported-combinations.md"
LIBRARIES = ("torch", "transformers", "peft", "bitsandbytes")
# What a result depends on besides the libraries.
SOURCES = (
    "engine/methods", "engine/worker", "tests/proof", "tests/helpers/tiny_models.py",
    "tests/helpers/pretend_card",
)  # fmt: skip

# "limited": more than the pretend card can.
Outcome = Literal["passed", "refused", "limited", "failed"]


@dataclass(frozen=True)
class Result:
    """What came of a cell; the reason of a refusal, or what failed."""

    cell: str
    outcome: Outcome
    reason: str = ""
    seconds: float = 0.0


def fingerprint() -> str:
    """Return what tells one state of code, libraries and patches from another."""
    digest = hashlib.sha256(json.dumps([versions(), os.environ.get(VARIABLE)]).encode())
    for source in SOURCES:
        path = ROOT / source
        for file in [path] if path.is_file() else sorted(path.rglob("*.py")):
            digest.update(file.relative_to(ROOT).as_posix().encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def versions() -> dict[str, str]:
    """Return the versions of the libraries that decide."""
    return {name: version(name) for name in LIBRARIES}


def write(result: Result, shard: str, code: str) -> None:
    with _file(shard).open("a", encoding="utf-8") as stream:
        stream.write(json.dumps({**asdict(result), "code": code}) + "\n")


def read(shard: str, code: str, past: int = 0) -> dict[str, Result]:
    """Return a shard's results that were got with this code, by cell; later ones take the place of earlier.

    Those in the file's first `past` bytes are left out.
    """
    if not _file(shard).exists():
        return {}
    rows = [json.loads(line) for line in _file(shard).read_bytes()[past:].splitlines()]
    mine = [Result(**row) for row in rows if row.pop("code") == code]
    return {result.cell: result for result in mine}


def size(shard: str) -> int:
    """Return how many bytes of results there are of a shard."""
    return _file(shard).stat().st_size if _file(shard).exists() else 0


def _file(shard: str) -> Path:
    FOLDER.mkdir(parents=True, exist_ok=True)
    return FOLDER / f"{shard}.jsonl"


def counted(results: Iterable[Result]) -> str:
    """Return how many of each outcome, in words."""
    counts = Counter(result.outcome for result in results)
    shown: list[Outcome] = ["passed", "refused", "limited", "failed"]
    if not counts["limited"]:
        shown.remove("limited")
    return ", ".join(f"{counts[outcome]} {outcome}" for outcome in shown)


def publish(cells: Iterable[Cell], results: dict[str, Result]) -> None:
    """Write the outcomes of all cells, and the documentation's page of them."""
    rows = [
        {**asdict(cell), "outcome": results[cell.id].outcome, "reason": results[cell.id].reason}
        for cell in cells
    ]
    head = {"made_at": datetime.now(UTC).date().isoformat(), "versions": versions()}
    PUBLISHED.parent.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    text = json.dumps(head, indent=2).removesuffix("\n}") + f',\n  "cells": [\n{lines}\n]}}\n'
    PUBLISHED.write_text(text, encoding="utf-8")
    PAGE.write_text(support_page.page(support_matrix.read(PUBLISHED)), encoding="utf-8")
