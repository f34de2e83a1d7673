"""Tells the languages of many examples in a fork, while this process imports torch."""

from __future__ import annotations

import multiprocessing
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection

from engine.config.training import AUTO
from engine.text.conversations import Example
from engine.worker.text_metrics.example_languages import tell_languages

# Fewer are told sooner than a fork is made.
MIN_EXAMPLES = 500


@contextmanager
def telling(examples: Sequence[Example], chosen: str = AUTO) -> Iterator[Callable[[], Sequence[str]]]:
    """Begin to tell the languages, all `chosen` unless that is "auto"; the function waits for them."""
    if chosen != AUTO or len(examples) < MIN_EXAMPLES or sys.platform != "linux":
        yield lambda: tell_languages(examples, chosen)
        return
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_tell, args=(sender, examples), daemon=True)
    with warnings.catch_warnings():
        # The other thread, which waits for the standard input's end, holds no lock.
        warnings.simplefilter("ignore", DeprecationWarning)
        process.start()
    sender.close()
    try:
        yield lambda: _received(receiver, examples)
    finally:
        # Signals are the parent's: SIGTERM would not end it.
        process.kill()
        process.join()
        receiver.close()


def _tell(sender: Connection, examples: Sequence[Example]) -> None:
    sender.send(tell_languages(examples))


def _received(receiver: Connection, examples: Sequence[Example]) -> Sequence[str]:
    """Return what the fork told; if it died, tell the languages here."""
    try:
        languages: Sequence[str] = receiver.recv()
    except (EOFError, OSError):
        return tell_languages(examples)
    return languages
