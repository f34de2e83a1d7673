"""Nobody on the network gets at a run of several processes: what they send each other takes no way that others reach.

Real runs, whose processes are asked for every socket that they listen on.
"""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from ipaddress import ip_address
from pathlib import Path

import psutil
import pytest

from engine.config import recipe as recipes
from engine.jobs.events import read_all
from engine.jobs.job import Job
from engine.jobs.worker_process import worker_command
from engine.runs import run_store
from engine.system import ranks
from engine.system.paths import application_root, runs_folder
from tests.helpers.systems import signals
from tests.helpers.tiny_runs import tiny_recipe

pytestmark = [
    pytest.mark.torch,
    pytest.mark.slow("engine/system/ranks", "engine/worker/jobs/rank", "engine/worker/runtime/rank_"),
    signals,
]
LONG = ("training.epochs=1000", "training.evaluate_every=1000")


class Training:
    """A run that trains in two processes until the test is over."""

    def __init__(self, temporary: Path) -> None:
        self._environment = os.environ | {"TMPDIR": str(temporary)}
        self._started: list[subprocess.Popen[bytes]] = []
        self.job: Job | None = None

    def start(self, command: list[str], **environment: str) -> None:
        """Start what starts the processes of the run."""
        self._started.append(
            subprocess.Popen(
                command, env=self._environment | environment, stdin=subprocess.DEVNULL, start_new_session=True
            )
        )

    def processes(self) -> list[psutil.Process]:
        first = [psutil.Process(each.pid) for each in self._started]
        found = [*first, *(child for each in first for child in each.children(recursive=True))]
        return [each for each in found if each.status() != psutil.STATUS_ZOMBIE]

    def wait_for_steps(self, count: int) -> None:
        """Wait until it has trained so many steps more."""
        wanted = self._steps() + count
        while self._steps() < wanted:
            assert all(each.poll() is None for each in self._started)
            time.sleep(0.05)

    def _steps(self) -> int:
        if self.job is None:
            made = list(runs_folder().glob("*/events.jsonl"))
            self.job = Job(made[0].parent) if made else None
        events = read_all(self.job.events_path) if self.job and self.job.events_path.exists() else []
        return sum(event["event"] == "step_finished" for event in events)

    def end(self) -> None:
        """Kill all."""
        for each in self.processes():
            each.send_signal(signal.SIGKILL)
        for started in self._started:
            started.wait()


@pytest.fixture
def training(home, tmp_path):
    """A run that is ended with the test."""
    made = Training(tmp_path)
    yield made
    made.end()


def by_torchrun(training: Training, folder: Path) -> None:
    recipes.save(tiny_recipe(folder, "t5", "lora", *LONG), folder / "recipe.toml")
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    training.start([*launcher, str(application_root() / "main.py"), "train", str(folder / "recipe.toml")])


def test_one_that_torchrun_starts_does_so_too_and_tells_torchrun_nothing(training, tmp_path):
    """torchrun itself listens to all networks, which is its own choice."""
    by_torchrun(training, tmp_path)
    training.wait_for_steps(1)
    [launcher] = filter(is_torchrun, training.processes())
    keys = [key for _, port in listening(launcher) for key in keys_at(port)]
    assert keys
    assert [key for key in keys if "torch.rendezvous" not in key] == []
    ours = [each for each in training.processes() if not is_torchrun(each)]
    assert_nobody_else_is_heard(training, {address for each in ours for address in listening(each)})


def assert_nobody_else_is_heard(training: Training, heard: set[tuple[str, int]]) -> None:
    """Assert that no other computer reaches these sockets, and that the run bears whoever does."""
    assert heard
    assert {host for host, _ in heard if not ip_address(host).is_loopback} == set()
    for address in heard:
        with socket.create_connection(address) as stranger:
            stranger.sendall(secrets.token_bytes(64))
    training.wait_for_steps(3)


def is_torchrun(process: psutil.Process) -> bool:
    return "torch.distributed.run" in process.cmdline()


def listening(process: psutil.Process) -> list[tuple[str, int]]:
    """Return where a process takes connections."""
    return [
        (each.laddr.ip, each.laddr.port)
        for each in process.net_connections("inet")
        if each.status == psutil.CONN_LISTEN
    ]


def keys_at(port: int) -> list[str]:
    """Return what a client without any secret reads in the store at a port."""
    import torch.distributed as dist

    store = dist.TCPStore(ranks.LOOPBACK, port, wait_for_workers=False)
    return [str(key) for key in store.list_keys()]


def test_a_run_of_several_processes_listens_to_this_computer_alone(training, tmp_path):
    training.job = run_store.create_run(tiny_recipe(tmp_path, "t5", "lora", *LONG))
    training.start(worker_command(training.job.folder), **{ranks.COUNT: "2"})
    training.wait_for_steps(1)
    heard = {address for each in training.processes() for address in listening(each)}
    assert_nobody_else_is_heard(training, heard)
