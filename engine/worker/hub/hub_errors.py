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
from engine.messages import say
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
        super().__init__(say("{} of {} bytes arrived", done, total))
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
            message = say("{} is gated: accept its owner's terms first.", repo_id)
            hint = say("Accept them at {}, then run `hf auth login` once.", _page(repo_id, kind))
        case RevisionNotFoundError():
            message, hint = say("{} has no revision {}.", repo_id, revision), 'The usual one is "main".'
        case RepositoryNotFoundError():
            message = say("The hub has no {} named {}.", what, repo_id)
            hint = "Check the spelling, or run `hf auth login` if it is private."
        case HFValidationError():
            message, hint = (
                say("{} can't be the name of a {}.", repo_id, what),
                "A hub id looks like owner/name.",
            )
        case HfHubHTTPError():
            message = say("The hub answered with an error ({}).", error.response.status_code)
            hint = "Try again later; the download continues."
        case CutOffError():
            message = say("The connection broke after {} of {}.", size(error.done), size(error.total))
            hint = "Start again; the download continues."
        case DamagedError():
            message, hint = (
                say("A file of {} arrived damaged.", repo_id),
                "Start again to download it.",
            )
        case httpx2.TransportError():
            return OfflineError("The hub stopped answering.", "Start again; the download continues.")
        case _:
            return _storage_error(error)
    return failure(message, hint, FIELDS[kind])


def _storage_error(error: Exception) -> StorageError:
    full = isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}
    return StorageError(
        say("The disk of {} is full.", constants.HF_HUB_CACHE)
        if full
        else say("{} can't be written to: {}.", constants.HF_HUB_CACHE, without_login(str(error))),
        "Delete models you no longer use, or set HF_HOME to a larger disk.",
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
