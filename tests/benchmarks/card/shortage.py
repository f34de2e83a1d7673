"""Whether a run survives when another program takes the card's memory in the middle of it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from engine.config import recipe as recipes
from engine.jobs.supervisor import Supervisor
from engine.runs import run_store
from tests.benchmarks.card import shapes
from tests.benchmarks.card.figures import Figure, Lacking, holds
from tests.benchmarks.card.parts import Setting
from tests.helpers.repository import ROOT

LEFT_BYTES = 128 * 1024**2
EXAMPLES = 256
TAKEN_AT = "step_finished"
TELLING = ("notice", "memory_probed", "run_resumed")


def measure(setting: Setting) -> Iterator[Figure]:
    """Train in steps of very different size; after the first, leave next to nothing of the card's memory."""
    if setting.kind != "cuda":
        raise Lacking("Memory can be taken away from a card only.")
    source = shapes.data("shortage", setting, {"train": EXAMPLES})
    tables = shapes.recipe(shapes.model("base", setting), source, setting)
    tables["training"] |= {"batch_size": 32, "micro_batch_tokens": 65_536}
    supervisor = Supervisor(run_store.create_run(recipes.from_tables(tables)))
    supervisor.start()
    events, taken = _followed(supervisor)
    ending = supervisor.ending()
    supervisor.close()
    said = [str(event.get("message") or event) for event in events if event["event"] in TELLING]
    steps = sum(event["event"] == "step_finished" for event in events)
    yield Figure("taken away after the first step", f"{taken / 1e9:.1f} GB")
    yield holds(
        "the run ends as one that nothing disturbed", ending.outcome == "completed", _words(ending, steps)
    )
    yield Figure("what the run said of it", " / ".join(said)[-400:] or "nothing")


def _words(ending: Any, steps: int) -> str:
    return f"{ending.outcome} after {steps} steps {ending.message} {ending.hint}".strip()


def _followed(supervisor: Supervisor) -> tuple[list[dict[str, Any]], int]:
    """Follow a run to its end; return its events from the taking on, and how many bytes were taken."""
    events: list[dict[str, Any]] = []
    hog: subprocess.Popen[str] | None = None
    taken = 0
    try:
        for event in supervisor.follow():
            if hog is not None:
                events.append(dict(event))
            elif event["event"] == TAKEN_AT:
                hog, taken = _take()
    finally:
        if hog is not None:
            hog.communicate()
    return events, taken


def _take() -> tuple[subprocess.Popen[str], int]:
    command = [sys.executable, "-m", "tests.benchmarks.card.hog", str(LEFT_BYTES)]
    hog = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert hog.stdout is not None
    return hog, int(hog.stdout.readline() or 0)
