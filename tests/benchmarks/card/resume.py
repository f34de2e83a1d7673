"""Runs of the starter, killed at a random moment and resumed, beside one that nothing disturbed: to the bit."""

from __future__ import annotations

from collections.abc import Iterator

from tests.benchmarks.card.figures import Figure, holds
from tests.benchmarks.card.parts import Setting
from tests.benchmarks.recovery import NAMES, disturbed, undisturbed

METHODS = {"cuda": ("lora", "adalora", "full"), "cpu": ("lora",), "pretend": ("lora",)}
KILLS = 2


def measure(setting: Setting) -> Iterator[Figure]:
    """Train each method once to the end with deterministic algorithms, then kill it at other moments and resume it."""
    for method in METHODS[setting.kind]:
        whole = undisturbed(method, setting.device)
        for number in range(KILLS):
            # Which process is killed changes with every round of the methods.
            place = NAMES.index(method) + number * len(NAMES)
            found = disturbed(place, method, whole, setting.device)
            said = ", ".join(found["odd"]) or "the same adapter, events and scores"
            words = f"{said}, {found['killed']} killed, resumed from step {found['from']}"
            yield holds(
                f"{method}, killed and resumed equals straight, {number + 1}", not found["odd"], words
            )
