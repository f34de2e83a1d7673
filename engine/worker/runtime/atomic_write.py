"""Writes folders whole or not at all, and translates what libraries raise when a disk takes no more.

Knows nothing of what is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError

from engine.errors import StorageError, disk_errors
from engine.messages import say
from engine.system.files import remove

# How torch.save says that the disk took less than it was given: while it writes, and when it ends.
TORCH_PHRASES = ("PytorchStreamWriter", "inline_container")


@contextmanager
def temporary_folder(partial: Path) -> Iterator[None]:
    """Make an empty folder to be filled and renamed; it is deleted if that fails."""
    remove(partial)
    partial.mkdir()
    try:
        yield
    finally:
        remove(partial)


@contextmanager
def storage_errors(what: str, hint: str) -> Iterator[None]:
    """Translate what torch, safetensors and the system raise when a file can't be written into StorageError."""
    try:
        with disk_errors("{} can't be written: {}.", what, hint=hint):
            yield
    except SafetensorError as error:
        raise StorageError(say("{} can't be written: {}.", what, error), hint) from error
    except RuntimeError as error:
        if not any(phrase in str(error) for phrase in TORCH_PHRASES):
            raise
        raise StorageError(say("{} can't be written completely.", what), hint) from error
