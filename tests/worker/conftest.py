"""What tests of the worker share: a channel onto a job of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pytest

from engine.jobs.events import EventWriter
from engine.jobs.job import create_job
from engine.system.paths import jobs_folder
from engine.worker.runtime.channel import Channel
from tests.helpers.straight_runs import Straight
from tests.helpers.straight_runs import straight as run_straight


@pytest.fixture
def channel() -> Iterator[Channel]:
    """The channel of a new job that no worker does."""
    job = create_job(jobs_folder(), "check_data", {})
    writer = EventWriter(job.events_path, {"job": job.id, "attempt": 1})
    yield Channel(job, writer)
    writer.close()


@pytest.fixture(scope="module")
def straight(tmp_path_factory) -> Callable[[str], Straight]:
    """What gives the run by a method that nothing came between."""
    return partial(run_straight, tmp_path_factory.mktemp("straight"))
