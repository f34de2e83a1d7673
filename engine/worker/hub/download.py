"""One file from the hub to a place on this disk: streamed, cancelled, taken up again, and checked.

Knows nothing of repositories. A file stands under its final name only when it is whole and its hash is right.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx2
from filelock import FileLock, Timeout
from huggingface_hub import get_session
from huggingface_hub.utils._headers import build_hf_headers
from huggingface_hub.utils._http import hf_raise_for_status
from huggingface_hub.utils.sha import git_hash, sha_fileobj

from engine.worker.hub.hub_errors import CutOffError, DamagedError
from engine.worker.runtime.channel import Stopped

TIMEOUT_SECONDS = 10.0
TRIES_WITHOUT_A_BYTE = 2
WAIT_SECONDS = 0.2


def fetch(
    url: str,
    target: Path,
    size: int,
    etag: str,
    on_bytes: Callable[[int], None],
    cancelled: Callable[[], bool],
) -> None:
    """Bring `url` to `target`; `on_bytes` hears how many bytes of it are here.

    What came before a cut or a cancel stays beside the target and is not fetched again. Of several processes
    that want the same file one fetches it. Raises Stopped when cancelled, CutOffError, DamagedError, OSError,
    and the errors of the HTTP client.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with _alone(target, cancelled):
        if not target.exists():
            partial = target.with_name(target.name + ".incomplete")
            _complete(url, partial, size, on_bytes, cancelled)
            _check(partial, size, etag)
            partial.replace(target)


@contextmanager
def _alone(target: Path, cancelled: Callable[[], bool]) -> Iterator[None]:
    lock = FileLock(target.with_name(target.name + ".lock"))
    while True:
        try:
            lock.acquire(timeout=WAIT_SECONDS)
            break
        except Timeout:
            if cancelled():
                raise Stopped from None
    try:
        yield
    finally:
        lock.release()


def _complete(
    url: str, partial: Path, size: int, on_bytes: Callable[[int], None], cancelled: Callable[[], bool]
) -> None:
    """Fetch until the partial file has its size; a cut connection is taken up again as long as bytes come."""
    tries = TRIES_WITHOUT_A_BYTE
    while tries and _length(partial) < size:
        before = _length(partial)
        with suppress(httpx2.RemoteProtocolError, httpx2.ReadError, httpx2.ReadTimeout):
            _stream(url, partial, before, on_bytes, cancelled)
        tries = tries - 1 if _length(partial) <= before else TRIES_WITHOUT_A_BYTE
    if _length(partial) < size:
        raise CutOffError(_length(partial), size)


def _stream(
    url: str, partial: Path, start: int, on_bytes: Callable[[int], None], cancelled: Callable[[], bool]
) -> None:
    """Append what follows `start` to the partial file, or write it anew if only the whole is given."""
    headers = {**build_hf_headers(), "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    with get_session().stream("GET", url, headers=headers, timeout=TIMEOUT_SECONDS) as response:
        hf_raise_for_status(response)
        goes_on = response.status_code == httpx2.codes.PARTIAL_CONTENT
        done = start if goes_on else 0
        with partial.open("ab" if goes_on else "wb") as file:
            for chunk in response.iter_bytes():
                if cancelled():
                    raise Stopped
                file.write(chunk)
                done += len(chunk)
                on_bytes(done)
            file.flush()
            os.fsync(file.fileno())


def _length(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _check(partial: Path, size: int, etag: str) -> None:
    """Raise DamagedError, and throw the file away, unless its hash is the one that the hub calls it by."""
    if _length(partial) == size and _hash(partial, etag) in {etag, ""}:
        return
    partial.unlink()
    raise DamagedError


def _hash(path: Path, etag: str) -> str:
    """Return the file's hash of the kind that `etag` is: SHA-256 for large files, git's for small ones."""
    if len(etag) == 64:
        with path.open("rb") as file:
            return sha_fileobj(file).hex()
    return git_hash(path.read_bytes()) if len(etag) == 40 else ""
