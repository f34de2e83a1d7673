"""The parts of the measurement in their order, the most telling first. Imports nothing that is heavy."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.benchmarks.card.figures import Figure

Kind = Literal["cuda", "cpu", "pretend"]


@dataclass(frozen=True)
class Setting:
    """Where a part measures: the kind of device, and the folder that the parts of a call share for models and data."""

    kind: Kind
    folder: Path

    @property
    def device(self) -> str:
        """The device as recipes name it."""
        return "cpu" if self.kind == "cpu" else "cuda"


Measure = Callable[[Setting], Iterator[Figure]]


@dataclass(frozen=True)
class Part:
    """A part: its name, its title, and the function that measures, as "module:function" of this package.

    `least` is how many seconds it needs at least, by kind of device, and `most` how many times that it may take. A part
    is not measured on a kind that is missing here.
    """

    name: str
    title: str
    function: str
    least: Mapping[Kind, float]
    most: float = 4.0

    def measure(self) -> Measure:
        """Import and return the function."""
        module, _, name = self.function.partition(":")
        found: Measure = getattr(importlib.import_module(module), name)
        return found


def _here(function: str) -> str:
    return f"{__package__}.{function}"


# The device itself is looked at before the first of them.
PARTS: tuple[Part, ...] = (
    Part("t5-training", "Training an encoder-decoder", _here("speed:t5"), {"cuda": 60, "cpu": 60}),
    Part("llama-training", "Training a decoder", _here("speed:llama"), {"cuda": 60, "cpu": 60}),
)
