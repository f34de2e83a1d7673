"""The process between a job's folder on this computer and a cluster.

To its parent it is the job's worker: it holds the folder's lock, appends events, takes commands, and ends with one last
event. Runs at the cluster continue without it: the next bridge follows from where it left off.
"""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from engine.arena import open_arena, working
from engine.cluster import probe
from engine.cluster.connection import connected
from engine.cluster.following import ArenaFollowing, Emit, Following
from engine.cluster.sent_run import SentRun
from engine.cluster.store_client import cards_of
from engine.computers import store
from engine.computers.computer import Computer
from engine.errors import AppError, Problem, StorageError, WorkerError
from engine.jobs.events import EventWriter
from engine.jobs.job import ALREADY_RUNNING, EVENTS_UNWRITTEN, Job, failure
from engine.messages import say
from engine.system.command_name import command_name

Request = dict[str, Any]
LOCK_SECONDS = 30.0
MAX_CLOCK_SECONDS = 30.0
LOW_DISK_BYTES = 5_000_000_000


def main(folder: Path) -> int:
    """Do the job in `folder` and return the exit code of a worker."""
    # The command line handles Ctrl+C and sends a command.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    job = Job(folder)
    request = job.request()
    try:
        return send_run(job, request) if request["kind"] == "train" else _do(job, request)
    except StorageError as error:
        sys.stderr.write(f"{error.message}\n")
        return EVENTS_UNWRITTEN
    except WorkerError as error:
        sys.stderr.write(f"{error.message} {error.hint}\n")
        return ALREADY_RUNNING


def send_run(job: Job, request: Request) -> int:
    """Send a run, or follow one that was sent."""
    run = SentRun(job)
    run.open(wait_seconds=LOCK_SECONDS)

    with _ending(job) as failed:
        Following(store.find(request["computer"]), {job.id: run}, cards_of(request)).work()
    # A run that was sent continues there, even if it can't be followed now.
    if failed and not run.is_sent:
        run.emit("job_ended", **failed)
    run.rest()
    return int(bool(failed))


def _do(job: Job, request: Request) -> int:
    """Do any other job: hold its folder and write its events. Raises WorkerError if another process has it."""
    with job.lock(LOCK_SECONDS):
        facts = {"job": job.id, "attempt": job.last_attempt() + 1}
        with closing(EventWriter(job.events_path, facts)) as writer:
            writer.write("job_accepted", kind=request["kind"], pid=os.getpid())
            with _ending(job) as ended:
                ended["outcome"] = _JOBS[request["kind"]](job, request, writer.write)
            writer.write("job_ended", **ended)
    return 0


def send_arena(job: Job, request: Request, emit: Emit) -> str:
    """Send the entries of an arena, or follow those that were sent."""
    computer, arena = store.find(request["computer"]), open_arena(Path(request["arena"]))
    following = ArenaFollowing(computer, arena, job, emit, cards_of(request))
    with working(arena):
        following.work()
    return "stopped" if following.is_stopped else "completed"


def ask_computers(_: Job, request: Request, emit: Emit) -> str:
    """Report the facts of the named computers, or of all."""
    named = request.get("names") or [each.name for each in store.list_computers()]
    emit("result_made", result={"computers": [_facts_of(store.find(name)) for name in named]})
    return "completed"


def _facts_of(computer: Computer) -> dict[str, Any]:
    """Return the facts of a computer; `problem` says why it can't be asked."""
    found: dict[str, Any] = {"reachable": False, "problem": None, "nodes": [], "entries": []}
    try:
        with connected(computer) as job_store:
            here, began = probe.facts(), time.time()
            nodes = [_node(node, here, began) for node in job_store.nodes()]
            found |= {"reachable": True, "nodes": nodes, "entries": job_store.overview()}
    except AppError as error:
        found["problem"] = error.problems[0].as_dict()
    return asdict(computer) | found


