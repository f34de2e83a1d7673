"""Jobs of a benchmark, followed to their end."""

from __future__ import annotations

from collections.abc import Iterator

from engine.jobs.events import Event
from engine.jobs.job import Job
from engine.jobs.supervisor import Supervisor
from tests.helpers.benchmark_report import peak_resident


def followed(job: Job, resident: list[int] | None = None) -> Iterator[Event]:
    """Start a job, yield its events, and add its peaks of memory to a list; a job that fails ends the benchmark."""
    supervisor = Supervisor(job)
    peaks = [] if resident is None else resident
    supervisor.start()
    yield from supervisor.follow(tick=lambda: peaks.append(peak_resident(supervisor.pid)))
    ending = supervisor.ending()
    if ending.outcome not in {"completed", "stopped"}:
        raise SystemExit(f"{ending.message} {ending.hint}\n{ending.log_tail}")
