"""Tells the languages of many examples in another process, while this one imports torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from functools import partial

from engine.config.training import AUTO
from engine.system import sandbox
from engine.system.sandbox import LimitError, Limits
from engine.text.conversations import Example
from engine.worker.text_metrics.example_languages import tell_languages

# Fewer are told sooner than a process is started.
MIN_EXAMPLES = 500
LIMITS = Limits(2 << 30, 3600)


@contextmanager
def telling(examples: Sequence[Example], chosen: str = AUTO) -> Iterator[Callable[[], Sequence[str]]]:
    """Begin to tell the languages, all `chosen` unless that is "auto"; the function waits for them."""
    if chosen != AUTO or len(examples) < MIN_EXAMPLES:
        yield lambda: tell_languages(examples, chosen)
        return
    with closing(sandbox.results(partial(_begun_and_told, tuple(examples)), LIMITS)) as told:
        with suppress(LimitError):
            next(told)
        yield lambda: _awaited(told, examples)


def _begun_and_told(examples: Sequence[Example]) -> Iterator[Sequence[str]]:
    yield []
    yield tell_languages(examples)


def _awaited(told: Iterator[Sequence[str]], examples: Sequence[Example]) -> Sequence[str]:
    """Return what the other process told; if that died, tell the languages here."""
    try:
        return next(told)
    except (LimitError, StopIteration):
        return tell_languages(examples)
