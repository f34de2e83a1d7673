"""Fixtures of the worker's tests: the channel of a job, reference runs."""

import os
import shutil
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from unittest.mock import patch

import pytest

from engine.adapters import library
from engine.adapters.library import Adapter
from engine.jobs.events import Event, EventWriter
from engine.jobs.job import create_job
from engine.jobs.run_state import Curve
from engine.runs import run_store
from engine.system.paths import adapters_folder, jobs_folder
from engine.worker.runtime.channel import Channel
from tests.helpers.tiny_runs import adapter_of, tiny_recipe, train_in_process
from tests.helpers.worker_setup import write_conversations


@dataclass(frozen=True)
class ReferenceRun:
    """What an uninterrupted run on the untied T5 left: its events, its adapter with the weights, and the loss curve."""

    events: list[Event]
    adapter: Adapter
    weights: bytes
    loss: Curve

    def install(self) -> None:
        """Copy the adapter into the library of the current home."""
        shutil.copytree(self.adapter.folder, adapters_folder() / self.adapter.id)


@cache
def _trained(folder: Path, method: str) -> ReferenceRun:
    """Return the run by a method with an event per step, in a home of its own below `folder`."""
    with patch.dict(os.environ, TUNESMITH_HOME=str(folder / "home")):
        job, events = train_in_process(tiny_recipe(folder, "t5", method, "training.log_every=1"))
        adapter = adapter_of(events)
    weights = (adapter.folder / library.WEIGHTS_NAME).read_bytes()
    return ReferenceRun(events, adapter, weights, run_store.open_run(job).state.loss)


@pytest.fixture
def channel():
    """Return the channel of a new job without a worker."""
    job = create_job(jobs_folder(), "check_data", {})
    writer = EventWriter(job.events_path, {"job": job.id, "attempt": 1})
    yield Channel(job, writer)
    writer.close()


@pytest.fixture
def source(tmp_path):
    """Return a folder of conversations, enough for a verdict."""
    return str(write_conversations(tmp_path / "conversations", 12))


@pytest.fixture(scope="session")
def reference_run(tmp_path_factory):
    """Return the uninterrupted run by a method."""
    return partial(_trained, tmp_path_factory.mktemp("reference"))
