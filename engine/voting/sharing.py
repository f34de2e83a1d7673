"""Passes blind comparisons on to other voters: one file with the conversations and summaries, without votes.

The file is not trusted when it is opened. Knows nothing of votes.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, ValidationError

from engine.errors import DataError, StorageError
from engine.system.files import write_export
from engine.system.foreign_files import FileKind, read_bytes
from engine.voting.comparisons import (
    MAX_CONVERSATIONS,
    About,
    Comparison,
    ComparisonInfo,
    Conversation,
    fingerprint,
    fits,
    list_comparisons,
    store,
)


class _Shared(About):
    conversations: tuple[Conversation, ...] = Field(min_length=1, max_length=MAX_CONVERSATIONS)


def share(comparison: Comparison, path: Path) -> None:
    """Write a comparison with its conversations, without its votes, to one file for another voter.

    Raises StorageError.
    """
    info = comparison.info
    shared = _Shared(
        name=info.name,
        source=info.source,
        made_at=info.made_at,
        seed=info.seed,
        fingerprint=info.fingerprint,
        systems=info.systems,
        conversations=comparison.conversations,
    )
    write_export(path, shared.model_dump_json(by_alias=True))


def open_shared(path: Path) -> ComparisonInfo:
    """Take over a comparison that another person passed on, and return it; a known one is not taken twice.

    Raises DataError for a file that is no comparison, StorageError.
    """
    shared = _read_shared(path)
    for known in list_comparisons():
        if known.fingerprint == shared.fingerprint and known.seed == shared.seed:
            return known
    return store(shared, shared.conversations)


def _read_shared(path: Path) -> _Shared:
    no_comparison = DataError(
        f"{path.name} is no blind comparison.", "Choose a file that Tunesmith exported for other voters."
    )
    try:
        shared = _Shared.model_validate_json(read_bytes(path, FileKind.COMPARISON))
    except OSError as error:
        raise StorageError(f"{path} can't be read: {error.strerror}.") from error
    except ValidationError as error:
        raise no_comparison from error
    if not fits(shared.conversations, shared.systems):
        raise no_comparison
    if fingerprint(shared.conversations) != shared.fingerprint:
        raise DataError(f"{path.name} was changed after it was exported.", "Ask for the file again.")
    return shared
