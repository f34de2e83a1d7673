"""Whether a run survives when another program takes the card's memory in the middle of it.

python -m tests.benchmarks.card.shortage        is that program: at a line on its standard input it takes all but some
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from engine.config import recipe as recipes
from engine.jobs.supervisor import Supervisor
from engine.jobs.worker_process import visible_to
from engine.runs import run_store
from tests.benchmarks.card import shapes
from tests.benchmarks.card.figures import Figure, holds
from tests.benchmarks.card.parts import Setting
from tests.helpers.repository import ROOT

LEFT_BYTES, BLOCK_BYTES = 128 * 1024**2, 64 * 1024**2
EXAMPLES, EPOCHS = 512, 3
TAKEN_AT = "step_finished"
TELLING = ("notice", "run_resumed")


def measure(setting: Setting) -> Iterator[Figure]:
    """Train in steps of very different size; after the first, leave next to nothing of the card's memory."""
    source = shapes.data("shortage", setting, {"train": EXAMPLES})
    tables = shapes.recipe(shapes.model("1b", setting), source, setting)
    tables["training"] |= {"batch_size": 32, "order": "random", "epochs": EPOCHS}
    supervisor = Supervisor(run_store.create_run(recipes.from_tables(tables)))
    with _hog(setting) as hog:
        supervisor.start()
        events, taken = _followed(supervisor, hog)
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


def _followed(supervisor: Supervisor, hog: subprocess.Popen[str]) -> tuple[list[dict[str, Any]], int]:
    """Follow a run to its end; return its events from the taking on, and how many bytes were taken."""
    events: list[dict[str, Any]] = []
    taken = 0
    for event in supervisor.follow():
        if taken:
            events.append(dict(event))
        elif event["event"] == TAKEN_AT:
            taken = _take(hog)
    return events, taken


def _take(hog: subprocess.Popen[str]) -> int:
    assert hog.stdin is not None
    assert hog.stdout is not None
    hog.stdin.write("take\n")
    hog.stdin.flush()
    return int(hog.stdout.readline() or 0)


@contextmanager
def _hog(setting: Setting) -> Iterator[subprocess.Popen[str]]:
    """Start the program that can take the card's memory, ready for the word; it ends with this context."""
    hog = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.card.shortage"], cwd=ROOT,
        env={**os.environ, **visible_to(setting.device)}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    try:
        assert hog.stdout is not None
        hog.stdout.readline()
        yield hog
    finally:
        hog.communicate()


def take_memory() -> None:
    """Say "ready", wait for a line, take block by block, say how much, and keep it until the input ends."""
    import torch

    torch.cuda.init()
    print("ready", flush=True)
    sys.stdin.readline()
    blocks = []
    while torch.cuda.mem_get_info(0)[0] > LEFT_BYTES + BLOCK_BYTES:
        try:
            blocks.append(torch.empty(BLOCK_BYTES, dtype=torch.uint8, device="cuda"))
        except torch.OutOfMemoryError:
            break
    print(len(blocks) * BLOCK_BYTES, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    take_memory()
