"""The parts of the measurement in their order, the most telling first. Imports nothing that is heavy."""

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
        return "cpu" if self.kind == "cpu" else "cuda"


Measure = Callable[[Setting], Iterator[Figure]]


@dataclass(frozen=True)
class Part:
    """A part: its name, its title, and the function that measures, as "module:function" of this package.

    `least` is how many seconds it needs at least, by kind of device, and `most` how many times that a call may spend. A
    part is not measured on a kind that is missing here.
    """

    name: str
    title: str
    function: str
    least: Mapping[Kind, float]
    most: float = 4.0

    def measure(self) -> Measure:
        module, _, name = self.function.partition(":")
        found: Measure = getattr(importlib.import_module(module), name)
        return found


def _here(function: str) -> str:
    return f"{__package__}.{function}"


# The device itself is looked at before the first of them.
PARTS: tuple[Part, ...] = (
    Part("proof", "Proof of the methods", _here("proof:methods"), {"cuda": 60, "cpu": 90, "pretend": 90}, 3),
    Part("t5-training", "Training an encoder-decoder", _here("speed:t5"), {"cuda": 60, "cpu": 60}),
    Part("llama-training", "Training a decoder", _here("speed:llama"), {"cuda": 60, "cpu": 60}),
    Part("memory", "Planned memory", _here("measures:memory"), {"cuda": 60, "cpu": 60}),
    Part("qlora", "QLoRA of a 7B", _here("qlora:measure"), {"cuda": 75, "cpu": 45}),
    Part("scoring", "Scoring", _here("measures:scoring"), {"cuda": 45, "cpu": 30, "pretend": 45}),
    Part("playground", "Playground", _here("measures:playground"), {"cuda": 30, "cpu": 30, "pretend": 45}),
    Part("start", "Start", _here("measures:start"), {"cuda": 40, "cpu": 45}),
    Part("resume", "Kill and resume", _here("measures:resume"), {"cuda": 60, "cpu": 90, "pretend": 90}),
    Part("shortage", "Lack of memory", _here("shortage:measure"), {"cuda": 40}),
    Part("window", "Window", _here("measures:window"), {"cuda": 45, "cpu": 45}),
    Part("whole-proof", "Proof of every method everywhere", _here("proof:everything"), {"cuda": 60}, 60),
)
