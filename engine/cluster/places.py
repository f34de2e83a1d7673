"""The GPUs of a cluster's nodes, and how many entries fit on them.

An entry runs on one node: on as many GPUs as it asks for, or in as many processes on a cluster without GPUs. Ray
decides on which node.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import ComputerError
from engine.messages import say

CARDS_FIELD = "--cards"


def cards_of(demand: Mapping[str, Any] | None) -> int:
    """Return how many GPUs an entry asks for, which is its world size."""
    return int((demand or {}).get("cards", 1))


@dataclass(frozen=True)
class Places:
    """The number of GPUs of each node that has some, or the CPU cores of each node if none has.

    In the latter case `least` is the number of cores that an entry takes at least: those of the smallest node.
    """

    nodes: tuple[int, ...]
    least: int = 0

    @classmethod
    def of_nodes(cls, nodes: Iterable[Mapping[str, Any]]) -> Places:
        """Return the places on nodes as Ray lists them."""
        resources = [node["Resources"] for node in nodes if node["Alive"]]
        cards = tuple(int(each["GPU"]) for each in resources if each.get("GPU", 0) >= 1)
        if cards:
            return cls(cards)
        processors = tuple(int(each["CPU"]) for each in resources if each.get("CPU", 0) >= 1)
        return cls(processors, min(processors, default=1))

    def need(self, demand: Mapping[str, Any] | None) -> int:
        """Return how many GPUs or CPU cores an entry takes of its node."""
        return max(self.least, cards_of(demand))

    def resources(self, demand: Mapping[str, Any] | None) -> dict[str, int]:
        """Return the resources to ask Ray for."""
        need = self.need(demand)
        return {"num_cpus": need} if self.least else {"num_gpus": need, "num_cpus": 1}

    def hold(self, needs: Sequence[int]) -> bool:
        """Tell whether entries fit side by side, placing the largest first."""
        free = list(self.nodes)
        for need in sorted(needs, reverse=True):
            node = next((number for number, left in enumerate(free) if left >= need), None)
            if node is None:
                return False
            free[node] -= need
        return True

    def require(self, cards: int, computer: str) -> None:
        """Raise ComputerError if no node has that many GPUs."""
        most = max(self.nodes, default=0)
        if cards <= max(1, most):
            return
        message = say("No node of {} has {:,} GPUs; the most is {:,}.", computer, cards, most)
        if self.least:
            message = say("No node of {} has a GPU or {:,} CPUs; the most is {:,}.", computer, cards, most)
        raise ComputerError(message, "Ask for fewer GPUs.", CARDS_FIELD)
