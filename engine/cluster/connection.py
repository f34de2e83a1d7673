"""Connects to a cluster: Ray's job API starts the job store there, which answers over HTTP.

Only the cluster needs Ray, and nothing that it answers is unpickled.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import shlex
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Annotated

from pydantic import Field, TypeAdapter
from typing_extensions import TypedDict

from engine.cluster.probe import installed_version
from engine.cluster.store_client import ClusterHttp, JobStoreClient
from engine.computers import token
from engine.computers.computer import JOBS_PORT, Computer
from engine.computers.sending import require_online
from engine.computers.tunnel import tunnel_to
from engine.errors import ComputerError
from engine.messages import say
from engine.system import connection
from engine.system.command_name import command_name

# The shell restarts a store that was killed or exits after an update, also while this computer is off.
# Ray appends to a job's log: the output of the current process follows the last `mark`.
ENTRYPOINT = (
    "while echo {mark}; python -m engine.cluster.store_job {storage}; [ $? -gt 128 ]; do sleep 1; done"
)
_MARK = "TUNESMITH-START-[0-9a-f]{16}"
# Begins the line of the log with the store's answer.
ANSWER_MARK = "TUNESMITH-ANSWER "
JOB_SECONDS = 120.0
POLL_SECONDS = 0.2
UNAUTHORIZED, FORBIDDEN = 401, 403
# Printed by a head that has no Python or no Tunesmith.
_NOT_THERE = re.compile(r"No module named 'engine|python: (?:command )?not found")


class _Version(TypedDict):
    ray_version: str


class _Job(TypedDict):
    status: str
    entrypoint: Annotated[str, Field(pattern=_MARK)]


class _Log(TypedDict):
    logs: str


class _Started(TypedDict, total=False):
    """What the job store prints: where it listens, or why it could not start."""

    port: Annotated[int, Field(gt=0, le=65_535)]
    version: Annotated[str, Field(max_length=100)]
    problem: Annotated[str, Field(max_length=1_000)]


_VERSION, _JOB, _LOG = TypeAdapter(_Version), TypeAdapter(_Job), TypeAdapter(_Log)
_STARTED = TypeAdapter(_Started)


@contextmanager
def connected(computer: Computer) -> Iterator[JobStoreClient]:
    """Yield a client of the cluster's job store, which is started if there is none. Raises ComputerError."""
    require_online(computer, "computer")
    secret = token.read(computer)
    if not (secret or computer.kind == "ssh" or is_loopback(computer.host)):
        raise ComputerError(
            say(
                "The cluster at {} has no token, so anyone on its network could read what you send.",
                computer.name,
            ),
            say("Run `{} node start` on its head, or connect over SSH.", command_name()),
            token.FIELD,
        )
    with tunnel_to(computer, computer.port) as address, ClusterHttp(computer.name, address, secret) as http:
        _require_job_api(http, computer, has_token=bool(secret))
        port = store_port(http, computer)
    with tunnel_to(computer, port) as address, JobStoreClient(computer.name, address, secret) as job_store:
        yield job_store


def is_loopback(host: str) -> bool:
    """Tell whether a host is a loopback address or `localhost`."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _require_job_api(http: ClusterHttp, computer: Computer, *, has_token: bool) -> None:
    """Raise ComputerError unless Ray's job API answers and accepts the token."""
    # A tunnel is already open.
    if computer.kind == "ray" and (reason := connection.failure(computer.host, computer.port)):
        raise ComputerError(
            say("{} can't be reached: {} {}.", computer.name, computer.destination, reason),
            say("Check the address, and that `{} node start` runs on its head.", command_name()),
            "address",
        )
    try:
        status, answer = http.ask("GET", "/api/version")
        if status not in {UNAUTHORIZED, FORBIDDEN}:
            http.read(_VERSION, http.good(status, answer))
            return
    except ComputerError as error:
        raise ComputerError(
            say("{} is not a Ray cluster, or not ready yet.", computer.destination),
            say("Name the port of Ray's dashboard, usually {}.", JOBS_PORT),
            "address",
        ) from error
    wrong = say("{} rejected this token.", computer.name)
    if not has_token:
        wrong = say("{} requires a token.", computer.name)
    hint = say("Copy it from the head; `{} node start` prints its path.", command_name())
    raise ComputerError(wrong, hint, token.FIELD)


def store_port(http: ClusterHttp, computer: Computer) -> int:
    """Return the port of the job store for the computer's storage; it is submitted as a Ray job if there is none."""
    job_id = f"tunesmith-{hashlib.sha256(computer.storage.encode()).hexdigest()[:8]}"
    mark, storage = f"TUNESMITH-START-{secrets.token_hex(8)}", shlex.quote(computer.storage)
    asked = {"submission_id": job_id, "entrypoint": ENTRYPOINT.format(mark=mark, storage=storage)}
    path, is_new = f"/api/jobs/{job_id}", False
    deadline = time.monotonic() + JOB_SECONDS
    while time.monotonic() < deadline:
        answer = http.take_if_there("GET", path)
        job = None if answer is None else http.read(_JOB, answer)
        runs = job is not None and job["status"] in {"PENDING", "RUNNING"}
        if not runs and not is_new:
            http.ask("DELETE", path)
            status, said = http.ask("POST", "/api/jobs/", json=asked)
            # Another computer may have submitted it first.
            if b"already exists" not in said:
                http.good(status, said)
            is_new = True
        elif job is not None:
            # It may be another computer's job.
            mark = re.findall(_MARK, job["entrypoint"])[0]
            log = http.read(_LOG, http.take("GET", f"{path}/logs"))["logs"]
            log = log.rpartition(mark)[2] if mark in log else ""
            answers = [line for line in log.splitlines() if line.startswith(ANSWER_MARK)]
            if answers:
                return _port(http, computer, answers[-1].removeprefix(ANSWER_MARK))
            if not runs and _NOT_THERE.search(log):
                hint = say("Install it there, and run `{} node start`.", command_name())
                raise ComputerError(say("The head of {} lacks Tunesmith.", computer.name), hint, "computer")
            if not runs:
                last = (log.strip().splitlines() or ["It gave no reason."])[-1]
                message = say("{} can't start Tunesmith: {}", computer.name, last[:300])
                raise ComputerError(message, "Look at the head's logs.")
        time.sleep(POLL_SECONDS)
    raise ComputerError(say("{} didn't start Tunesmith.", computer.name), "Is its head overloaded?")


def _port(http: ClusterHttp, computer: Computer, answer: str) -> int:
    """Return the port in a job store's answer. Raises ComputerError if it could not start or has another version."""
    started = http.read(_STARTED, answer)
    if problem := started.get("problem"):
        raise ComputerError(
            say("The cluster can't store the upload: {}", problem), "Check its storage.", "storage"
        )
    if (there := started.get("version")) != installed_version():
        message = say("{} has Tunesmith {}, this computer {}.", computer.name, there, installed_version())
        raise ComputerError(message, "Install the same version on both.", "computer")
    if "port" not in started:
        raise http.strange()
    return int(started["port"])
