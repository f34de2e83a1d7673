"""What Tunesmith declares of a PEFT tuner: its hooks in the worker, and what an adapter of it may hold.

PEFT executes a configuration while it loads an adapter: it reads the files and models that are named there, allocates
the sizes that are asked for, and runs patterns over module names. `engine.adapters.peft_config_policy` checks every
configuration against these declarations first. Imports neither torch nor PEFT.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

KeyKind = Literal[
    "flag",  # true or false
    "number",
    "whole",  # a whole number
    "size",  # a whole number, not negative
    "count",  # a small size, for what PEFT repeats that often
    "text",
    "texts",
    "names",  # module names
    "modules",  # module names, or a regular expression for them
    "layers",  # indices of layers
    "sizes_by_pattern",
    "numbers_by_pattern",
    "ranks_by_pattern",  # sizes, or for each rank whether it was kept
    "table",  # anything; for records that nothing reads
]
KeyRule = KeyKind | tuple[Any, ...]
"""Which values a key may have; a tuple lists them. Null is allowed for every key."""

Dimension = tuple[str, int]
"""A part of a tensor's name and the index of one of its dimensions."""


@dataclass(frozen=True)
class Tuner:
    """A PEFT type: one of PEFT's own, or one of `engine.worker.adapters.tuners`.

    `keys` are the keys of its configuration that no option of its methods declares, or that may have more values than
    the option. `sizes` name the dimension that a size is checked against; a size that is not here must be limited by
    the base model's own layers. `tensors` are the prefixes of its tensors' names, "<type>_" by default; with
    `virtual_tokens` they are whole names besides "prompt_embeddings". `virtual_tokens` says where trained vectors are
    inserted: before the input, or as keys and values. `hooks` is the path of a
    `engine.worker.adapters.method_hooks.base.MethodHooks` for what PEFT does not do by itself.
    `is_own` says that plain PEFT does not know the type.
    """

    peft_type: str
    hooks: str = ""
    keys: Mapping[str, KeyRule] = field(default_factory=dict)
    sizes: Mapping[str, tuple[Dimension, ...]] = field(default_factory=dict)
    tensors: tuple[str, ...] = ()
    virtual_tokens: Literal["", "input", "keys_and_values"] = ""
    is_own: bool = False

    @property
    def tensor_names(self) -> tuple[str, ...]:
        """The prefixes of its tensors' names; the whole names where it trains virtual tokens."""
        if self.virtual_tokens:
            return ("prompt_embeddings", *self.tensors)
        return self.tensors or (f"{self.peft_type.lower()}_",)
