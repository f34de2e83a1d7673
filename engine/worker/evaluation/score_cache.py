"""Scores of base models, kept so that each is measured once: a file for every protocol, model and way to compute.

They can always be made again, so a file that can't be read is as good as none. Knows nothing of how they are
measured.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import torch
import transformers
from pydantic import BaseModel, ValidationError

from engine.adapters.metadata import protocol_key
from engine.system.files import write_whole
from engine.system.paths import scores_folder
from engine.worker.modeling.base_models import LoadedBase

Protocol = dict[str, Any]


class Measured(BaseModel, frozen=True):
    """What was measured of one model, example by example: the part that can be kept and compared.

    `rouge` holds the stemmed scores, `more` the other measures of `engine.scoring.metrics`, one value an example
    each. `cut` is how many conversations were too long, `unreadable` how many references ROUGE can't read.
    """

    examples: tuple[str, ...]
    summaries: tuple[str, ...]
    rouge: dict[str, list[float]]
    more: dict[str, list[float]]
    cut: int
    unreadable: int
    tokens: int
    seconds: float

    @property
    def capped(self) -> float:
        """The share of summaries that the length limit cut."""
        return sum(self.more["capped"]) / len(self.more["capped"])

    @property
    def tokens_per_second(self) -> float:
        """How fast the summaries were written."""
        return self.tokens / max(self.seconds, 1e-9)


class _File(BaseModel):
    kept_schema: Literal[2]
    protocol: Protocol
    measured: Measured


def load(protocol: Protocol, base: LoadedBase) -> Measured | None:
    """Return what was measured before under the same protocol, of the same model in the same way, or None."""
    try:
        return _File.model_validate_json(place(base, {"protocol": protocol}).read_bytes()).measured
    except (OSError, ValidationError):
        return None


def save(protocol: Protocol, base: LoadedBase, measured: Measured) -> None:
    """Keep what was measured."""
    file = _File(kept_schema=2, protocol=protocol, measured=measured)
    write_whole(place(base, {"protocol": protocol}), file.model_dump_json())


def place(base: LoadedBase, facts: dict[str, Any]) -> Path:
    """Return a file's place for what a base does under `facts`: whatever can change an output is in its name."""
    way = {
        "base": base.fingerprint,
        "precision": base.precision,
        "quantization": base.options.quantization,
        "double_quantization": base.options.double_quantization,
        "device": base.device.type,
        "torch": torch.__version__,
        "transformers": transformers.__version__,
    }
    return scores_folder() / f"{protocol_key(facts | way)}.json"
