"""The job store as a job of Ray on the cluster's head: `python -m engine.cluster.store_job STORAGE`.

It prints where it answers, as JSON in one line, and outlives whoever sent something. For each entry it starts a task of
Ray, which runs it elsewhere if its node dies.
"""

from __future__ import annotations

import hmac
import json
import secrets
import sys
import threading
from typing import Any, NoReturn

from starlette.datastructures import Headers

from engine.cluster import node_questions, store_server
from engine.cluster.connection import ANSWER_MARK
from engine.cluster.entry import run_entry
from engine.cluster.job_store import JobStore
from engine.cluster.places import Places
from engine.cluster.probe import installed_version
from engine.system.hub_cache import Kind
from engine.system.paths import cluster_folder

# How often a task is started elsewhere when its node dies or lacks memory.
RETRIES = 10
WATCH_SECONDS = 0.25
# As if it was killed: the shell then starts the version that is installed now.
UPDATED = 129


def main(place: str) -> None:
    """Print where the job store of a storage answers and do its work, or print why it can't be started."""
    import ray

    ray.init(address="auto", log_to_driver=False, logging_level="error")
    host, secret = ray.util.get_node_ip_address(), secrets.token_hex(32)
    try:
        store = RayJobStore(place or str(cluster_folder() / "storage"))
        port = store_server.serve(store, host, lambda headers: _is_let_in(headers, secret))
    # What fsspec raises for a place that it does not know, or needs another package for.
    except (OSError, ValueError, ImportError) as error:
        _answer({"problem": f"{type(error).__name__}: {error}"[:500]})
        return
    _answer({"port": port, "version": installed_version()})
    store.work(f"{host}:{port}", secret)


def _answer(told: dict[str, Any]) -> None:
    sys.stdout.write(f"\n{ANSWER_MARK}{json.dumps(told)}\n")
    sys.stdout.flush()


def _is_let_in(headers: Headers, secret: str) -> bool:
    """Tell whether headers bring the secret of this store's tasks, or what Ray itself asks for."""
    from ray._private.authentication import authentication_utils as tokens

    said = headers.get("Authorization", "")
    if hmac.compare_digest(said.encode(), f"Bearer {secret}".encode()):
        return True
    # Without a token every program is let in, as by Ray.
    if not tokens.is_token_auth_enabled():
        return not store_server.is_from_page(headers)
    return bool(tokens.validate_request_token(said))


class RayJobStore(JobStore):
    """A job store that starts tasks of Ray as long as there is room for them."""

    def __init__(self, place: str) -> None:
        super().__init__(place)
        self._tasks: dict[Any, str] = {}
        self._changed = threading.Event()

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

    def work(self, address: str, secret: str) -> NoReturn:
        """Start tasks and note their ends; they ask this store at `address`, with `secret`."""
        import ray

        version = installed_version()
        while True:
            places, is_current = Places.of_nodes(ray.nodes()), installed_version() == version
            if not is_current and not self._tasks:
                sys.exit(UPDATED)
            # What runs ends with the version that it began with.
            for entry_id in self.startable(self._tasks.values(), places) if is_current else ():
                # Ray's metrics tell the names of tasks to everyone: an entry's own says what is trained.
                options = {"name": "entry", "max_retries": RETRIES, "scheduling_strategy": "SPREAD"}
                task = ray.remote(**options, **places.resources(self.demand(entry_id)))(run_entry)
                self._tasks[task.remote(address, secret, entry_id)] = entry_id
            if not self._tasks:
                self._changed.wait(WATCH_SECONDS)
                self._changed.clear()
                continue
            for ended in ray.wait(list(self._tasks), timeout=WATCH_SECONDS)[0]:
                self._note_end(ended, self._tasks.pop(ended))

    def _note_end(self, task: Any, entry_id: str) -> None:
        """Note the end of a task; one that ran to its end has told it itself, unless another one was at work."""
        import ray

        try:
            ray.get(task)
        except ray.exceptions.RayError as error:
            self.finish(entry_id, 0, None, str(error).strip().splitlines()[-1][:500])
        else:
            self.finish(entry_id, 0, None, "")


if __name__ == "__main__":
    main(sys.argv[1])
