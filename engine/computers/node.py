"""This computer as a node of a cluster: starts and stops `ray start`.

A head listens on loopback only, unless it is given another address, and requires a token. Only a node that was started
here is stopped.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from engine.computers import token
from engine.computers.computer import JOBS_PORT, is_port
from engine.computers.tunnel import private_folder
from engine.errors import ComputerError
from engine.messages import say
from engine.system.command_name import command_name
from engine.system.files import delete, write_atomically
from engine.system.foreign_files import FileKind, read_json, read_text
from engine.system.paths import application_root, make_private
from engine.system.processes import OWN_SESSION

LOOPBACK = "127.0.0.1"
CLUSTER_PORT = 6379
# A cold start on a busy disk takes half a minute.
START_SECONDS = 90.0
STOP_SECONDS, LINGERING_SECONDS = 20.0, 2.0
# Where Ray's own processes listen.
WORKER_PORTS = range(10_002, 20_000)
POLL_SECONDS = 0.2
# Makes Ray's servers bind to loopback: it then takes this computer for the whole cluster.
LOOPBACK_ONLY = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
# Ray's client server unpickles requests, and is not needed here.
_PROGRAM = (
    "from ray.scripts import scripts; scripts.get_ray_client_dependency_error = lambda: 'off'; scripts.main()"
)


@dataclass(frozen=True)
class Node:
    """A node that was started here: its process, and the address at which others join or send."""

    pid: int
    address: str
    jobs_port: int
    token_file: str


def start(
    host: str = LOOPBACK,
    port: int = CLUSTER_PORT,
    jobs_port: int = JOBS_PORT,
    *,
    cards: int | None = None,
    processors: int | None = None,
) -> Node:
    """Start the head of a cluster and return it once it answers. Raises ComputerError.

    Others join at `host`, an address of this computer; on loopback none can. `cards` (GPUs) and `processors` (CPU
    cores) default to what Ray finds.
    """
    _require_none_runs()
    for each in (port, jobs_port):
        _require_free(host, each)
    secret = token.make()
    # The dashboard has the job API, which takes what others send.
    arguments = ["--head", f"--port={port}", "--include-dashboard=true"]
    arguments += [f"--dashboard-host={host}", f"--dashboard-port={jobs_port}"]
    process = launch(arguments, host, secret, cards, processors)
    return _once_up(process, Node(process.pid, f"{host}:{port}", jobs_port, str(secret)))


def join(
    address: str,
    token_file: str = "",
    host: str = "",
    *,
    cards: int | None = None,
    processors: int | None = None,
) -> Node:
    """Make this computer a node of the cluster whose head is at `address`. Raises ComputerError."""
    _require_none_runs()
    head, _, port = address.rpartition(":")
    if not is_port(port):
        head, port = address, str(CLUSTER_PORT)
    from engine.system import connection

    if reason := connection.failure(head, int(port)):
        hint = say(
            "Start the head with `{} node start --host ADDRESS`, and check its firewall.", command_name()
        )
        raise ComputerError(say("The head can't be reached: {}:{} {}.", head, port, reason), hint, "address")
    secret = token.require_private(token_file)
    process = launch([f"--address={head}:{port}"], host, secret, cards, processors)
    return _once_up(process, Node(process.pid, f"{head}:{port}", 0, str(secret)))


def stop() -> Node:
    """Stop the node that was started here and return it. Raises ComputerError if there is none."""
    node = running()
    if node is None:
        raise ComputerError("No node started here is running.", "`ray stop` stops other nodes.")
    import psutil

    parent = psutil.Process(node.pid)
    processes = [parent, *parent.children(recursive=True)]
    with suppress(ProcessLookupError):
        os.kill(node.pid, signal.SIGTERM)
    # It ends its own processes, but some take long.
    psutil.wait_procs([parent], timeout=STOP_SECONDS)
    _, alive = psutil.wait_procs(processes, timeout=LINGERING_SECONDS)
    for each in alive:
        with suppress(psutil.NoSuchProcess):
            each.kill()
    delete(_record())
    return node


def running() -> Node | None:
    """Return the running node that was started here, None if there is none."""
    import psutil

    try:
        stored: dict[str, Any] = read_json(_record(), FileKind.JOB)
        began = float(stored.pop("began"))
        node = Node(**stored)
        # The process id may have been reused.
        same = abs(psutil.Process(node.pid).create_time() - began) < 1.0
    except (OSError, ValueError, TypeError, KeyError, psutil.Error):
        return None
    return node if same else None


def _require_none_runs() -> None:
    if find_spec("ray") is None:
        raise ComputerError("Ray is not installed.", "Run `pip install 'ray[default]'`.")
    node = running()
    if node is not None:
        raise ComputerError(
            say("This computer is already a node at {}.", node.address),
            say("`{} node stop` stops it.", command_name()),
        )


def _require_free(host: str, port: int) -> None:
    if port in WORKER_PORTS:
        first, last = WORKER_PORTS[0], WORKER_PORTS[-1]
        message = say("Ray reserves port {} for its own processes.", port)
        raise ComputerError(message, say("Use one below {} or above {}.", first, last), "port")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ComputerError(
                say("Port {} of {} can't be opened: {}.", port, host, error.strerror),
                "Another program uses it. Set other ports with --port and --jobs-port.",
                "port",
            ) from error


def launch(
    arguments: list[str], host: str, secret: Path, cards: int | None, processors: int | None
) -> subprocess.Popen[bytes]:
    folder = _folder()
    command = [sys.executable, "-c", _PROGRAM, "start", *arguments, "--block", f"--temp-dir={folder}"]
    # A second agent on this computer could not have the usual port.
    command += ["--disable-usage-stats", "--dashboard-agent-listen-port=0"]
    options = {"--node-ip-address": host or None, "--num-gpus": cards, "--num-cpus": processors}
    command += [f"{name}={value}" for name, value in options.items() if value is not None]
    environment = dict(os.environ) | (LOOPBACK_ONLY if host == LOOPBACK else {})
    environment |= {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(secret),
        "RAY_USAGE_STATS_ENABLED": "0",
        # Ray's metrics are open to anyone who reaches their port.
        "RAY_enable_metrics_collection": "0",
        # So that jobs and tasks use this Python and this Tunesmith.
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), environment.get("PATH", os.defpath))),
        "PYTHONPATH": os.pathsep.join(
            filter(None, (str(application_root()), environment.get("PYTHONPATH", "")))
        ),
    }
    null = subprocess.DEVNULL
    with (folder / "node.log").open("wb") as log:
        return subprocess.Popen(command, stdin=null, stdout=log, stderr=log, env=environment, **OWN_SESSION)


def _once_up(process: subprocess.Popen[bytes], node: Node) -> Node:
    """Return the node once Ray logs that it is up; kill it if it does not come up. Raises ComputerError."""
    import psutil

    log, deadline = _folder() / "node.log", time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        if "Ray runtime started" in read_text(log, FileKind.LOG, errors="replace"):
            began = psutil.Process(node.pid).create_time()
            write_atomically(_record(), json.dumps({**vars(node), "began": began}))
            return node
        time.sleep(POLL_SECONDS)
    process.kill()
    process.wait()
    lines = reversed(read_text(log, FileKind.LOG, errors="replace").splitlines())
    last = next((line.strip() for line in lines if "rror:" in line or "Error" in line), "")
    raise ComputerError(say("Ray did not start. {}", last).strip(), say("Its log is {}.", log), None)


def _record() -> Path:
    return _folder() / "node.json"


def _folder() -> Path:
    """Return the folder of Ray's sockets and logs."""
    folder = private_folder() / "ray"
    make_private(folder)
    return folder
