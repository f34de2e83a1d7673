"""What a cluster keeps for no one: base models that were sent, and data of jobs that are done. Listed, or removed.

What entries need that wait or run stays, and so do results that nobody has fetched yet.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engine.cluster import keeper_actor, node_home
from engine.cluster.connection import connected
from engine.computers.computer import Computer

Facts = dict[str, Any]
ANSWER_SECONDS = 300.0


def clear(computer: Computer, *, remove: bool) -> Facts:
    """Return what a computer keeps in its storage and on each node, with bytes. Raises ComputerError."""
    with connected(computer) as ray:
        keeper = keeper_actor.find_or_start(ray, computer)
        stored = keeper.clear() if remove else keeper.unneeded()
        nodes = _apart(_ask(ray, (each for each in ray.nodes() if each["Alive"]), remove=False))
        if remove:
            nodes = _ask(ray, (each["node"] for each in nodes if not each["problem"]), remove=True)
    kept = [*stored, *(each for node in nodes for each in node["kept"])]
    return {
        "computer": computer.name,
        "removed": remove,
        "bytes": sum(each["bytes"] for each in kept),
        "storage": stored,
        "nodes": [{name: value for name, value in each.items() if name != "node"} for each in nodes],
    }


def _ask(ray: Any, nodes: Iterable[Facts], *, remove: bool) -> list[Facts]:
    """Return what nodes tell; one that can't has a `problem`."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    ask = ray.remote(num_cpus=0, max_retries=0)(node_home.clear)
    asked = {}
    for node in nodes:
        here = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
        asked[node["NodeID"]] = node, ask.options(scheduling_strategy=here).remote(remove=remove)
    return [_answer(ray, node, task) for node, task in asked.values()]


def _answer(ray: Any, node: Facts, task: Any) -> Facts:
    try:
        told: Facts = ray.get(task, timeout=ANSWER_SECONDS)
    except ray.exceptions.RayError as error:
        problem = f"The node could not say what it has: {str(error).splitlines()[0]}"
        told = {"host": node["NodeManagerAddress"], "folder": "", "kept": [], "in_use": False}
        return told | {"node": node, "problem": problem}
    return told | {"node": node, "problem": ""}


def _apart(nodes: list[Facts]) -> list[Facts]:
    """Return one of the nodes that share a folder."""
    return list({(each["host"], each["folder"]): each for each in nodes}.values())