def _node(told: dict[str, Any], here: dict[str, Any], began: float) -> dict[str, Any]:
    """Return a node's facts and whether it fits; `here` are the facts of this computer."""
    named = {name: value for name, value in told.items() if name not in {"facts", "problem"}}
    if told["facts"] is None:
        return named | {"fits": False, "problems": [Problem("", told["problem"], "").as_dict()]}
    problems = [each.as_dict() for each in misfits(told["facts"], here)]
    remarks = [each.as_dict() for each in differences(told["facts"], here, began)]
    return {**named, **told["facts"], "fits": not problems, "problems": problems, "remarks": remarks}


def misfits(node: Mapping[str, Any], here: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield why a node can't train runs of this computer."""
    if not node["tunesmith"]:
        start = say("start the node with `{} node start` or `{} node join`", command_name(), command_name())
        hint = say("Install it there, and {}.", start)
        yield Problem("tunesmith", "The node's Python lacks Tunesmith.", hint)
    elif node["tunesmith"] != here["tunesmith"]:
        message = say("The node has Tunesmith {}, this computer {}.", node["tunesmith"], here["tunesmith"])
        yield Problem("tunesmith", message, "Install the same version on both.")
    missing = [name for name in ("torch", "transformers", "peft") if not node["packages"].get(name)]
    if missing:
        hint = "Install Tunesmith there."
        yield Problem("packages", say("The node lacks {}.", ", ".join(missing)), hint)


def differences(node: Mapping[str, Any], here: Mapping[str, Any], began: float) -> Iterator[Problem]:
    """Yield what the user should know about a node that fits."""
    for name, own in here["packages"].items():
        there = node["packages"].get(name)
        if own and there and own != there:
            message = say("The node has {} {}, this computer {}; results may differ.", name, there, own)
            yield Problem("packages", message, "Install the same version for bit-identical results.")
    # The answer was written between the question and now.
    apart = max(began - node["time"], node["time"] - time.time(), 0.0)
    if apart > MAX_CLOCK_SECONDS:
        message = say("The node's clock is off by {:.0f} s.", apart)
        yield Problem("clock", message, "Synchronise both clocks.")
    if node["free_disk_bytes"] < LOW_DISK_BYTES:
        message = say("The node has only {:.1f} GB of free disk space.", node["free_disk_bytes"] / 1e9)
        yield Problem("disk", message, "Free some space there.")


def clear_computer(_: Job, request: Request, emit: Emit) -> str:
    """Report what a computer keeps that no run needs, with its bytes, and delete it if asked to.

    Files of waiting and running entries stay, and so do results that nobody has fetched.
    """
    remove = bool(request.get("remove"))
    with connected(store.find(request["name"])) as job_store:
        stored, nodes = job_store.clear(remove), job_store.clear_nodes(remove)
    kept = [*stored, *(each for node in nodes for each in node["kept"])]
    told = {"computer": request["name"], "removed": remove, "bytes": sum(each["bytes"] for each in kept)}
    emit("result_made", result={**told, "storage": stored, "nodes": nodes})
    return "completed"


@contextmanager
def _ending(job: Job) -> Iterator[dict[str, Any]]:
    """Yield the facts of `job_ended`, which are filled if the work in the block fails."""
    ended: dict[str, Any] = {}
    try:
        yield ended
    except AppError as error:
        ended |= failure(error, job.log_path)
    except Exception as error:  # noqa: BLE001 - the edge of this process: anything becomes an outcome
        traceback.print_exc()
        unexpected = say("Unexpected: {}: {}", type(error).__name__, str(error)[:500])
        ended |= failure(AppError(unexpected, "The log has the details."), job.log_path)


# By the kind of job; each returns the job's outcome.
_JOBS: dict[str, Callable[[Job, Request, Emit], str]] = {
    "computers": ask_computers,
    "clear_computer": clear_computer,
    "arena": send_arena,
}
