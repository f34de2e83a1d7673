"""File transfer: manifests with digests, upload of what is missing, download with checks."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from engine.cluster.store_client import JobStoreClient
from engine.errors import StorageError
from engine.messages import say
from engine.system import file_hashes
from engine.system.files import aside, require_space
from engine.system.foreign_files import open_regular

# Small enough to hold a few in the memory of the head, large enough that the calls cost nothing beside it.
PART_BYTES = 8 << 20
# A part of a path that leads elsewhere, or has control characters or what separates paths or streams on some system.
_NOT_PLAIN = re.compile(r"|\.\.?|(?s:.*[\x00-\x1f\x7f\\:].*)")
# Path below a folder, bytes and SHA-256 of each file: lists, since JSON has no tuples.
Manifest = list[list[Any]]
OnBytes = Callable[[int], None]
# Base models are at `models/<digest>/<name>/…`, or as in the hub's cache.
MODELS, HUB_MODELS = "models/", "hub/models--"


def manifest_of(paths: Iterable[tuple[str, Path]]) -> Manifest:
    """Return the manifest of files, each with its path there."""
    return [[name, path.stat().st_size, file_hashes.sha256(path)] for name, path in paths]


def below(folder: Path, prefix: str = "", within: Path | None = None) -> Iterator[tuple[str, Path]]:
    """Yield the files below a folder by their paths in it.

    Links are followed only to files `within` a folder, by default this one: the hub's cache has such links, but a
    foreign folder could link to any file of this computer.
    """
    allowed = (within or folder).resolve()
    for root, _, names in sorted(os.walk(folder)):
        for name in sorted(names):
            path = Path(root, name)
            if path.is_file() and path.resolve().is_relative_to(allowed):
                yield f"{prefix}{path.relative_to(folder).as_posix()}", path


def digests_of(manifest: Manifest) -> list[str]:
    """Return the digests in a manifest."""
    return [digest for _, _, digest in manifest]


def models_in(manifest: Manifest) -> dict[str, str]:
    """Return the digests of base models' files in a manifest, each with the model's folder name or hub id."""
    found: dict[str, str] = {}
    for name, _, digest in manifest:
        if name.startswith(HUB_MODELS):
            found[digest] = name.removeprefix(HUB_MODELS).partition("/")[0].replace("--", "/")
        elif name.startswith(MODELS):
            found[digest] = name.split("/")[2]
    return found


def part_of(manifest: Manifest, prefix: str) -> Manifest:
    """Return the files of a manifest below a folder, by their paths in it."""
    return [[name.removeprefix(prefix), *rest] for name, *rest in manifest if name.startswith(prefix)]


def send(
    job_store: JobStoreClient,
    paths: Iterable[tuple[str, Path]],
    manifest: Manifest,
    on_bytes: OnBytes = lambda _: None,
) -> None:
    """Send the missing files of a manifest. Raises StorageError if one changes meanwhile."""
    by_name = dict(paths)
    missing = set(job_store.missing(digests_of(manifest)))
    for name, _, digest in manifest:
        if digest not in missing:
            continue
        missing.discard(digest)
        with open_regular(by_name[name]) as stream:
            number = 0
            # An empty file has one part too.
            while (content := stream.read(PART_BYTES)) or not number:
                job_store.put(digest, number, content)
                on_bytes(len(content))
                number += 1
        if not job_store.complete(digest):
            raise StorageError(say("{} changed while being sent.", by_name[name]), "Try again.")


def fetch(job_store: JobStoreClient, manifest: Manifest, folder: Path, *, have: Path | None = None) -> None:
    """Write the files of a manifest below a folder, reusing those that are there or below `have`.

    Raises StorageError for a name outside the folder, for more than the free disk, and for content of another size or
    digest than the manifest says.
    """
    for name, _, _ in manifest:
        if any(_NOT_PLAIN.fullmatch(part) or len(part.encode()) > 255 for part in name.split("/")):
            raise StorageError(
                say("{} doesn't belong in the folder.", repr(name[:200])),
                "The cluster sent an unexpected file.",
            )
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    absent = [each for each in manifest if not _is_there(folder, each)]
    needed = sum(size for _, size, _ in absent)
    require_space(folder, needed, "The download", "Free some disk space.")
    for name, size, digest in absent:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Entries that share base models may fetch one at the same time.
        with aside(path) as partial:
            if have is not None and _is_there(have, [name, size, digest]):
                shutil.copyfile(have / name, partial)
            elif not _fetch_one(job_store, partial, size, digest):
                raise StorageError(say("{} was damaged in transit.", path.name), "Try again.")


def _is_there(folder: Path, file: list[Any]) -> bool:
    name, size, digest = file
    path = Path(folder, name)
    return path.is_file() and path.stat().st_size == size and file_hashes.sha256(path) == digest


def _fetch_one(job_store: JobStoreClient, path: Path, size: int, digest: str) -> bool:
    """Write a content to a file, at most `size` bytes; tell whether size and digest match."""
    found, number, left = hashlib.sha256(), 0, size
    with path.open("xb") as stream:
        while left >= 0 and (part := job_store.part(digest, number)):
            found.update(part)
            left -= len(part)
            stream.write(part[: max(0, left + len(part))])
            number += 1
        stream.flush()
        os.fsync(stream.fileno())
    return left == 0 and found.hexdigest() == digest
