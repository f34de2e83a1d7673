"""The job store as a job of Ray on the cluster's head: `python -m engine.cluster.store_job STORAGE`.

It prints where it answers, as JSON in one line, and outlives whoever sent something. For each entry it starts a task of
Ray, which runs it elsewhere if its node dies. What nodes have, and what they keep for no one, it asks by tasks too.
"""

from __future__ import annotations

import hmac
import json
import secrets
import sys
import time
from collections.abc import Callable
from typing import Any, NoReturn

from starlette.datastructures import Headers

from engine.cluster import node_home, probe, store_server
from engine.cluster.connection import ANSWER_MARK
from engine.cluster.entry import run_entry
from engine.cluster.job_store import JobStore
from engine.cluster.places import Places
from engine.errors import OfflineError
from engine.system import hub_cache
from engine.system.connection import require_hub
from engine.system.hub_cache import Kind
from engine.system.paths import cluster_folder

# How often a task is started elsewhere when its node dies or lacks memory.
RETRIES = 10
WATCH_SECONDS = 0.25
# How long nodes are waited for that are asked what they have.
FACTS_SECONDS, HUB_SECONDS, CLEAR_SECONDS = 30.0, 60.0, 300.0
# As if it was killed: the shell then starts the version that is installed now.
UPDATED = 129

Facts = dict[str, Any]


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
    _answer({"port": port, "version": probe.installed_version()})
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

    def nodes(self) -> list[Facts]:
        """Return of each node its id, address and resources, and what it tells of itself or the problem that it has."""
        import ray
        from ray import cloudpickle

        # A node without Tunesmith can tell what it has, too.
        cloudpickle.register_pickle_by_value(probe)
        told = _ask_nodes(_alive(), FACTS_SECONDS, probe.facts)
        return [
            {
                "node": node["NodeID"],
                "address": node["NodeManagerAddress"],
                "alive": node["Alive"],
                "processors": int(node.get("Resources", {}).get("CPU", 0)),
                "cards_for_entries": int(node.get("Resources", {}).get("GPU", 0)),
                **told.get(node["NodeID"], {"facts": None, "problem": "The node is gone."}),
            }
            for node in ray.nodes()
        ]

    def offer(self) -> dict[str, Any]:
        """Return what the nodes offer to entries."""
        import ray

        return vars(Places.of_nodes(ray.nodes()))

    def clear_nodes(self, remove: bool) -> list[Facts]:
        """Return what each node keeps for no one, one of those that share a folder; remove it if asked to."""
        nodes = _alive()
        told = _kept(nodes, remove=False)
        by_folder = {
            (each["host"], each["folder"]): (node, each) for node, each in zip(nodes, told, strict=True)
        }
        if not remove:
            return [each for _, each in by_folder.values()]
        return _kept([node for node, each in by_folder.values() if not each["problem"]], remove=True)

    def every_node_has(self, repo_id: str, revision: str, kind: Kind) -> bool:
        """Tell whether each node that lives has a base model or data set of the hub, or reaches the hub."""
        told = _ask_nodes(_alive(), HUB_SECONDS, _has, repo_id, revision, kind)
        return all(each["facts"] for each in told.values())

    def work(self, address: str, secret: str) -> NoReturn:
        """Start tasks and note their ends; they ask this store at `address`, with `secret`."""
        import ray

        version = probe.installed_version()
        while True:
            places, is_current = Places.of_nodes(ray.nodes()), probe.installed_version() == version
            if not is_current and not self._tasks:
                sys.exit(UPDATED)
            # What runs ends with the version that it began with.
            for entry_id in self.startable(self._tasks.values(), places) if is_current else ():
                # Ray's metrics tell the names of tasks to everyone: an entry's own says what is trained.
                options = {"name": "entry", "max_retries": RETRIES, "scheduling_strategy": "SPREAD"}
                task = ray.remote(**options, **places.resources(self.demand(entry_id)))(run_entry)
                self._tasks[task.remote(address, secret, entry_id)] = entry_id
            if not self._tasks:
                time.sleep(WATCH_SECONDS)
                continue
            for ended in ray.wait(list(self._tasks), timeout=WATCH_SECONDS)[0]:
                reason = ""
                try:
                    ray.get(ended)
                except ray.exceptions.RayError as error:
                    reason = str(error).strip().splitlines()[-1][:500]
                # One that ran to its end has told it itself, unless another one was at work.
                self.finish(self._tasks.pop(ended), 0, None, reason)


def _alive() -> list[Facts]:
    import ray

    return [node for node in ray.nodes() if node["Alive"]]


def _kept(nodes: list[Facts], *, remove: bool) -> list[Facts]:
    told = _ask_nodes(nodes, CLEAR_SECONDS, node_home.clear, remove=remove)
    nothing = {"folder": "", "kept": [], "in_use": False}
    return [
        {
            **(told[node["NodeID"]]["facts"] or {"host": node["NodeManagerAddress"], **nothing}),
            "problem": told[node["NodeID"]]["problem"],
        }
        for node in nodes
    ]


def _has(repo_id: str, revision: str, kind: Kind) -> bool:
    if hub_cache.is_cached(repo_id, revision, kind):
        return True
    try:
        require_hub()
    except OfflineError:
        return False
    return True


def _ask_nodes(
    nodes: list[Facts], seconds: float, question: Callable[..., Any], *arguments: Any, **options: Any
) -> dict[str, Facts]:
    """Return the answer of each node as its `facts`, or the `problem` that kept it from one."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    ask = ray.remote(num_cpus=0, max_retries=0)(question)
    asked = {
        node["NodeID"]: ask.options(
            scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
        ).remote(*arguments, **options)
        for node in nodes
    }
    if asked:
        ray.wait(list(asked.values()), num_returns=len(asked), timeout=seconds)
    told: dict[str, Facts] = {}
    for node, task in asked.items():
        try:
            told[node] = {"facts": ray.get(task, timeout=0), "problem": ""}
        except ray.exceptions.GetTimeoutError:
            told[node] = {"facts": None, "problem": "The node does not answer."}
        except ray.exceptions.RayError as error:
            reason = (str(error).splitlines() or [""])[0][:300]
            told[node] = {"facts": None, "problem": f"The node could not say what it has: {reason}"}
    return told


if __name__ == "__main__":
    main(sys.argv[1])
