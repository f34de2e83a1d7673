"""What tests of the worker share: a channel onto a job of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.events import EventWriter
from engine.jobs import create_job
from engine.paths import jobs_folder
from engine.worker.channel import Channel


@pytest.fixture
def channel() -> Iterator[Channel]:
    """The channel of a new job that no worker does."""
    job = create_job(jobs_folder(), "check_data", {})
    writer = EventWriter(job.events_path, {"job": job.id, "attempt": 1})
    yield Channel(job, writer)
    writer.close()
