"""The registry of methods. A new method is one entry in one of the tuples below; there is no second list anywhere."""

from __future__ import annotations

from engine.errors import Problem
from engine.methods.additive import ADDITIVE
from engine.methods.base import (
    FAMILIES,
    BaseFacts,
    Family,
    Method,
    Place,
    Preset,
    Quantization,
    Sketch,
    Variant,
    named,
)
from engine.methods.hard_prompts import HARD_PROMPTS
from engine.methods.lora_family import LOW_RANK_MORE
from engine.methods.low_rank import LOW_RANK
from engine.methods.reparameterized import REPARAMETERIZED
from engine.methods.scaling import SCALING
from engine.methods.selective import FULL, SELECTIVE
from engine.methods.soft_prompts import SOFT_PROMPTS
from engine.options import unknown_key

# The order in which they are offered; those of a group stand together.
METHODS: tuple[Method, ...] = (
    *LOW_RANK,
    *LOW_RANK_MORE,
    *REPARAMETERIZED,
    *SCALING,
    *ADDITIVE,
    *SOFT_PROMPTS,
    *SELECTIVE,
    FULL,
    *HARD_PROMPTS,
)

__all__ = [
    "FAMILIES",
    "METHODS",
    "BaseFacts",
    "Family",
    "Method",
    "Place",
    "Preset",
    "Quantization",
    "Sketch",
    "Variant",
    "method",
    "named",
    "unknown_method",
]

_BY_ID = {entry.id: entry for entry in METHODS}


def method(method_id: str) -> Method:
    """Return the entry with this id.

    Raises KeyError for an unknown id; recipes are checked before, see `unknown_method`.
    """
    return _BY_ID[method_id]


def unknown_method(method_id: str) -> Problem | None:
    """Return the problem of an id that no entry has, or None."""
    if method_id in _BY_ID:
        return None
    near = unknown_key("method.id", method_id, _BY_ID)
    return Problem(
        "method.id", f'There is no method "{method_id}".', near.hint or f"Known: {', '.join(_BY_ID)}."
    )
