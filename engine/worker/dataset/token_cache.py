"""Caches token ids on disk, under a key of everything that decides them, and reads them example by example.

They can always be computed again, so an unreadable or damaged file counts as missing.
"""

from __future__ import annotations

import hashlib
import json
import os
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, overload

import numpy as np
import numpy.typing as npt
import psutil

from engine.errors import StorageError
from engine.system.paths import HOME, tokens_folder
from engine.text.conversations import Example
from engine.worker.dataset.dataset import update_digest
from engine.worker.dataset.prompter import Encoded, Prompter
from engine.worker.runtime.atomic_write import storage_errors
from engine.worker.runtime.channel import Channel
from engine.worker.runtime.spill_file import FileSlice, SpillFile

# Part of every key: raised when the same texts and settings give other ids.
FORMAT = 1
# The size of the whole cache; the least recently used files are deleted first.
MAX_BYTES = 2 * 1024**3
SUFFIX = ".safetensors"
ID, END = np.dtype("<i4"), np.dtype("<i8")
ID_BYTES = ID.itemsize
# A header begins with its length.
LENGTH_BYTES = 8
CHUNK_BYTES = 1 << 20
Ends = npt.NDArray[np.int64]


class Tokens(Sequence[Encoded]):
    """Encoded examples whose ids are read from disk on access.

    `ids` (int32) holds each example's input ids and then its labels, `ends` (int64, two per example) their ends.
    """

    def __init__(self, ids: SpillFile | FileSlice, ends: Ends) -> None:
        self._ids = ids
        self.ends = ends

    def __len__(self) -> int:
        return len(self.ends) // 2

    @overload
    def __getitem__(self, index: int) -> Encoded: ...

    @overload
    def __getitem__(self, index: slice) -> list[Encoded]: ...

    def __getitem__(self, index: int | slice) -> Encoded | list[Encoded]:
        if isinstance(index, slice):
            return [self._one(each) for each in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        return self._one(index % len(self))

    @property
    def sizes(self) -> npt.NDArray[np.int32]:
        """The lengths of each example's inputs and labels (examples × 2)."""
        return np.diff(self.ends, prepend=0).reshape(-1, 2).astype(np.int32)

    def chunks(self) -> Iterator[bytes]:
        """Yield all ids as bytes, some at a time."""
        size = self._ids_bytes
        for start in range(0, size, CHUNK_BYTES):
            chunk = self._ids.read(start, min(CHUNK_BYTES, size - start))
            if not chunk:
                return
            yield chunk

    @property
    def _ids_bytes(self) -> int:
        return ID_BYTES * int(self.ends[-1]) if len(self.ends) else 0

    def header(self, facts: Mapping[str, Any]) -> bytes:
        """Return the header of a safetensors file with first the ends, then the ids."""
        ends, ids = self.ends.nbytes, self._ids_bytes
        tensors = {
            "__metadata__": {"facts": json.dumps(facts)},
            "ends": {"dtype": "I64", "shape": [len(self.ends)], "data_offsets": [0, ends]},
            "ids": {"dtype": "I32", "shape": [ids // ID_BYTES], "data_offsets": [ends, ends + ids]},
        }
        header = json.dumps(tensors).encode("ascii")
        header += b" " * (-len(header) % LENGTH_BYTES)
        return len(header).to_bytes(LENGTH_BYTES, "little") + header

    def digest(self) -> str:
        """Return the SHA-256 over ends and ids."""
        digest = hashlib.sha256(self.ends.tobytes())
        for chunk in self.chunks():
            digest.update(chunk)
        return digest.hexdigest()

    def _one(self, index: int) -> Encoded:
        start = int(self.ends[2 * index - 1]) if index else 0
        middle, end = self.ends[2 * index : 2 * index + 2].tolist()
        ids = np.frombuffer(self._ids.read(ID_BYTES * start, ID_BYTES * (end - start)), ID)
        return Encoded(ids[: middle - start].tolist(), ids[middle - start :].tolist())


def tokenize(examples: Sequence[Example], prompter: Prompter, channel: Channel) -> Tokens:
    """Return the examples as `prompter` encodes them: from the cache, or encoded now, with progress, and cached.

    The prompter counts truncated texts either way. Raises Stopped between two examples.
    """
    path = tokens_folder() / f"{_key(examples, prompter)}{SUFFIX}"
    cached = _load(path, prompter)
    if cached is not None:
        return cached
    before = (prompter.truncated_conversations, prompter.truncated_summaries)
    tokens = _encode(examples, prompter, channel)
    truncated = (prompter.truncated_conversations - before[0], prompter.truncated_summaries - before[1])
    # A full disk must not end a run: the cache only saves time.
    with suppress(StorageError), storage_errors("The cache of token ids", ""):
        _drop_unfinished(path.parent)
        _save(path, tokens, truncated)
        _drop_oldest(path.parent)
    return tokens


def share(examples: Iterable[Encoded], folder: Path) -> str:
    """Write examples into a private folder for other ranks, which have them by `shared`; return their name there.

    The same examples keep their name, and are written once.
    """
    tokens = examples if isinstance(examples, Tokens) else _packed(examples)
    path = folder / f"{tokens.digest()[:32]}{SUFFIX}"
    if not path.exists():
        with storage_errors("What other ranks read", "Free some disk space."):
            _save(path, tokens, (0, 0))
    return path.name


def shared(name: str, folder: Path) -> Tokens:
    """Return the examples that `share` wrote. Raises StorageError where that folder can't be read."""
    try:
        return _open(folder / name)[0]
    except OSError as error:
        message = f"{folder}, where rank 0 puts what the others read, can't be read: {error.strerror}."
        hint = "On several computers the run's folder has to be on a file system that all of them share."
        raise StorageError(message, hint, HOME) from error


def _packed(examples: Iterable[Encoded]) -> Tokens:
    ids, ends, count = SpillFile(), array("q"), 0
    for encoded in examples:
        for part in (encoded.input_ids, encoded.labels):
            ids.append(np.array(part, ID).tobytes())
            count += len(part)
            ends.append(count)
    return Tokens(ids, np.array(ends, END))


def _key(examples: Sequence[Example], prompter: Prompter) -> str:
    digest = hashlib.sha256(f"{FORMAT};{prompter.identity};{len(examples)};".encode())
    update_digest(digest, examples)
    return digest.hexdigest()


def _encode(examples: Sequence[Example], prompter: Prompter, channel: Channel) -> Tokens:
    def encoded() -> Iterator[Encoded]:
        for done, example in enumerate(examples, start=1):
            yield prompter.example(example)
            channel.progress(done, len(examples), "examples")
            channel.check_stop()

    return _packed(encoded())


def _save(path: Path, tokens: Tokens, truncated: tuple[int, int]) -> None:
    """Write the file aside and rename it, so that it is complete and never changes under a reader."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as stream:
            stream.write(tokens.header({"cuts": truncated, "sha256": tokens.digest()}))
            stream.write(tokens.ends.tobytes())
            stream.writelines(tokens.chunks())
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _load(path: Path, prompter: Prompter) -> Tokens | None:
    """Return the tokens of a file, whose ids stay on disk; None if it is missing or damaged."""
    try:
        tokens, facts = _open(path)
        if tokens.digest() != facts["sha256"]:
            return None
        conversations, summaries = facts["cuts"]
        os.utime(path)
    except (OSError, KeyError, ValueError, TypeError, OverflowError):
        return None
    prompter.truncated_conversations += conversations
    prompter.truncated_summaries += summaries
    return tokens


def _open(path: Path) -> tuple[Tokens, dict[str, Any]]:
    """Return the tokens and the metadata of a safetensors file. A damaged file raises errors of many kinds."""
    with path.open("rb") as stream:
        length, size = int.from_bytes(stream.read(LENGTH_BYTES), "little"), path.stat().st_size
        # A damaged length must not read more than the file holds.
        header = json.loads(stream.read(min(length, size)))
        start, end = header["ends"]["data_offsets"]
        stream.seek(LENGTH_BYTES + length + start)
        ends = np.frombuffer(stream.read(min(end - start, size)), END)
    ids = FileSlice(path, LENGTH_BYTES + length + header["ids"]["data_offsets"][0])
    return Tokens(ids, ends), json.loads(header["__metadata__"]["facts"])


def _drop_unfinished(folder: Path) -> None:
    """Delete the partial files of killed workers; a file's name has the id of its process."""
    for path in folder.glob(f"*{SUFFIX}.*.partial"):
        writer = path.name.split(".")[-2]
        if writer.isdigit() and not psutil.pid_exists(int(writer)):
            path.unlink(missing_ok=True)


def _drop_oldest(folder: Path) -> None:
    """Delete the least recently used files beyond `MAX_BYTES`; the newest always stays."""
    files = []
    for path in folder.glob(f"*{SUFFIX}"):
        # Another worker may have dropped it just now.
        with suppress(OSError):
            stat = path.stat()
            files.append((stat.st_mtime, stat.st_size, path))
    free = MAX_BYTES
    for index, (_, size, path) in enumerate(sorted(files, reverse=True)):
        free -= size
        if index and free < 0:
            # Windows can't delete a file that a running worker has open.
            with suppress(OSError):
                path.unlink()
