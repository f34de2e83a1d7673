"""Recognises out-of-memory errors. Imports no library, so that a worker's last words can ask here."""

from __future__ import annotations

from engine.errors import OutOfMemoryError
from engine.messages import say

# As the C libraries and torch itself word it; torch has an exception of its own on GPUs only.
PHRASES = ("out of memory", "can't allocate memory", "not enough memory", "cublas_status_alloc_failed")

# Kinds of devices that have no memory of their own.
SHARED_MEMORY = frozenset({"cpu", "mps"})


class MemoryExceeded(Exception):
    """A run needs `needed` bytes of memory, and only `available` are there."""

    def __init__(self, needed: int, available: int) -> None:
        super().__init__(say("{} bytes needed, {} available", needed, available))
        self.needed = needed
        self.available = available


class ProcessKilled(MemoryError):
    """The system killed a process that computes a part, for lack of memory. How much is missing is unknown."""


def is_oom(error: BaseException) -> bool:
    """Return whether an exception means that memory does not suffice."""
    text = str(error).lower()
    return isinstance(error, MemoryError | MemoryExceeded) or any(phrase in text for phrase in PHRASES)


def can_halve(device_type: str, error: BaseException) -> bool:
    """Tell whether less may be computed at a time after an error: a GPU that lacks memory is as it was before.

    A CPU's memory is shared with all other programs: the system ends one of them instead of raising an error.
    """
    return device_type not in SHARED_MEMORY and is_oom(error)


def as_error(*, computes: bool) -> OutOfMemoryError:
    """Return the error for the user, where nothing more is known; `computes`: of a job that uses a device."""
    if not computes:
        return OutOfMemoryError(
            "It doesn't fit into memory.", "Close other programs, or choose smaller files."
        )
    return OutOfMemoryError(
        "It doesn't fit into the device's memory.",
        "Choose a smaller micro-batch, or a quantized or smaller base model.",
        "training.micro_batch_tokens",
    )
