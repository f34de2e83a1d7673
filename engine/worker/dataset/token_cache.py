"""Caches token ids on disk, under a key of everything that decides them, and reads them example by example.

They can always be computed again, so an unreadable or damaged file counts as missing.
"""

from __future__ import annotations

import hashlib
import json
import os
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, overload

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from engine.errors import StorageError, disk_errors
from engine.system import cache
from engine.system.files import aside
from engine.system.paths import HOME
from engine.text.conversations import Example
from engine.worker.dataset.dataset import update_digest
from engine.worker.dataset.prompter import Encoded, Prompter
from engine.worker.runtime.atomic_write import storage_errors
from engine.worker.runtime.channel import Channel

# Part of every key: raised when the same texts and settings give other ids.
FORMAT = 1
SUFFIX = ".safetensors"


class Tokens(Sequence[Encoded]):
    """Encoded examples; those of a file are mapped, and read on access.

    `ids` (int32) holds each example's input ids and then its labels, `ends` (int64, two per example) their ends.
    """

    def __init__(self, ids: npt.NDArray[np.int32], ends: npt.NDArray[np.int64]) -> None:
        self.ids = ids
        self.ends = ends

    def __len__(self) -> int:
        return len(self.ends) // 2

    @overload
    def __getitem__(self, index: int) -> Encoded: ...

    @overload
    def __getitem__(self, index: slice) -> list[Encoded]: ...

    def __getitem__(self, index: int | slice) -> Encoded | list[Encoded]:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        index %= len(self)
        start = int(self.ends[2 * index - 1]) if index else 0
        middle, end = self.ends[2 * index : 2 * index + 2].tolist()
        return Encoded(self.ids[start:middle].tolist(), self.ids[middle:end].tolist())

    @property
    def sizes(self) -> npt.NDArray[np.int32]:
        """The lengths of each example's inputs and labels (examples × 2)."""
        return np.diff(self.ends, prepend=0).reshape(-1, 2).astype(np.int32)

    def digest(self) -> str:
        """Return the SHA-256 over ends and ids."""
        digest = hashlib.sha256(self.ends.tobytes())
        digest.update(self.ids.data)
        return digest.hexdigest()


def tokenize(examples: Sequence[Example], prompter: Prompter, channel: Channel) -> Tokens:
    """Return the examples as `prompter` encodes them: from the cache, or encoded now, with progress, and cached.

    The prompter counts truncated texts either way. Raises Stopped between two examples.
    """
    key = hashlib.sha256(f"{FORMAT};{prompter.identity};{len(examples)};".encode())
    update_digest(key, examples)
    path = cache.place("tokens", key.hexdigest(), SUFFIX)
    cached = _load(path, prompter)
    if cached is not None:
        return cached
    before = (prompter.truncated_conversations, prompter.truncated_summaries)

    def encoded() -> Iterator[Encoded]:
        for done, example in enumerate(examples, start=1):
            yield prompter.example(example)
            channel.progress(done, len(examples), "examples")
            channel.check_stop()

    tokens = _packed(encoded())
    truncated = (prompter.truncated_conversations - before[0], prompter.truncated_summaries - before[1])
    # A full disk must not end a run: the cache only saves time.
    with suppress(StorageError), storage_errors("The cache of token ids", ""):
        save(path, tokens, truncated)
        tokens = _open(path)[0]
        cache.drop_oldest(path.parent.iterdir(), cache.MAX_BYTES)
    return tokens


def share(examples: Iterable[Encoded], folder: Path) -> str:
    """Write examples into a private folder for other ranks, which have them by `shared`; return their name there.

    The same examples keep their name, and are written once.
    """
    tokens = examples if isinstance(examples, Tokens) else _packed(examples)
    path = folder / f"{tokens.digest()[:32]}{SUFFIX}"
    if not path.exists():
        with storage_errors("The data for other ranks", "Free some disk space."):
            save(path, tokens, (0, 0))
    return path.name


def shared(name: str, folder: Path) -> Tokens:
    """Return the examples that `share` wrote. Raises StorageError where that folder can't be read."""
    with disk_errors(
        "{}, data from rank 0, can't be read: {}.",
        folder,
        hint="Put the run's folder on a file system that all computers share.",
        field=HOME,
    ):
        return _open(folder / name)[0]


def _packed(examples: Iterable[Encoded]) -> Tokens:
    ids, ends = array("i"), array("q")
    for encoded in examples:
        for part in (encoded.input_ids, encoded.labels):
            ids.extend(part)
            ends.append(len(ids))
    return Tokens(np.asarray(ids), np.asarray(ends))


def save(path: Path, tokens: Tokens, truncated: tuple[int, int]) -> None:
    """Write the file aside and rename it, so that it is complete and never changes under a reader."""
    facts = {"cuts": truncated, "sha256": tokens.digest()}
    with aside(path) as partial:
        save_file({"ends": tokens.ends, "ids": tokens.ids}, partial, {"facts": json.dumps(facts)})
        with partial.open("rb+") as stream:
            os.fsync(stream.fileno())


def _load(path: Path, prompter: Prompter) -> Tokens | None:
    """Return the tokens of a file, whose ids stay on disk; None if it is missing or damaged."""
    try:
        tokens, facts = _open(path)
        if tokens.digest() != facts["sha256"]:
            return None
        conversations, summaries = facts["cuts"]
        os.utime(path)
    except (OSError, SafetensorError, KeyError, ValueError, TypeError):
        return None
    prompter.truncated_conversations += conversations
    prompter.truncated_summaries += summaries
    return tokens


def _open(path: Path) -> tuple[Tokens, dict[str, Any]]:
    """Return the tokens and the metadata of a file. A damaged one raises errors of many kinds."""
    size = path.stat().st_size
    with safe_open(path, "np") as file:
        facts, ends = json.loads(file.metadata()["facts"]), file.get_tensor("ends")
    count = int(ends[-1]) if len(ends) else 0
    # The library would copy the ids, which are the file's last tensor. Nothing can't be mapped.
    start = size - 4 * count
    ids = np.memmap(path, np.int32, "r", start) if count else np.empty(0, np.int32)
    # A slice of an ordinary array takes a tenth of the time of a memmap's.
    return Tokens(np.asarray(ids), ends), facts
