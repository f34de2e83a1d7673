"""Sends files to a model repository of the Hub in one commit: private by default, resumable, never over others' work.

Large files go over plain HTTP one by one, so that progress is known and a cancel is heard; what has arrived is found
there by its hash and not sent again.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx2
from huggingface_hub import CommitOperationAdd, HfApi, ModelInfo, get_token
from huggingface_hub.errors import (
    HfHubHTTPError,
    HFValidationError,
    LocalTokenNotFoundError,
    RepositoryNotFoundError,
)
from huggingface_hub.utils import validate_repo_id

from engine.errors import AppError, OfflineError
from engine.messages import say
from engine.system.connection import hub_address, offline, require_hub
from engine.system.redaction import without_login
from engine.worker.runtime.channel import Stopped

FIELD = "target"
TOKENLESS = "The hub requires a token for uploads."
LOGIN = "Run `hf auth login` with a token that has write access."
# The client retries each request by itself; this many times everything is asked anew.
ATTEMPTS = 2
# What the Hub puts into a new repository.
INITIAL_FILES = frozenset({".gitattributes"})
# The key in a card that says which adapter a repository holds.
MARK = "tunesmith_adapter"

OnProgress = Callable[[int, int, str], None]


class _ReportedFile(io.BufferedReader):
    """A file that tells how far it was read once `on_read` is set."""

    def __init__(self, path: Path) -> None:
        super().__init__(io.FileIO(path))
        self.on_read: Callable[[int], None] = lambda _position: None

    def read(self, size: int | None = -1, /) -> bytes:
        """Read and report the position."""
        content = super().read(size)
        self.on_read(self.tell())
        return content


def check_name(repo_id: str) -> None:
    """Raise AppError for what can't be the name of a repository."""
    try:
        validate_repo_id(repo_id)
        valid = repo_id.count("/") == 1
    except HFValidationError:
        valid = False
    if not valid:
        hint = "Use owner/name: letters, digits, -, _ and ., at most 96 characters."
        raise AppError(say("{} can't be the name of a repository.", repo_id), hint, FIELD)


def address(repo_id: str) -> str:
    """Return the page of a model repository."""
    return f"{without_login(hub_address())}/{repo_id}"


def push(
    repo_id: str,
    files: Mapping[str, Path],
    mark: str,
    *,
    private: bool,
    on_progress: OnProgress,
    cancelled: Callable[[], bool],
) -> None:
    """Send files, by their names in the repository, and make the repository if there is none.

    One that exists must be empty, or hold a card with this `mark`, and be as private as it should be. Raises Stopped
    when cancelled, OfflineError, AppError. What has arrived stays after a cancel or an error, and the next call goes
    on from there.
    """
    _require_hub()
    check_name(repo_id)
    if get_token() is None:
        raise AppError(TOKENLESS, LOGIN, FIELD)
    api = HfApi(endpoint=hub_address())
    for left in reversed(range(ATTEMPTS)):
        with _explained(repo_id):
            try:
                _prepare(api, repo_id, mark, private=private)
                _send(api, repo_id, files, on_progress, cancelled)
            except httpx2.TransportError:
                if not left:
                    raise
            else:
                return


def _require_hub() -> None:
    if offline():
        raise OfflineError("Tunesmith is offline.", "Start without --offline and HF_HUB_OFFLINE.", FIELD)
    require_hub(FIELD)


def _prepare(api: HfApi, repo_id: str, mark: str, *, private: bool) -> None:
    """Make the repository, or raise AppError for one that this must not be written to."""
    me = api.whoami()
    owner = repo_id.partition("/")[0]
    own = {str(me["name"]), *(str(each["name"]) for each in me.get("orgs") or ())}
    if owner.lower() not in {name.lower() for name in own}:
        named = ", ".join(sorted(own))
        raise AppError(
            say("{} is someone else's account; yours is {}.", owner, named), "Choose one of those.", FIELD
        )
    try:
        info = api.model_info(repo_id)
    except RepositoryNotFoundError:
        api.create_repo(repo_id, private=private)
    else:
        _refuse_other(info, repo_id, mark, private=private)


def _refuse_other(info: ModelInfo, repo_id: str, mark: str, *, private: bool) -> None:
    """Raise AppError if a repository holds something else, or can be seen by others than asked."""
    card: Any = info.card_data or {}
    names = {file.rfilename for file in info.siblings or ()}
    if names - INITIAL_FILES and card.get(MARK) != mark:
        raise AppError(say("{} exists and contains something else.", repo_id), "Choose another name.", FIELD)
    settings = f"{address(repo_id)}/settings"
    if private and not info.private:
        raise AppError(
            say("{} is public.", repo_id), say("Make it private at {}, or upload publicly.", settings), FIELD
        )
    if info.private and not private:
        raise AppError(
            say("{} is private.", repo_id), say("Make it public at {}, or upload privately.", settings), FIELD
        )


def _send(
    api: HfApi,
    repo_id: str,
    files: Mapping[str, Path],
    on_progress: OnProgress,
    cancelled: Callable[[], bool],
) -> None:
    """Send the large files one by one, then all in one commit, in which the small ones are."""
    total, done = sum(path.stat().st_size for path in files.values()), 0

    def report(position: int) -> None:
        if cancelled():
            raise Stopped
        on_progress(done + position, total, "bytes")

    with ExitStack() as stack:
        additions = []
        for name, path in files.items():
            file = stack.enter_context(_ReportedFile(path))
            additions.append(CommitOperationAdd(name, file))
            file.on_read = report
            _send_large(api, repo_id, additions[-1])
            file.on_read = lambda _position: None
            done += path.stat().st_size
            on_progress(done, total, "bytes")
        if cancelled():
            raise Stopped
        api.create_commit(repo_id, additions, commit_message="Upload from Tunesmith")


def _send_large(api: HfApi, repo_id: str, addition: CommitOperationAdd) -> None:
    """Send a file unless it is a small one. The client wraps what ends it, which is taken out again."""
    try:
        with warnings.catch_warnings():
            # The client hands the file to its HTTP library in a deprecated way.
            warnings.simplefilter("ignore", DeprecationWarning)
            api.preupload_lfs_files(repo_id, [addition], num_threads=1)
    except RuntimeError as error:
        if error.__cause__ is None:
            raise
        raise error.__cause__ from None


@contextmanager
def _explained(repo_id: str) -> Iterator[None]:
    """Translate what the client raises into AppErrors."""
    try:
        yield
    except (HfHubHTTPError, LocalTokenNotFoundError, httpx2.TransportError, ValueError) as error:
        raise _translated(error, repo_id) from error


def _translated(error: Exception, repo_id: str) -> AppError:
    if isinstance(error, httpx2.TransportError):
        hint = "Start again; the upload continues."
        return OfflineError("The connection to the hub was lost.", hint, FIELD)
    if isinstance(error, LocalTokenNotFoundError):
        return AppError(TOKENLESS, LOGIN, FIELD)
    if not isinstance(error, HfHubHTTPError):
        return AppError(say("The hub rejected the files: {}", without_login(str(error))), "", FIELD)
    status = error.response.status_code
    message, hint = {
        401: ("The hub rejected the token.", LOGIN),
        403: (
            say("The token has no write access to {}.", repo_id),
            say("Create one at {}, then run `hf auth login`.", address("settings/tokens")),
        ),
        409: (say("{} already exists.", repo_id), "Start again, or choose another name."),
    }.get(
        status,
        (
            say("The hub answered with an error ({}).", status),
            "Try again later; the upload continues.",
        ),
    )
    return AppError(message, hint, FIELD)
