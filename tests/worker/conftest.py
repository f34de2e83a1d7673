"""Fixtures of the worker's tests: the channel of a job, reference runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pytest

from engine.jobs.events import EventWriter
from engine.jobs.job import create_job
from engine.system.paths import jobs_folder
from engine.worker.runtime.channel import Channel
from tests.helpers import reference_runs
from tests.helpers.reference_runs import ReferenceRun


@pytest.fixture
def channel() -> Iterator[Channel]:
    """Return the channel of a new job without a worker."""
    job = create_job(jobs_folder(), "check_data", {})
    writer = EventWriter(job.events_path, {"job": job.id, "attempt": 1})
    yield Channel(job, writer)
    writer.close()


@pytest.fixture(scope="session")
def reference_run(tmp_path_factory) -> Callable[[str], ReferenceRun]:
    """Return the uninterrupted run by a method."""
    return partial(reference_runs.reference_run, tmp_path_factory.mktemp("reference"))
