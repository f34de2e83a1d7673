"""What is known of a computer's cluster: nodes with cards and memory, what runs, and whether each node fits."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

from engine.cluster import probe
from engine.cluster.connection import connected
from engine.computers.computer import Computer
from engine.errors import AppError, Problem
from engine.system.command_name import command_name

Facts = dict[str, Any]
MAX_CLOCK_SECONDS = 30.0
LOW_DISK_BYTES = 5_000_000_000


def of_computer(computer: Computer) -> Facts:
    """Return the facts of a computer; what keeps it from being asked is its `problem`."""
    empty: Facts = {"reachable": False, "problem": None, "nodes": [], "entries": []}
    try:
        with connected(computer) as job_store:
            here, began = probe.facts(), time.time()
            nodes = [_node(node, here, began) for node in job_store.nodes()]
            found = {"reachable": True, "nodes": nodes, "entries": job_store.overview()}
    except AppError as error:
        found = {"problem": error.problems[0].as_dict()}
    return computer.as_dict() | empty | found


def _node(told: Facts, here: Facts, began: float) -> Facts:
    """Return what a node has and whether it fits; `here` are the facts of this computer."""
    named = {name: value for name, value in told.items() if name not in {"facts", "problem"}}
    if told["facts"] is None:
        return named | {"fits": False, "problems": [Problem("", told["problem"], "").as_dict()]}
    problems = [each.as_dict() for each in misfits(told["facts"], here)]
    remarks = [each.as_dict() for each in differences(told["facts"], here, began)]
    return {**named, **told["facts"], "fits": not problems, "problems": problems, "remarks": remarks}


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
