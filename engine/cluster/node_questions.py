"""What the head of a cluster asks its nodes: what they have, what they keep for no one, and whether they reach the hub.

Each question is a task of Ray on each node.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from engine.cluster import node_home, probe
from engine.errors import OfflineError
from engine.system import hub_cache
from engine.system.connection import require_hub
from engine.system.hub_cache import Kind

Facts = dict[str, Any]
FACTS_SECONDS, HUB_SECONDS, CLEAR_SECONDS = 30.0, 60.0, 300.0


def facts() -> list[Facts]:
    """Return of each node its id, address and resources, and what it tells of itself or the problem that it has."""
    import ray
    from ray import cloudpickle

    # A node without Tunesmith can tell what it has, too.
    cloudpickle.register_pickle_by_value(probe)
    nodes = ray.nodes()
    told = _ask(probe.facts, (node for node in nodes if node["Alive"]), FACTS_SECONDS)
    return [
        {
            "node": node["NodeID"],
            "address": node["NodeManagerAddress"],
            "alive": node["Alive"],
            "processors": int(node.get("Resources", {}).get("CPU", 0)),
            "cards_for_entries": int(node.get("Resources", {}).get("GPU", 0)),
            **told.get(node["NodeID"], {"facts": None, "problem": "The node is gone."}),
        }
        for node in nodes
    ]


def clear(*, remove: bool) -> list[Facts]:
    """Return what each node keeps for no one, one of those that share a folder; remove it if asked to."""
    import ray

    nodes = [node for node in ray.nodes() if node["Alive"]]
    told = _kept(nodes, remove=False)
    by_folder = {(each["host"], each["folder"]): (node, each) for node, each in zip(nodes, told, strict=True)}
    if not remove:
        return [each for _, each in by_folder.values()]
    return _kept([node for node, each in by_folder.values() if not each["problem"]], remove=True)


def _kept(nodes: list[Facts], *, remove: bool) -> list[Facts]:
    told = _ask(node_home.clear, nodes, CLEAR_SECONDS, remove=remove)
    return [
        {
            **(
                told[node["NodeID"]]["facts"]
                or {"host": node["NodeManagerAddress"], "folder": "", "kept": [], "in_use": False}
            ),
            "problem": told[node["NodeID"]]["problem"],
        }
        for node in nodes
    ]


def has_source(repo_id: str, revision: str, kind: Kind) -> bool:
    """Tell whether each node that lives has a base model or data set of the hub, or reaches the hub."""
    import ray

    alive = [node for node in ray.nodes() if node["Alive"]]
    told = _ask(_has, alive, HUB_SECONDS, repo_id, revision, kind)
    return all(each["facts"] for each in told.values())


def _has(repo_id: str, revision: str, kind: Kind) -> bool:
    if hub_cache.is_cached(repo_id, revision, kind):
        return True
    try:
        require_hub()
    except OfflineError:
        return False
    return True


def _ask(
    question: Callable[..., Any], nodes: Iterable[Facts], seconds: float, *arguments: Any, **options: Any
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
    ray.wait(list(asked.values()), num_returns=len(asked), timeout=seconds) if asked else None
    return {node: _answer(ray, task) for node, task in asked.items()}


def _answer(ray: Any, task: Any) -> Facts:
    try:
        return {"facts": ray.get(task, timeout=0), "problem": ""}
    except ray.exceptions.GetTimeoutError:
        return {"facts": None, "problem": "The node does not answer."}
    except ray.exceptions.RayError as error:
        reason = (str(error).splitlines() or [""])[0][:300]
        return {"facts": None, "problem": f"The node could not say what it has: {reason}"}
