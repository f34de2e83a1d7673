"""Downloads one file of the Hub: streams it, resumes it, checks its hash. Knows nothing of repositories.

`huggingface_hub.hf_hub_download` checks no hash, and it deletes what has arrived when it is cancelled or the connection
breaks: a large model would start again from nothing.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import httpx2
from filelock import FileLock, Timeout
from huggingface_hub import get_session
from huggingface_hub.utils import build_hf_headers, hf_raise_for_status

from engine.system.files import delete, rename
from engine.worker.hub.hub_errors import CutOffError, DamagedError
from engine.worker.runtime.channel import Stopped

TIMEOUT_SECONDS = 10.0
# Attempts in a row that bring nothing.
MAX_EMPTY_ATTEMPTS = 2


def fetch(
    url: str,
    target: Path,
    size: int,
    etag: str,
    on_bytes: Callable[[int], None],
    cancelled: Callable[[], bool],
) -> None:
    """Download `url` to `target`; `on_bytes` is given the number of bytes that have arrived.

    A partial file stays beside the target and is completed by the next call. Processes that want the same file wait
    for the first one. Raises Stopped when cancelled, CutOffError, DamagedError, OSError, and the errors of the HTTP
    client.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        lock = FileLock(f"{target}.lock").acquire(cancel_check=cancelled)
    except Timeout:
        raise Stopped from None
    with lock:
        if target.exists():
            return
        partial = target.with_name(target.name + ".incomplete")
        partial.touch()
        _complete(url, partial, size, on_bytes, cancelled)
        _check(partial, size, etag)
        rename(partial, target)


def _complete(
    url: str, partial: Path, size: int, on_bytes: Callable[[int], None], cancelled: Callable[[], bool]
) -> None:
    """Download until the partial file has its size; reconnect for as long as bytes arrive."""
    attempts = MAX_EMPTY_ATTEMPTS
    while attempts and (before := partial.stat().st_size) < size:
        with suppress(httpx2.RemoteProtocolError, httpx2.ReadError, httpx2.ReadTimeout):
            _stream(url, partial, before, on_bytes, cancelled)
        attempts = attempts - 1 if partial.stat().st_size <= before else MAX_EMPTY_ATTEMPTS
    if partial.stat().st_size < size:
        raise CutOffError(partial.stat().st_size, size)


def _stream(
    url: str, partial: Path, start: int, on_bytes: Callable[[int], None], cancelled: Callable[[], bool]
) -> None:
    """Append the bytes from `start` on to the partial file; write it anew if the server sends the whole file."""
    headers = {**build_hf_headers(), "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    with get_session().stream("GET", url, headers=headers, timeout=TIMEOUT_SECONDS) as response:
        hf_raise_for_status(response)
        resumes = response.status_code == httpx2.codes.PARTIAL_CONTENT
        done = start if resumes else 0
        with partial.open("ab" if resumes else "wb") as file:
            for chunk in response.iter_bytes():
                if cancelled():
                    raise Stopped
                file.write(chunk)
                done += len(chunk)
                on_bytes(done)
            file.flush()
            os.fsync(file.fileno())


def _check(partial: Path, size: int, etag: str) -> None:
    """Delete the file and raise DamagedError unless its size and its hash are those that the Hub announced."""
    found = etag
    if len(etag) == 64:
        with partial.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    elif len(etag) == 40:
        # Git's hash, which small files have.
        content = partial.read_bytes()
        found = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
    if partial.stat().st_size != size or found != etag:
        delete(partial)
        raise DamagedError
