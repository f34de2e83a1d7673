"""Where a cluster keeps what was sent and what came of it: a folder, or any place that fsspec can write to.

    blobs/<sha256>/<part>       the content of a file, in parts; `whole` beside them says that all are there
    entries/<id>/entry.json     what was asked for
    entries/<id>/state.json     how far it is
    entries/<id>/events/<from>  the events from a byte of the stream on, in the order of the numbers

Knows nothing of Ray.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from fsspec.core import url_to_fs
from fsspec.implementations.dirfs import DirFileSystem
from fsspec.implementations.local import LocalFileSystem

# Small enough for a few at a time in the memory of the head, large enough that calls cost nothing beside it.
PART_BYTES = 8 << 20
WHOLE = "whole"


class Storage:
    """Files below one place; each is written whole or not at all."""

    def __init__(self, place: str) -> None:
        """`place` is a path or an fsspec address. Raises OSError, or what the file system raises."""
        files, root = url_to_fs(place, auto_mkdir=True)
        files.makedirs(root, exist_ok=True)
        self._is_local = isinstance(files, LocalFileSystem)
        if self._is_local:
            # Conversations are in it.
            Path(root).chmod(0o700)
        self._files = DirFileSystem(root, files)

    def read(self, name: str) -> bytes | None:
        """Return a file's content, None if there is none."""
        try:
            return bytes(self._files.cat_file(name))
        except FileNotFoundError:
            return None

    def write(self, name: str, content: bytes) -> None:
        """Write a file."""
        if not self._is_local:
            self._files.pipe_file(name, content)
            return
        partial = f"{name}.{secrets.token_hex(4)}.partial"
        self._files.pipe_file(partial, content)
        self._files.mv(partial, name)

    def read_json(self, name: str) -> dict[str, Any] | None:
        """Return a JSON object, None if there is none or it is damaged."""
        content = self.read(name)
        with suppress(ValueError):
            value = json.loads(content or b"")
            return value if isinstance(value, dict) else None
        return None

    def write_json(self, name: str, value: Any) -> None:
        """Write a value as JSON."""
        self.write(name, json.dumps(value).encode())

    def sizes(self, folder: str) -> dict[str, int]:
        """Return the names in a folder, sorted, with their bytes; folders have 0."""
        try:
            listed = self._files.ls(folder, detail=True)
        except FileNotFoundError:
            return {}
        named = {each["name"].rstrip("/").rpartition("/")[2]: int(each.get("size") or 0) for each in listed}
        return dict(sorted((name, size) for name, size in named.items() if not name.endswith(".partial")))

    def remove(self, folder: str) -> None:
        """Remove a folder and all in it."""
        with suppress(FileNotFoundError):
            self._files.rm(folder, recursive=True)

    # Content by its digest
    def missing(self, digests: Iterable[str]) -> list[str]:
        """Return which contents are not there yet as a whole."""
        found = dict.fromkeys(digests)
        return [digest for digest in found if not self._files.exists(f"blobs/{digest}/{WHOLE}")]

    def put(self, digest: str, number: int, content: bytes) -> None:
        """Write one part of a content."""
        self.write(f"blobs/{digest}/{number:06d}", content)

    def part(self, digest: str, number: int) -> bytes | None:
        """Return one part of a content, None behind the last."""
        return self.read(f"blobs/{digest}/{number:06d}")

    def complete(self, digest: str) -> bool:
        """Note that all parts are there, and tell whether they are what the digest says; if not, they are removed."""
        found, number = hashlib.sha256(), 0
        while (content := self.part(digest, number)) is not None:
            found.update(content)
            number += 1
        if found.hexdigest() != digest:
            self.remove(f"blobs/{digest}")
            return False
        self.write(f"blobs/{digest}/{WHOLE}", b"")
        return True
