"""Uninterrupted runs that resumed runs are compared with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from engine.adapters import library
from engine.jobs.events import Event
from engine.jobs.run_state import Curve
from engine.runs import run_store
from tests.helpers.tiny_runs import events_named, tiny_recipe, train_in_process


@dataclass(frozen=True)
class ReferenceRun:
    """The events of such a run, its final weights and its loss curve."""

    events: list[Event]
    weights: bytes
    loss: Curve


@cache
def reference_run(folder: Path, method: str) -> ReferenceRun:
    """Return the run by a method on the untied T5 with an event per step, data below `folder`; once a process."""
    job, events = train_in_process(tiny_recipe(folder, "t5", method, "training.log_every=1"))
    adapter = library.find(events_named(events, "adapter_saved")[-1]["adapter"])
    weights = (adapter.folder / library.WEIGHTS_NAME).read_bytes()
    return ReferenceRun(events, weights, run_store.open_run(job).state.loss)
