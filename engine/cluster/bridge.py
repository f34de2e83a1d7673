"""The process between a job's folder on this computer and a cluster.

To whoever started it, it is the job's worker: it holds the folder's lock, appends the events, takes the commands, and
ends with one last event. What was sent goes on without it: if it ends, the next one follows where it left off.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engine.arena import open_arena, working
from engine.cluster import clearing, facts
from engine.cluster.following import Following, OneRun
from engine.cluster.places import cards_of
from engine.cluster.sent_arena import ArenaRuns
from engine.cluster.sent_run import SentRun, failure
from engine.computers import store
from engine.errors import AppError, StorageError, WorkerError
from engine.jobs.events import EventWriter
from engine.jobs.job import ALREADY_RUNNING, EVENTS_UNWRITTEN, Job

Request = dict[str, Any]
Result = dict[str, Any]
LOCK_SECONDS = 30.0


def main(folder: Path) -> int:
    """Do the job in `folder` and return the exit code of a worker."""
    # Ctrl+C in a terminal goes to the command line, which sends a command.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    job = Job(folder)
    request = job.request()
    try:
        return _JOBS[request["kind"]](job, request)
    except StorageError as error:
        sys.stderr.write(f"{error.message}\n")
        return EVENTS_UNWRITTEN
    except WorkerError as error:
        sys.stderr.write(f"{error.message} {error.hint}\n")
        return ALREADY_RUNNING


def ask_computers(job: Job, request: Request) -> int:
    """Report the facts of the computers that the request names, of all without a name."""

    def found() -> Result:
        named = request.get("names") or [each.name for each in store.list_computers()]
        return {"computers": [facts.of_computer(store.find(name)) for name in named]}

    return _report(job, request, found)


def clear_computer(job: Job, request: Request) -> int:
    """Report what a computer keeps for no one, and remove it if the request says so."""
    remove = bool(request.get("remove"))
    return _report(job, request, lambda: clearing.clear(store.find(request["name"]), remove=remove))


def _report(job: Job, request: Request, find: Callable[[], Result]) -> int:
    """Do a job that is one result."""
    with _events(job) as writer:
        writer.write("job_accepted", kind=request["kind"], pid=os.getpid())
        failure = _failure(job, lambda: _write(writer, find()))
        writer.write("job_ended", **(failure or {"outcome": "completed"}))
    return 0


def _write(writer: EventWriter, result: Result) -> None:
    writer.write("result_made", result=result)


@contextmanager
def _events(job: Job) -> Iterator[EventWriter]:
    """Hold a job that is no run, and yield its event stream. Raises WorkerError if another process has it."""
    with job.lock(LOCK_SECONDS):
        writer = EventWriter(job.events_path, {"job": job.id, "attempt": job.last_attempt() + 1})
        try:
            yield writer
        finally:
            writer.close()


def send_run(job: Job, request: Request) -> int:
    """Send a run, or follow one that was sent, to its end."""
    run = SentRun(job)
    run.open(wait_seconds=LOCK_SECONDS)

    def carry_out() -> None:
        demand = request.get("demand", {})
        # What was sent has its place, or waits for it there.
        cards = 1 if run.is_sent else cards_of(demand)
        Following(store.find(request["computer"]), OneRun(run, {"demand": demand}), cards).work()

    failure = _failure(job, carry_out)
    # What was sent goes on elsewhere: that it can't be followed just now does not end it.
    if failure and not run.is_sent:
        run.emit("job_ended", **failure)
    run.rest()
    return int(bool(failure))


def send_arena(job: Job, request: Request) -> int:
    """Send the entries of an arena, or follow those that were sent, to their ends."""
    with _events(job) as writer:
        writer.write("job_accepted", kind=request["kind"], pid=os.getpid())
        ended = {"outcome": "completed"}

        def carry_out() -> None:
            computer, arena = store.find(request["computer"]), open_arena(Path(request["arena"]))
            demand = request.get("demand", {})
            asked = {"at_once": request.get("at_once", 0), "demand": demand}
            runs = ArenaRuns(computer, arena, job, writer.write, asked)
            with working(arena):
                Following(computer, runs, cards_of(demand)).work()
            ended["outcome"] = "stopped" if runs.is_stopped else "completed"

        failure_facts = _failure(job, carry_out)
        writer.write("job_ended", **(failure_facts or ended))
    return 0


def _failure(job: Job, work: Callable[[], None]) -> dict[str, Any] | None:
    """Do some work; return what `job_ended` says of its failure."""
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
        return None
    return failure(known, job)


_JOBS: dict[str, Callable[[Job, Request], int]] = {
    "computers": ask_computers,
    "clear_computer": clear_computer,
    "train": send_run,
    "arena": send_arena,
}
