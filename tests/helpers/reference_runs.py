"""Uninterrupted runs on the untied T5 that resumed runs are compared with, trained once a process."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from unittest.mock import patch

from engine.adapters import library
from engine.adapters.library import Adapter
from engine.jobs.events import Event
from engine.jobs.run_state import Curve
from engine.runs import run_store
from engine.system.paths import adapters_folder
from tests.helpers.tiny_runs import adapter_of, tiny_recipe, train_in_process


@dataclass(frozen=True)
class ReferenceRun:
    """The events of such a run, its adapter, the adapter's weights and the loss curve."""

    events: list[Event]
    adapter: Adapter
    weights: bytes
    loss: Curve

    def install(self) -> None:
        """Copy the adapter into the library of the current home."""
        shutil.copytree(self.adapter.folder, adapters_folder() / self.adapter.id)


@cache
def reference_run(folder: Path, method: str) -> ReferenceRun:
    """Return the run by a method with an event per step, in a home of its own below `folder`."""
    with patch.dict(os.environ, TUNESMITH_HOME=str(folder / "home")):
        job, events = train_in_process(tiny_recipe(folder, "t5", method, "training.log_every=1"))
        adapter = adapter_of(events)
    weights = (adapter.folder / library.WEIGHTS_NAME).read_bytes()
    return ReferenceRun(events, adapter, weights, run_store.open_run(job).state.loss)
