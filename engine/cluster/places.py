"""What an entry takes of the node that runs it: as many GPUs as it asks for, or CPU cores on a cluster without GPUs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.errors import ComputerError
from engine.messages import say

CARDS_FIELD = "--cards"


def cards_of(asked: Mapping[str, Any]) -> int:
    """Return how many GPUs a request or an entry asks for, which is its world size."""
    return int((asked.get("demand") or {}).get("cards", 1))


@dataclass(frozen=True)
class Places:
    """The most GPUs that a node has, or the most CPU cores if none has a GPU.

    In the latter case `least` is the number of cores that an entry takes at least: those of the smallest node.
    """

    most: int
    least: int = 0

    @classmethod
    def of_nodes(cls, nodes: Iterable[Mapping[str, Any]]) -> Places:
        """Return the places on nodes as Ray lists them."""
        resources = [node["Resources"] for node in nodes if node["Alive"]]
        cards = [int(each["GPU"]) for each in resources if each.get("GPU", 0) >= 1]
        if cards:
            return cls(max(cards))
        processors = [int(each["CPU"]) for each in resources if each.get("CPU", 0) >= 1]
        return cls(max(processors, default=0), min(processors, default=1))

    def resources(self, cards: int) -> dict[str, int]:
        """Return the resources to ask Ray for."""
        need = max(self.least, cards)
        return {"num_cpus": need} if self.least else {"num_gpus": need, "num_cpus": 1}

    def require(self, cards: int, computer: str) -> None:
        """Raise ComputerError if no node has that many GPUs."""
        if cards <= max(1, self.most):
            return
        message = say("No node of {} has {:,} GPUs; the most is {:,}.", computer, cards, self.most)
        if self.least:
            message = say(
                "No node of {} has a GPU or {:,} CPUs; the most is {:,}.", computer, cards, self.most
            )
        raise ComputerError(message, "Ask for fewer GPUs.", CARDS_FIELD)
