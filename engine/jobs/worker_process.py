"""Starts and kills worker processes, for a job or ahead of one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, NoReturn

from engine.errors import WorkerError
from engine.jobs.job import ON_ALL_DEVICES, Job
from engine.messages import say
from engine.system import ranks
from engine.system.graphics import visible_cards
from engine.system.hub_cache import own_home
from engine.system.paths import program
from engine.system.processes import OWN_SESSION

# Several times the memory of a warm worker.
MIN_AVAILABLE_BYTES = 3 * 1024**3


def worker_command(folder: Path | None = None) -> list[str]:
    """Return the command of a worker for the job in `folder`, or of one that waits for its job."""
    return [*program(), "--worker", *([] if folder is None else [str(folder)])]


def bridge_command(folder: Path) -> list[str]:
    """Return the command of the bridge that does a job for another computer."""
    return [*program(), "--bridge", str(folder)]


def rank_command() -> list[str]:
    """Return the command of another rank of a run, which gets its part on standard input."""
    return [*program(), "--rank"]


def own_command(job: Job) -> tuple[list[str], dict[str, str]]:
    """Return the command of a job's worker, and the environment that shows it its GPU; may take seconds.

    A run on all GPUs has a rank for each, unless a launcher has started this process as a rank.
    """
    device, command = job.device(), worker_command(job.folder)
    if device != visible_cards.ALL or job.request().get("kind") == ON_ALL_DEVICES:
        return command, visible_to(device)
    if job.request().get("kind") != "train" or visible_cards.RANK in os.environ:
        return command, visible_to("auto")
    cards = visible_cards.count(os.environ)
    if cards < 2:
        return command, visible_to("auto")
    return command, {**visible_to(device), ranks.COUNT: str(cards)}


def become_rank(facts: Mapping[str, str]) -> NoReturn:
    """Turn this process into a rank of a run that another process owns; `facts` are what it knows of the run.

    It stays the process that torchrun started and watches.
    """
    command = worker_command()
    environment = worker_environment(niced=False) | {ranks.FACTS: json.dumps(dict(facts))}
    sys.stdout.flush()
    if os.name == "nt":
        # On Windows, exec would end this process for its parent.
        sys.exit(subprocess.run(command, env=environment, check=False).returncode)
    os.execve(command[0], command, environment)  # noqa: S606 - the worker's own command, without a shell


def launch(
    command: list[str], output: IO[bytes] | int, folder: Path, cards: Mapping[str, str], *, niced: bool
) -> subprocess.Popen[bytes]:
    """Start a worker in `folder`, with a pipe to its standard input and `cards` in its environment.

    Raises WorkerError if the system can't.
    """
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            env=worker_environment(niced=niced) | dict(cards),
            cwd=folder,
            **OWN_SESSION,
        )
    except OSError as error:
        raise WorkerError(say("The worker can't be started: {}.", error)) from error


def kill_all(pid: int) -> None:
    """Kill a worker, which leads its process group, and everything that it started."""
    import psutil

    kill_below(pid)
    with suppress(ProcessLookupError, PermissionError, psutil.Error):
        if os.name == "nt":
            psutil.Process(pid).kill()
        else:
            os.killpg(pid, signal.SIGKILL)


def kill_below(pid: int) -> None:
    """Kill all descendants of a process."""
    import psutil

    with suppress(psutil.Error):
        for each in psutil.Process(pid).children(recursive=True):
            with suppress(psutil.Error):
                each.kill()


def visible_to(device: str) -> dict[str, str]:
    """Return the environment that shows a worker only its GPU; may take seconds."""
    return visible_cards.environment(device, os.environ)


def worker_environment(*, niced: bool) -> dict[str, str]:
    environment = dict(os.environ)
    environment["PYTHONUNBUFFERED"] = "1"
    environment["TOKENIZERS_PARALLELISM"] = "false"
    environment["HF_HUB_DISABLE_TELEMETRY"] = "1"
    if own_home():
        environment.setdefault("HF_HOME", own_home())
    if environment.get("HF_HUB_OFFLINE") == "1":
        for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "HF_EVALUATE_OFFLINE"):
            environment[name] = "1"
    if niced:
        environment["TUNESMITH_NICE"] = "10"
    return environment


class WarmWorker:
    """A worker started ahead of its job: it imports the libraries, which takes seconds, and waits.

    It gets the job's folder as a line on standard input, and ends when that is closed: it needs no port, and dies with
    its parent.
    """

    def __init__(
        self, cards: Mapping[str, str] | None = None, *, niced: bool = False, command: list[str] | None = None
    ) -> None:
        """Start it with the GPU environment `cards`, by default that of the device "auto".

        `command` replaces its program in tests. Raises WorkerError if the system can't.
        """
        self.cards = dict(visible_to("auto") if cards is None else cards)
        self.process = launch(
            command or worker_command(),
            subprocess.DEVNULL,
            Path(tempfile.gettempdir()),
            self.cards,
            niced=niced,
        )
        self._taken = False

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    def alive(self) -> bool:
        """Tell whether it is waiting for a job."""
        return not self._taken and self.process.poll() is None

    def assign(self, job: Job, cards: Mapping[str, str]) -> subprocess.Popen[bytes] | None:
        """Give it a job and return its process, which now belongs to the job; None if it can't take the job.

        It needs the same `cards` as the job, since the libraries have already found theirs.
        """
        if not self.alive() or self.process.stdin is None or self.cards != dict(cards):
            return None
        try:
            self.process.stdin.write(json.dumps(str(job.folder)).encode() + b"\n")
            self.process.stdin.flush()
        except OSError:
            return None
        self._taken = True
        return self.process

    def end(self) -> None:
        """Kill it, unless it has a job."""
        if self._taken:
            return
        self.process.kill()
        self.process.wait()
        if self.process.stdin is not None:
            with suppress(OSError):
                self.process.stdin.close()


def can_afford_warm_worker() -> bool:
    """Tell whether an idle worker is acceptable: enough memory is free, and the computer is not on battery."""
    import psutil

    battery = psutil.sensors_battery() if hasattr(psutil, "sensors_battery") else None
    on_battery = battery is not None and not battery.power_plugged
    return not on_battery and psutil.virtual_memory().available >= MIN_AVAILABLE_BYTES
