"""The keeper as an actor of Ray on the head of the cluster, and the tasks that it starts.

The actor outlives whoever sent something. Ray starts it anew if its process dies, and starts a task elsewhere if its
node dies.
"""

from __future__ import annotations

import hashlib
import threading
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from engine.cluster.entry import run_entry
from engine.cluster.keeper import Keeper
from engine.cluster.places import Places
from engine.cluster.remote_keeper import RemoteKeeper
from engine.computers.computer import Computer
from engine.errors import ComputerError
from engine.system.command_name import command_name
from engine.system.paths import cluster_folder

NAME = "keeper"
HEAD = "node:__internal_head__"
# How often a task is started elsewhere when its node dies or lacks memory.
RETRIES = 10
CALLS_AT_ONCE = 16
WATCH_SECONDS = 0.25


class KeeperActor(Keeper):
    """A keeper that starts tasks of Ray as long as there is place for them."""

    def __init__(self, place: str, name: str) -> None:
        super().__init__(place or str(cluster_folder() / "storage"))
        self._name = name
        self._version = installed_version()
        self._tasks: dict[Any, str] = {}
        self._changed = threading.Event()
        threading.Thread(target=self._work, daemon=True).start()

    def version(self) -> str:
        """Return the version of Tunesmith that the actor was started with."""
        return self._version

    def nudge(self) -> None:
        """Look now for what can be started."""
        self._changed.set()

    def _work(self) -> None:
        import ray

        while True:
            self._start_tasks()
            if not self._tasks:
                self._changed.wait(WATCH_SECONDS)
                self._changed.clear()
                continue
            ended, _ = ray.wait(list(self._tasks), timeout=WATCH_SECONDS)
            for task in ended:
                self._note_end(task, self._tasks.pop(task))

    def _start_tasks(self) -> None:
        import ray

        places = Places.of_nodes(ray.nodes())
        for entry_id in self.startable(self._tasks.values(), places):
            asked = places.resources(self.demand(entry_id))
            task = ray.remote(max_retries=RETRIES, scheduling_strategy="SPREAD", **asked)(run_entry)
            self._tasks[task.options(name=entry_id).remote(self._name, entry_id)] = entry_id

    def _note_end(self, task: Any, entry_id: str) -> None:
        import ray

        try:
            ray.get(task)
        except ray.exceptions.RayError as error:
            self.finish(entry_id, 0, None, str(error).strip().splitlines()[-1][:500])
        else:
            # It has told the end itself, unless it found another one at work.
            self.finish(entry_id, 0, None, "")


def name_of(place: str) -> str:
    """Return the name of the keeper of a storage."""
    return f"{NAME}-{hashlib.sha256(place.encode()).hexdigest()[:8]}" if place else NAME


def find(ray: Any, place: str) -> RemoteKeeper | None:
    """Return the keeper of the connected cluster, None if nothing was ever sent there."""
    try:
        return RemoteKeeper(ray, ray.get_actor(name_of(place)))
    except ValueError:
        return None


def find_or_start(ray: Any, computer: Computer) -> RemoteKeeper:
    """Return the keeper of a computer's storage, started on the head if there is none. Raises ComputerError.

    One of another version is replaced, as Tunesmith may be a new one there by now: what it started begins again from
    its last checkpoint.
    """
    keeper, own = find(ray, computer.storage), installed_version()
    if keeper is None or keeper.version() != own:
        if keeper is not None:
            ray.kill(ray.get_actor(name_of(computer.storage)))
        keeper = _started(ray, computer.storage)
    if (there := keeper.version()) != own:
        message = f"{computer.name} has Tunesmith {there}, this computer {own}."
        raise ComputerError(message, "Install the same version on both.", "computer")
    return keeper


def installed_version() -> str:
    """Return the version of Tunesmith here."""
    try:
        return version("tunesmith")
    except PackageNotFoundError:
        return "unknown"


def _started(ray: Any, place: str) -> RemoteKeeper:
    options = {
        "name": name_of(place),
        "lifetime": "detached",
        "get_if_exists": True,
        "num_cpus": 0,
        "resources": {HEAD: 0.001},
        "max_restarts": -1,
        "max_task_retries": 3,
        "max_concurrency": CALLS_AT_ONCE,
    }
    actor = ray.remote(KeeperActor).options(**options).remote(place, name_of(place))
    keeper = RemoteKeeper(ray, actor)
    try:
        keeper.version()
    except ray.exceptions.RayError as error:
        ray.kill(actor)
        last = str(error).strip().splitlines()[-1]
        raise ComputerError(
            f"The cluster can't keep what is sent: {last[:300]}",
            f"Check its storage, and whether Tunesmith is on its head: `{command_name()} computers show` says more.",
            "storage",
        ) from error
    return keeper
