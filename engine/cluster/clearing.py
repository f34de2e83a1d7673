"""What a cluster keeps for no one: base models that were sent, and data of jobs that are done. Listed, or removed.

What entries need that wait or run stays, and so do results that nobody has fetched yet.
"""

from __future__ import annotations

from typing import Any

from engine.cluster.connection import connected
from engine.computers.computer import Computer


def clear(computer: Computer, *, remove: bool) -> dict[str, Any]:
    """Return what a computer keeps in its storage and on each node, with bytes. Raises ComputerError."""
    with connected(computer) as job_store:
        stored = job_store.clear() if remove else job_store.unneeded()
        nodes = job_store.clear_nodes(remove)
    kept = [*stored, *(each for node in nodes for each in node["kept"])]
    return {
        "computer": computer.name,
        "removed": remove,
        "bytes": sum(each["bytes"] for each in kept),
        "storage": stored,
        "nodes": nodes,
    }
