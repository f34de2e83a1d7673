"""The process between a job's folder on this computer and a cluster.

To whoever started it, it is the job's worker: it holds the folder's lock, appends the events, takes the commands, and
ends with one last event. Ray is loaded here and in no other process of this computer.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.cluster import facts
from engine.computers import store
from engine.errors import AppError, StorageError, WorkerError
from engine.jobs.events import EventWriter
from engine.jobs.job import ALREADY_RUNNING, EVENTS_UNWRITTEN, Job

Request = dict[str, Any]


def main(folder: Path) -> int:
    """Do the job in `folder` and return the exit code of a worker."""
    job = Job(folder)
    request = job.request()
    try:
        with job.lock():
            return _JOBS[request["kind"]](job, request)
    except WorkerError as error:
        sys.stderr.write(f"{error.message} {error.hint}\n")
        return ALREADY_RUNNING


def ask_computers(job: Job, request: Request) -> int:
    """Report the facts of the computers that the request names, of all without a name."""
    writer = EventWriter(job.events_path, {"job": job.id, "attempt": job.last_attempt() + 1})
    try:
        writer.write("job_accepted", kind=request["kind"], pid=os.getpid())
        writer.write("job_ended", **_outcome(job, lambda: _report_facts(writer, request)))
    except StorageError as error:
        sys.stderr.write(f"{error.message}\n")
        return EVENTS_UNWRITTEN
    finally:
        writer.close()
    return 0


def _report_facts(writer: EventWriter, request: Request) -> None:
    named = request.get("names") or [each.name for each in store.list_computers()]
    found = [facts.of_computer(store.find(name)) for name in named]
    writer.write("result_made", result={"computers": found})


def _outcome(job: Job, work: Callable[[], None]) -> dict[str, Any]:
    """Do some work and return what `job_ended` says of it."""
    try:
        work()
    except AppError as error:
        known = error
    except Exception as error:  # noqa: BLE001 - the bridge's edge: whatever it is becomes an outcome
        traceback.print_exc()
        known = AppError(
            f"Unexpected: {type(error).__name__}: {str(error)[:500]}", "The log has the details."
        )
    else:
        return {"outcome": "completed"}
    return {
        "outcome": "failed",
        "kind": known.kind,
        "message": known.message,
        "hint": known.hint,
        "field": known.field,
        "problems": [],
        "log": str(job.log_path),
    }


_JOBS: dict[str, Callable[[Job, Request], int]] = {"computers": ask_computers}
