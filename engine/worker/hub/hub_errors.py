"""Errors of the Hub and of its client, translated into messages with a hint. Knows nothing of files."""

from __future__ import annotations

import errno
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import httpx2
from huggingface_hub import constants
from huggingface_hub import logging as hub_logging
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from engine.errors import AdapterError, AppError, BaseModelError, DataError, OfflineError, StorageError
from engine.system.connection import hub_address
from engine.system.redaction import without_login
from engine.system.units import size

Kind = Literal["model", "dataset", "adapter"]
FIELDS = {"model": "base_model.id", "dataset": "data.source", "adapter": "source"}
# What a kind is called, and the error of one that can't be had.
KINDS: dict[Kind, tuple[str, type[AppError]]] = {
    "model": ("base model", BaseModelError),
    "dataset": ("data set", DataError),
    "adapter": ("adapter", AdapterError),
}


class CutOffError(Exception):
    """The connection broke before the file was complete."""

    def __init__(self, done: int, total: int) -> None:
        super().__init__(f"{done} of {total} bytes arrived")
        self.done = done
        self.total = total


class DamagedError(Exception):
    """A downloaded file has another size or hash than the Hub announced."""


@contextmanager
def explained(repo_id: str, revision: str, kind: Kind) -> Iterator[None]:
    """Translate what the Hub's client and the disk raise into AppErrors."""
    try:
        yield
    except (
        HfHubHTTPError,
        HFValidationError,
        httpx2.TransportError,
        CutOffError,
        DamagedError,
        OSError,
    ) as error:
        raise _translated(error, repo_id, revision, kind) from error


def _translated(error: Exception, repo_id: str, revision: str, kind: Kind) -> AppError:
    what, failure = KINDS[kind]
    match error:
        case GatedRepoError():
            message = f"{repo_id} is gated: you have to accept its owner's terms first."
            hint = f"Accept them at {_page(repo_id, kind)}, then run `hf auth login` once."
        case RevisionNotFoundError():
            message, hint = f"{repo_id} has no revision {revision}.", 'The usual one is "main".'
        case RepositoryNotFoundError():
            message = f"The hub has no {what} named {repo_id}."
            hint = "Check the spelling. A private one needs `hf auth login` once."
        case HFValidationError():
            message, hint = f"{repo_id} can't be the name of a {what}.", "A hub id looks like owner/name."
        case HfHubHTTPError():
            message = f"The hub answered with an error ({error.response.status_code})."
            hint = "Try again later; what was downloaded is kept."
        case CutOffError():
            message = f"The connection broke after {size(error.done)} of {size(error.total)}."
            hint = "Start again; the download continues where it stopped."
        case DamagedError():
            message, hint = (
                f"A file of {repo_id} was damaged during the download.",
                "Start again to download it again.",
            )
        case httpx2.TransportError():
            return OfflineError("The hub stopped answering.", "Start again; what was downloaded is kept.")
        case _:
            return _storage_error(error)
    return failure(message, hint, FIELDS[kind])


def _storage_error(error: Exception) -> StorageError:
    full = isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}
    return StorageError(
        f"The disk of {constants.HF_HUB_CACHE} is full."
        if full
        else f"{constants.HF_HUB_CACHE} can't be written to: {without_login(str(error))}.",
        "Delete models you no longer use, or set HF_HOME to another disk.",
    )


def _page(repo_id: str, kind: Kind) -> str:
    return f"{without_login(hub_address())}/{'datasets/' if kind == 'dataset' else ''}{repo_id}"


def _remove_logins(record: logging.LogRecord) -> bool:
    """Remove the logins from the addresses in a warning of the client; it is logged all the same."""
    record.msg, record.args = without_login(record.getMessage()), ()
    return True


# The library's own handler writes the records of all its modules.
for _handler in hub_logging.get_logger().handlers:
    _handler.addFilter(_remove_logins)
