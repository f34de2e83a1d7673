"""What the nodes of a cluster offer to entries, and how many entries find a place on them side by side.

An entry is computed on one node: on as many cards as it asks for, or on a cluster without cards in as many processes.
Knows nothing of Ray; where an entry runs, Ray decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import ComputerError

CARDS_FIELD = "--cards"


def cards_of(demand: Mapping[str, Any] | None) -> int:
    """Return how many cards an entry asks for: it has so many processes, each computes a part of every step."""
    return int((demand or {}).get("cards", 1))


@dataclass(frozen=True)
class Places:
    """The cards of each node that has some; with `least` set, of a cluster without cards the processors.

    `least` is the number of processors that an entry takes at least: all of the smallest node.
    """

    nodes: tuple[int, ...]
    least: int = 0

    @classmethod
    def of_nodes(cls, nodes: Iterable[Mapping[str, Any]]) -> Places:
        """Return what nodes offer, as Ray lists them."""
        resources = [node["Resources"] for node in nodes if node["Alive"]]
        cards = tuple(int(each["GPU"]) for each in resources if each.get("GPU", 0) >= 1)
        if cards:
            return cls(cards)
        processors = tuple(int(each["CPU"]) for each in resources if each.get("CPU", 0) >= 1)
        return cls(processors, min(processors, default=1))

    def need(self, demand: Mapping[str, Any] | None) -> int:
        """Return how many cards, or processors, an entry takes of its node."""
        return max(self.least, cards_of(demand))

    def resources(self, demand: Mapping[str, Any] | None) -> dict[str, int]:
        """Return what Ray is asked for."""
        need = self.need(demand)
        return {"num_cpus": need} if self.least else {"num_gpus": need, "num_cpus": 1}

    def can_ever_hold(self, need: int) -> bool:
        """Tell whether a node is large enough for an entry that is alone on it."""
        return need <= max(self.nodes, default=0)

    def hold(self, needs: Sequence[int]) -> bool:
        """Tell whether entries find a place side by side, the largest first."""
        free = list(self.nodes)
        for need in sorted(needs, reverse=True):
            node = next((number for number, left in enumerate(free) if left >= need), None)
            if node is None:
                return False
            free[node] -= need
        return True

    def require(self, cards: int, computer: str) -> None:
        """Return if a node has so many cards. Raises ComputerError that names what there is."""
        most = max(self.nodes, default=0)
        if cards <= max(1, most):
            return
        message = f"No node of {computer} has {cards:,} cards: the most is {most:,}."
        if self.least:
            message = (
                f"No node of {computer} has a card, and none {cards:,} processors: the most is {most:,}."
            )
        raise ComputerError(message, "Ask for fewer cards.", CARDS_FIELD)
