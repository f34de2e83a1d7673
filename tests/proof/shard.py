"""A shard: the cells of one kind of base model, proven one after another in this process.

python -m tests.proof.shard CODE CELL...        each result goes to the shard's file at once
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

from engine.errors import AdapterError, Problem
from engine.worker.adapters.tuners import refuse_unregistered
from tests.proof import checks, results
from tests.proof.cells import Cell, all_cells
from tests.proof.results import Outcome, Result
from tests.proof.workshop import Workshop, opened


def main(code: str, wanted: set[str]) -> None:
    """Prove the cells with these ids."""
    warnings.simplefilter("ignore")
    cells = [cell for cell in all_cells() if cell.id in wanted]
    with tempfile.TemporaryDirectory(prefix="tunesmith-proof-") as name:
        # Read by the engine: nothing of the user's own is touched.
        os.environ["TUNESMITH_HOME"] = str(Path(name) / "home")
        for cell, result in zip(cells, _proven(cells, Path(name)), strict=True):
            results.write(result, cell.kind, code)


def _proven(cells: list[Cell], folder: Path) -> Iterator[Result]:
    with opened(folder) as workshop:
        for number, cell in enumerate(cells):
            yield prove(cell, workshop, folder / str(number))


def prove(cell: Cell, workshop: Workshop, folder: Path, skipped: Collection[checks.Check] = ()) -> Result:
    """Return what comes of a cell: every claim but the skipped is tried, and every one that fails is told."""
    began = time.perf_counter()
    reason = cell.refusal()
    outcome: Outcome
    folder.mkdir()
    if switched_off := _switched_off(cell):
        failures = []
        outcome, words = "refused", switched_off
    elif reason is not None:
        failures = _failure(checks.refused, cell, workshop.source)
        outcome, words = "refused", in_words(reason)
    else:
        failures = _failures(checks.Subject(cell, workshop, folder), skipped)
        outcome, words = "passed", ""
    shutil.rmtree(folder)
    if failures:
        outcome, words = "failed", "; ".join(failures)
    return Result(cell.id, outcome, words, round(time.perf_counter() - began, 2))


def _switched_off(cell: Cell) -> str:
    """Return why a method can't be used with the patches that are on, nothing if it can."""
    try:
        refuse_unregistered(cell.entry.peft_type, cell.entry.title)
    except AdapterError as error:
        return f"{error.message} {error.hint}"
    return ""


def in_words(refusal: Problem) -> str:
    """Return the registry's reason and the nearest thing that works, as the help shows them."""
    return f"{refusal.message} {refusal.hint}"


def _failures(subject: checks.Subject, skipped: Collection[checks.Check]) -> list[str]:
    if not subject.cell.entry.trains:
        claims = checks.UNTRAINED
    elif failures := _failure(checks.trains, subject):
        return failures
    else:
        claims = checks.TRAINED
    return [failure for check in claims if check not in skipped for failure in _failure(check, subject)]


def _failure(check: Callable[..., None], *subject: Any) -> list[str]:
    """Return why a claim does not hold, in a line; nothing if it does."""
    try:
        check(*subject)
    except checks.Disproved as error:
        return [f"{check.__name__}: {error}"]
    except Exception as error:  # noqa: BLE001 - libraries fail as they like, and the next claim is tried
        place = traceback.extract_tb(error.__traceback__)[-1]
        words = " ".join(str(error).split())[:200]
        where = f"{Path(place.filename).name}:{place.lineno}"
        return [f"{check.__name__}: {type(error).__name__} at {where}: {words}"]
    return []


if __name__ == "__main__":
    main(sys.argv[1], set(sys.argv[2:]))
