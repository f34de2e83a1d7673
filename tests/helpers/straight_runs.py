"""Runs that nothing came between, for comparison: those that were broken off come to the same."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from engine.adapters import library
from engine.jobs.events import Event
from engine.jobs.run_state import Curve
from engine.runs import run_store
from tests.helpers.tiny_runs import named, tiny_recipe, train_here


@dataclass(frozen=True)
class Straight:
    """What such a run told, and the weights it came to."""

    events: list[Event]
    weights: bytes
    loss: Curve


@cache
def straight(folder: Path, method: str) -> Straight:
    """Return a run by a method on the untied T5 that tells of each step, with its data below `folder`: one for all."""
    job, events = train_here(tiny_recipe(folder, "t5", method, "training.log_every=1"))
    adapter = library.find(named(events, "adapter_saved")[-1]["adapter"])
    weights = (adapter.folder / library.WEIGHTS_NAME).read_bytes()
    return Straight(events, weights, run_store.open_run(job).state.loss)
