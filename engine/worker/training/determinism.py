"""Deterministic algorithms on a GPU: with them a resumed run equals an uninterrupted one to the bit.

A CPU computes the same every time anyway. On a GPU cuBLAS needs CUBLAS_WORKSPACE_CONFIG besides, which the worker sets
at its start, before CUDA reads it. Knows nothing of what is trained.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import torch

# Kinds of devices whose usual algorithms may add in another order each time, and that have others.
GPUS = frozenset({"cuda"})
# Of all parameters. What deterministic algorithms cost is the backward pass of attention, and much more that of
# embeddings: those are trained where most of the model is.
LORA_SHARE = 0.1
# How torch refuses an operation: one without another algorithm, and cuBLAS without its variable.
REFUSAL = re.compile(
    r"(\S+) does not have a deterministic implementation|not deterministic because it uses (\w+)"
)


def choose(setting: str, trained_share: float) -> bool:
    """Tell whether a run that trains this fraction of its parameters uses them, by the recipe's setting."""
    return setting == "on" or (setting == "auto" and trained_share <= LORA_SHARE)


def switch(*, on: bool) -> None:
    """Use deterministic algorithms from now on, or the usual ones.

    Not `warn_only`: torch's flash and memory-efficient attention then keep a backward pass that is not deterministic.
    """
    torch.use_deterministic_algorithms(on)
    # Every new tensor would be filled otherwise, for programs that read what they never wrote.
    torch.utils.deterministic.fill_uninitialized_memory = False
    torch.backends.cudnn.benchmark = False


@contextmanager
def deterministic(*, on: bool) -> Iterator[None]:
    """Compute inside with deterministic algorithms if they are `on`."""
    if not on:
        yield
        return
    switch(on=True)
    try:
        yield
    finally:
        switch(on=False)


def refused_operation(error: BaseException) -> str:
    """Return the operation that an error says has no deterministic algorithm, "" for any other error."""
    found = REFUSAL.search(str(error))
    return found[1] or found[2] if found else ""
