"""How libraries say that memory does not suffice. Imports none of them, so that a worker's last words can ask here."""

from __future__ import annotations

from engine.errors import OutOfMemoryError

# As the C libraries and torch itself word it; torch has an exception of its own on graphics cards only.
WORDS = ("out of memory", "can't allocate memory", "not enough memory", "cublas_status_alloc_failed")


class Exceeded(Exception):
    """A run's probe says that memory will not suffice: it needs `needed` bytes, and there is room for `available`."""

    def __init__(self, needed: int, available: int) -> None:
        super().__init__(f"{needed} bytes are needed, {available} are there")
        self.needed = needed
        self.available = available


def is_one(error: BaseException) -> bool:
    """Tell whether an exception means that memory does not suffice."""
    said = str(error).lower()
    return isinstance(error, MemoryError | Exceeded) or any(words in said for words in WORDS)


def in_words() -> OutOfMemoryError:
    """Return the trouble for people, where nothing more is known."""
    return OutOfMemoryError(
        "The device's memory does not hold this.",
        "Choose a smaller micro-batch, checkpointed activations, a quantized or a smaller base model.",
        "training.micro_batch_tokens",
    )
