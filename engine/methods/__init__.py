"""The registry of PEFT methods and their options.

A new method is one entry in one of the tuples below. Forms, files, help, import checks and tests derive from it.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.errors import Problem
from engine.messages import say
from engine.methods.additive import ADDITIVE
from engine.methods.base import (
    FAMILIES,
    REGISTRY,
    BaseFacts,
    Family,
    Method,
    Preset,
    Quantization,
    Tuner,
    Variant,
    method,
    methods_of,
    named,
    tuner_of,
)
from engine.methods.lora_family import LOW_RANK_MORE
from engine.methods.low_rank import LOW_RANK
from engine.methods.reparameterized import REPARAMETERIZED
from engine.methods.selective import FULL, SELECTIVE
from engine.methods.sketches import Box, Place, Sketch
from engine.methods.soft_prompts import PROMPT_ONLY, SOFT_PROMPTS
from engine.options import MAX_KEY, unknown_key

REGISTRY[:] = (
    *LOW_RANK,
    *LOW_RANK_MORE,
    *REPARAMETERIZED,
    *ADDITIVE,
    *SOFT_PROMPTS,
    *SELECTIVE,
    FULL,
    PROMPT_ONLY,
)
METHODS: Sequence[Method] = REGISTRY
"""Every method, in the order in which they are offered; those of a group stand together."""


def unknown_method(method_id: str) -> Problem | None:
    """Return the problem of an id that no entry has, or None."""
    known = [entry.id for entry in METHODS]
    if method_id in known:
        return None
    near = unknown_key("method.", method_id, known)
    return Problem(
        "method.id",
        say('There is no method "{}".', method_id[:MAX_KEY]),
        near.hint or say("Known: {}.", ", ".join(known)),
    )
