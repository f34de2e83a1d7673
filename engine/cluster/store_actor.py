"""The job store as an actor of Ray on the head of the cluster, and the tasks that it starts.

The actor outlives whoever sent something. Ray starts it anew if its process dies, and starts a task elsewhere if its
node dies.
"""

from __future__ import annotations

import hashlib
import threading
from typing import Any

from starlette.datastructures import Headers

from engine.cluster import node_questions, store_server
from engine.cluster.entry import run_entry
from engine.cluster.job_store import JobStore
from engine.cluster.places import Places
from engine.cluster.probe import installed_version
from engine.system.hub_cache import Kind
from engine.system.paths import cluster_folder

NAMESPACE = "tunesmith"
NAME = "job-store"
# How often a task is started elsewhere when its node dies or lacks memory.
RETRIES = 10
WATCH_SECONDS = 0.25


class JobStoreActor(JobStore):
    """A job store that starts tasks of Ray as long as there is place for them, and answers over HTTP."""

    def __init__(self, place: str, name: str) -> None:
        import ray

        super().__init__(place or str(cluster_folder() / "storage"))
        self._name = name
        self._version = installed_version()
        self._tasks: dict[Any, str] = {}
        self._changed = threading.Event()
        self._port = store_server.serve(self, ray.util.get_node_ip_address(), _knows_token)
        threading.Thread(target=self._work, daemon=True).start()

    def address(self) -> dict[str, Any]:
        """Return where the actor answers, and the version of Tunesmith that it was started with."""
        return {"port": self._port, "version": self._version}

    def nudge(self) -> None:
        """Look now for what can be started."""
        self._changed.set()

    def nodes(self) -> list[dict[str, Any]]:
        """Return what each node has."""
        return node_questions.facts()

    def offer(self) -> dict[str, Any]:
        """Return what the nodes offer to entries."""
        import ray

        return vars(Places.of_nodes(ray.nodes()))

    def clear_nodes(self, remove: bool) -> list[dict[str, Any]]:
        """Return what the nodes keep for no one, and remove it if asked to."""
        return node_questions.clear(remove=remove)

    def every_node_has(self, repo_id: str, revision: str, kind: Kind) -> bool:
        """Tell whether each node has something of the hub, or reaches the hub."""
        return node_questions.has_source(repo_id, revision, kind)

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
            # Ray's metrics tell the names of tasks to everyone: an entry's own says what is trained.
            entry = ray.remote(max_retries=RETRIES, scheduling_strategy="SPREAD", name="entry", **asked)(
                run_entry
            )
            self._tasks[entry.remote(self._name, entry_id)] = entry_id

    def _note_end(self, task: Any, entry_id: str) -> None:
        import ray

        try:
            ray.get(task)
        except ray.exceptions.RayError as error:
            self.finish(entry_id, 0, None, str(error).strip().splitlines()[-1][:500])
        else:
            # It has told the end itself, unless it found another one at work.
            self.finish(entry_id, 0, None, "")


def _knows_token(headers: Headers) -> bool:
    """Tell whether headers bring the cluster's token, as Ray itself does; all programs do on a cluster without one."""
    from ray._private.authentication import authentication_utils as tokens

    if not tokens.is_token_auth_enabled():
        return not store_server.is_from_page(headers)
    return bool(tokens.validate_request_token(headers.get("Authorization", "")))


def name_of(place: str) -> str:
    """Return the name of the job store of a storage."""
    return f"{NAME}-{hashlib.sha256(place.encode()).hexdigest()[:8]}" if place else NAME
