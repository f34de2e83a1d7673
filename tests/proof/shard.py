"""A shard: the cells of one kind of base model, proven one after another in this process.

python -m tests.proof.shard SHARD CODE CELL...        each result goes to the shard's file at once

The shard "pretend-t5" is that of the pretend card, "cuda-t5" that of a real one, "t5" that of the processor.
"""

import os
import shutil
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

import torch

from engine.errors import AdapterError, Problem
from engine.worker.adapters.tuners.registration import refuse_unregistered
from tests.helpers import pretend_card
from tests.proof import card_checks, checks, results
from tests.proof.cells import CUDA, PRETEND, Cell, all_cells
from tests.proof.results import Outcome, Result
from tests.proof.workshop import Workshop, opened


def main(shard: str, code: str, wanted: set[str]) -> None:
    """Prove the cells with these ids."""
    warnings.simplefilter("ignore")
    device = _device(shard)
    cells = [cell for cell in all_cells() if cell.id in wanted]
    with tempfile.TemporaryDirectory(prefix="tunesmith-proof-") as name:
        # Read by the engine: nothing of the user's own is touched.
        os.environ["TUNESMITH_HOME"] = str(Path(name) / "home")
        for result in _proven(cells, Path(name), device):
            results.write(result, shard, code)


def _device(shard: str) -> str:
    """Return what a shard is computed on, made ready: on a real card by algorithms that give the same bits again."""
    if shard.startswith(PRETEND):
        return put_on_card()
    if shard.startswith(CUDA):
        torch.use_deterministic_algorithms(True)
        return "cuda"
    return "cpu"


def put_on_card() -> str:
    """Put this process on the pretend card and return the device to ask for."""
    pretend_card.put_workers_on(pretend_card.register())
    return "cuda"


def _proven(cells: list[Cell], folder: Path, device: str) -> Iterator[Result]:
    with opened(folder, device) as workshop:
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
    elif limit := card_checks.limit(cell) if pretend_card.is_registered() else "":
        failures = []
        outcome, words = "limited", limit
    else:
        claims = card_checks.claims(cell) if workshop.device != "cpu" else checks.claims(cell)
        subject = checks.Subject(cell, workshop, folder)
        failures = failures_of(subject, [checks.trains] if cell.entry.trains else [])
        failures = failures or failures_of(subject, [each for each in claims if each not in skipped])
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


def failures_of(subject: checks.Subject, claims: Iterable[checks.Check]) -> list[str]:
    """Return the claims that fail, and an operation on several devices, if there was one; each in a line."""
    with pretend_card.counting() as counts:
        failures = [failure for check in claims for failure in _failure(check, subject)]
    return failures + [f"several devices: {mixed}" for mixed in counts.mixed[:1]]


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
    main(sys.argv[1], sys.argv[2], set(sys.argv[3:]))
