"""What is known of a computer's cluster: nodes with cards and memory, what runs, and whether each node fits."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

from engine.cluster import keeper_actor, probe
from engine.cluster.connection import connected
from engine.computers.computer import Computer
from engine.errors import AppError, ComputerError, Problem
from engine.system.command_name import command_name

Facts = dict[str, Any]
NODE_SECONDS = 30.0
MAX_CLOCK_SECONDS = 30.0
LOW_DISK_BYTES = 5_000_000_000


def of_computer(computer: Computer) -> Facts:
    """Return the facts of a computer; what keeps it from being asked is its `problem`."""
    empty: Facts = {"reachable": False, "problem": None, "nodes": [], "entries": []}
    try:
        with connected(computer) as ray:
            found = _of_cluster(ray, computer)
    except AppError as error:
        found = {"problem": error.problems[0].as_dict()}
    return computer.as_dict() | empty | found


def _of_cluster(ray: Any, computer: Computer) -> Facts:
    nodes = _nodes(ray)
    found: Facts = {"reachable": True, "nodes": nodes}
    try:
        return found | {"entries": _entries(ray, computer, nodes)}
    except ComputerError as error:
        return found | {"problem": error.problems[0].as_dict()}


def _entries(ray: Any, computer: Computer, nodes: list[Facts]) -> list[Facts]:
    keeper = keeper_actor.find(ray, computer.storage)
    if keeper is None and any(node["fits"] for node in nodes):
        # If the head was started anew, what was sent before goes on from now on.
        keeper = keeper_actor.find_or_start(ray, computer)
    return [] if keeper is None else list(keeper.overview())


def _nodes(ray: Any) -> list[Facts]:
    from ray import cloudpickle
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    cloudpickle.register_pickle_by_value(probe)
    ask = ray.remote(num_cpus=0, max_retries=0)(probe.facts)
    here, began = probe.facts(), time.time()
    nodes = ray.nodes()
    asked = {
        node["NodeID"]: ask.options(
            scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
        ).remote()
        for node in nodes
        if node["Alive"]
    }
    answered, _ = ray.wait(list(asked.values()), num_returns=len(asked), timeout=NODE_SECONDS)
    return [_node(ray, node, asked.get(node["NodeID"]), answered, here, began) for node in nodes]


def _node(ray: Any, node: Facts, asked: Any, answered: list[Any], here: Facts, began: float) -> Facts:
    resources = node.get("Resources", {})
    named = {
        "node": node["NodeID"],
        "address": node["NodeManagerAddress"],
        "alive": node["Alive"],
        "processors": int(resources.get("CPU", 0)),
        "cards_for_entries": int(resources.get("GPU", 0)),
    }
    if asked not in answered:
        silent = Problem("", "The node does not answer." if node["Alive"] else "The node is gone.", "")
        return named | {"fits": False, "problems": [silent.as_dict()]}
    try:
        told = ray.get(asked)
    except ray.exceptions.RayError as error:
        failed = Problem("", f"The node could not say what it has: {str(error).splitlines()[0]}", "")
        return named | {"fits": False, "problems": [failed.as_dict()]}
    problems = [each.as_dict() for each in misfits(told, here)]
    remarks = [each.as_dict() for each in differences(told, here, began)]
    return {**named, **told, "fits": not problems, "problems": problems, "remarks": remarks}


def misfits(node: Mapping[str, Any], here: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield why a node can't do a run of this computer."""
    if not node["tunesmith"]:
        start = f"start the node with `{command_name()} node start` or `{command_name()} node join`"
        hint = f"Install it there, and {start}."
        yield Problem("tunesmith", "Tunesmith is not found by the node's Python.", hint)
    elif node["tunesmith"] != here["tunesmith"]:
        message = f"The node has Tunesmith {node['tunesmith']}, this computer {here['tunesmith']}."
        yield Problem("tunesmith", message, "Install the same version on both.")
    missing = [name for name in ("torch", "transformers", "peft") if not node["packages"].get(name)]
    if missing:
        hint = "Install Tunesmith there with all it needs."
        yield Problem("packages", f"The node lacks {', '.join(missing)}.", hint)


def differences(node: Mapping[str, Any], here: Mapping[str, Any], began: float) -> Iterator[Problem]:
    """Yield what does not keep a node from a run, but is to be known."""
    for name, own in here["packages"].items():
        there = node["packages"].get(name)
        if own and there and own != there:
            message = f"The node has {name} {there}, this computer {own}: results may differ a little."
            yield Problem("packages", message, "Install the same version for results that agree to the bit.")
    # The answer was written between the question and now.
    apart = max(began - node["time"], node["time"] - time.time(), 0.0)
    if apart > MAX_CLOCK_SECONDS:
        message = f"The node's clock is {apart:.0f} s off that of this computer."
        yield Problem("clock", message, "Set both by a time server; times of events are the node's.")
    if node["free_disk_bytes"] < LOW_DISK_BYTES:
        message = f"The node has {node['free_disk_bytes'] / 1e9:.1f} GB of free disk."
        yield Problem("disk", message, "Free some space there: checkpoints and the base model lie on it.")
