"""Files on their way: listed with their digests, sent where they are missing, and checked where they arrive."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from engine.cluster.storage import PART_BYTES
from engine.errors import StorageError
from engine.system.files import partial_beside
from engine.system.foreign_files import open_regular

# Of each file its path below a folder, its bytes, and its SHA-256. JSON knows no tuples.
Manifest = list[list[Any]]
OnBytes = Callable[[int], None]


class Contents(Protocol):
    """The keeper as seen from elsewhere: its calls on contents, carried out there."""

    def missing(self, digests: Sequence[str]) -> list[str]: ...  # noqa: D102
    def put(self, digest: str, number: int, content: bytes) -> None: ...  # noqa: D102
    def complete(self, digest: str) -> bool: ...  # noqa: D102
    def part(self, digest: str, number: int) -> bytes | None: ...  # noqa: D102


def manifest_of(paths: Iterable[tuple[str, Path]]) -> Manifest:
    """Return the manifest of files, each with the path that it is to have."""
    return [[name, path.stat().st_size, digest_of(path)] for name, path in paths]


def below(folder: Path, prefix: str = "") -> Iterator[tuple[str, Path]]:
    """Yield the files below a folder by their paths in it; links are followed, as in a cache of models."""
    for root, _, names in sorted(os.walk(folder, followlinks=True)):
        for name in sorted(names):
            path = Path(root, name)
            if path.is_file():
                yield f"{prefix}{path.relative_to(folder).as_posix()}", path


def digest_of(path: Path) -> str:
    """Return a file's SHA-256; of one that has not changed it is remembered."""
    facts = path.stat()
    return _digest(path, facts.st_size, facts.st_mtime_ns)


@lru_cache(maxsize=4096)
def _digest(path: Path, size: int, changed_ns: int) -> str:  # noqa: ARG001 - they tell versions of a file apart
    found = hashlib.sha256()
    with open_regular(path) as stream:
        while content := stream.read(PART_BYTES):
            found.update(content)
    return found.hexdigest()


def digests_of(manifest: Manifest) -> list[str]:
    """Return the digests in a manifest."""
    return [digest for _, _, digest in manifest]


def part_of(manifest: Manifest, prefix: str) -> Manifest:
    """Return the files of a manifest below a folder, by their paths in it."""
    return [[name.removeprefix(prefix), *rest] for name, *rest in manifest if name.startswith(prefix)]


def bytes_of(manifest: Manifest) -> int:
    """Return the bytes of all files in a manifest."""
    return sum(size for _, size, _ in manifest)


def send(
    contents: Contents, paths: Iterable[tuple[str, Path]], manifest: Manifest, on_bytes: OnBytes
) -> None:
    """Send the files of a manifest that are missing there. Raises StorageError if one changed meanwhile."""
    by_name = dict(paths)
    missing = set(contents.missing(digests_of(manifest)))
    for name, _, digest in manifest:
        if digest in missing:
            missing.discard(digest)
            _send_one(contents, by_name[name], digest, on_bytes)


def _send_one(contents: Contents, path: Path, digest: str, on_bytes: OnBytes) -> None:
    with open_regular(path) as stream:
        # An empty file has one part too.
        for number, content in enumerate(iter(lambda: stream.read(PART_BYTES) or None, None)):
            contents.put(digest, number, content)
            on_bytes(len(content))
        if not path.stat().st_size:
            contents.put(digest, 0, b"")
    if not contents.complete(digest):
        raise StorageError(f"{path} was changed while it was sent.", "Try again.")


def fetch(contents: Contents, manifest: Manifest, folder: Path, on_bytes: OnBytes = lambda _: None) -> None:
    """Write the files of a manifest below a folder; those that are there as they should be stay.

    Raises StorageError for what is not what its digest says, or has no place below the folder.
    """
    for name, size, digest in manifest:
        path = folder / _safe(name)
        if path.is_file() and path.stat().st_size == size and digest_of(path) == digest:
            continue
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Entries that share a folder of base models may fetch one at the same time.
        partial = partial_beside(path)
        try:
            if not _fetch_one(contents, partial, digest, on_bytes):
                raise StorageError(f"{path.name} did not arrive as it was sent.", "Try again.")
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)


def _fetch_one(contents: Contents, path: Path, digest: str, on_bytes: OnBytes) -> bool:
    """Write a content to a file; tell whether it is what its digest says."""
    found, number = hashlib.sha256(), 0
    with path.open("wb") as stream:
        while (part := contents.part(digest, number)) is not None:
            found.update(part)
            stream.write(part)
            on_bytes(len(part))
            number += 1
        stream.flush()
        os.fsync(stream.fileno())
    return found.hexdigest() == digest


def _safe(name: str) -> PurePosixPath:
    """Return a path of a manifest. Raises StorageError for one that leads out of the folder."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise StorageError(
            f"{name} has no place in the folder.", "The cluster sent a file that it should not."
        )
    return path
