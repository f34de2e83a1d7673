"""Counts what a program makes a card wait for, and where."""

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

SYNCHRONISATION, TO_CARD, TO_HOST = "synchronisation", "to the card", "to the host"
OURS = ("/engine/", "/tests/")
LIBRARIES = "/site-packages/"
# Only pass calls on.
PASSED_OVER = ("/torch/", "/helpers/pretend_card/")


# Compared by identity: two that are open may have counted the same.
@dataclass(eq=False)
class Counts:
    """What happened: how often each kind, and each kind at each place ("kind file:line function")."""

    operations: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    places: Counter[str] = field(default_factory=Counter)
    # Operations that were refused, since their tensors were on several devices.
    mixed: list[str] = field(default_factory=list)

    @property
    def synchronisations(self) -> int:
        """How often the host had to wait for the card's results."""
        return self.kinds[SYNCHRONISATION]

    @property
    def transfers(self) -> int:
        """How often tensors were copied between host and card."""
        return self.kinds[TO_CARD] + self.kinds[TO_HOST]

    def as_dict(self) -> dict[str, Any]:
        return dict(vars(self))


_open: list[Counts] = []


@contextmanager
def counting() -> Iterator[Counts]:
    counts = Counts()
    _open.append(counts)
    try:
        yield counts
    finally:
        _open.remove(counts)


def count_operation() -> None:
    for counts in _open:
        counts.operations += 1


def count(kind: str) -> None:
    """Count a transfer or a synchronisation at the place that causes it."""
    at = place() if _open else ""
    for counts in _open:
        counts.kinds[kind] += 1
        counts.places[f"{kind} {at}"] += 1


def refuse_mixed(operation: Any) -> None:
    """Raise what CUDA raises for tensors on several devices; it is noted too, since callers may catch it."""
    for counts in _open:
        counts.mixed.append(f"{operation} {place()}")
    raise RuntimeError(f"Expected all tensors to be on the same device, but {operation} got card:0 and cpu!")


def place() -> str:
    """Return the innermost line of our code that runs, with a library's line in it if that is further inside."""
    library = ""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        path = frame.f_code.co_filename
        if not any(part in path for part in PASSED_OVER):
            if LIBRARIES in path:
                library = library or f" ({_line(path.partition(LIBRARIES)[2], frame)})"
            elif any(part in path for part in OURS):
                return _line(path, frame) + library
        frame = frame.f_back
    return f"backward pass{library}"


def _line(path: str, frame: FrameType) -> str:
    name = "/".join(path.split("/")[-3:])
    return f"{name}:{frame.f_lineno} {frame.f_code.co_name}"
