"""The card's random numbers: a generator of its own, whose state a checkpoint must hold beside the processor's."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch

_generator = torch.Generator()
_shares_the_processor_s = False


def state() -> torch.Tensor:
    """Return the state of the card's generator."""
    return _generator.get_state()


def restore(before: torch.Tensor) -> None:
    _generator.set_state(before)


def seed(number: int) -> None:
    """Seed the card's generator."""
    _generator.manual_seed(number)


@contextmanager
def of_the_processor() -> Iterator[None]:
    """Let the card draw what the processor would draw in its place: adapters then begin with the same values."""
    global _shares_the_processor_s  # noqa: PLW0603 - a process has one card
    _shares_the_processor_s = True
    try:
        yield
    finally:
        _shares_the_processor_s = False


def drawn_for(operation: Any) -> AbstractContextManager[None]:
    """Return the context in which an operation draws the card's random numbers."""
    draws = torch.Tag.nondeterministic_seeded in operation.tags and not _shares_the_processor_s
    return _own_numbers() if draws else nullcontext()


@contextmanager
def _own_numbers() -> Iterator[None]:
    before = torch.get_rng_state()
    torch.set_rng_state(_generator.get_state())
    try:
        yield
    finally:
        _generator.set_state(torch.get_rng_state())
        torch.set_rng_state(before)
