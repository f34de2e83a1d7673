"""Token ids, made once: kept in a file under a name made of all that they come from, and read from there one by one.

They can always be made again, so a file that can't be read, or that is not what was written, is as good as none.
"""

from __future__ import annotations

import hashlib
import json
import os
from array import array
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, overload

import numpy as np
import numpy.typing as npt
import psutil

from engine.errors import StorageError
from engine.system.paths import tokens_folder
from engine.text.conversations import Example
from engine.worker.dataset.dataset import feed
from engine.worker.dataset.prompting import Encoded, Prompter
from engine.worker.runtime.atomic_write import storage_errors
from engine.worker.runtime.channel import Channel
from engine.worker.runtime.spill_file import FileSlice, SpillFile

# Part of every name: raised when the same texts and settings come to other ids than before.
FORMAT = 1
# What is kept in all; the sets that were not used for longest go first.
MAX_BYTES = 2 * 1024**3
SUFFIX = ".safetensors"
ID, END = np.dtype("<i4"), np.dtype("<i8")
ID_BYTES = ID.itemsize
# A header begins with its length.
LENGTH_BYTES = 8
PIECE_BYTES = 1 << 20
Ends = npt.NDArray[np.int64]


class Tokens(Sequence[Encoded]):
    """Encoded examples, however many they are: their ids are read when they are asked for.

    `ids` (int32) holds each example's input ids and then its labels, `ends` (int64, two an example) where each of
    the two ends.
    """

    def __init__(self, ids: SpillFile | FileSlice, ends: Ends) -> None:
        self._ids = ids
        self.ends = ends

    def __len__(self) -> int:
        return len(self.ends) // 2

    @overload
    def __getitem__(self, place: int) -> Encoded: ...

    @overload
    def __getitem__(self, place: slice) -> list[Encoded]: ...

    def __getitem__(self, place: int | slice) -> Encoded | list[Encoded]:
        if isinstance(place, slice):
            return [self._one(each) for each in range(*place.indices(len(self)))]
        if not -len(self) <= place < len(self):
            raise IndexError(place)
        return self._one(place % len(self))

    @property
    def sizes(self) -> npt.NDArray[np.int32]:
        """The lengths of each example's inputs and labels (examples × 2)."""
        return np.diff(self.ends, prepend=0).reshape(-1, 2).astype(np.int32)

    def pieces(self) -> Iterator[bytes]:
        """Yield all ids as bytes, some at a time."""
        size = self._ids_bytes
        for start in range(0, size, PIECE_BYTES):
            piece = self._ids.read(start, min(PIECE_BYTES, size - start))
            if not piece:
                return
            yield piece

    @property
    def _ids_bytes(self) -> int:
        return ID_BYTES * int(self.ends[-1]) if len(self.ends) else 0

    def header(self, facts: Mapping[str, Any]) -> bytes:
        """Return how a safetensors file of them begins: first the ends, then the ids."""
        ends, ids = self.ends.nbytes, self._ids_bytes
        described = {
            "__metadata__": {"facts": json.dumps(facts)},
            "ends": {"dtype": "I64", "shape": [len(self.ends)], "data_offsets": [0, ends]},
            "ids": {"dtype": "I32", "shape": [ids // ID_BYTES], "data_offsets": [ends, ends + ids]},
        }
        told = json.dumps(described).encode("ascii")
        told += b" " * (-len(told) % LENGTH_BYTES)
        return len(told).to_bytes(LENGTH_BYTES, "little") + told

    def digest(self) -> str:
        """Return the SHA-256 over ends and ids."""
        digest = hashlib.sha256(self.ends.tobytes())
        for piece in self.pieces():
            digest.update(piece)
        return digest.hexdigest()

    def _one(self, place: int) -> Encoded:
        start = int(self.ends[2 * place - 1]) if place else 0
        middle, end = self.ends[2 * place : 2 * place + 2].tolist()
        found = np.frombuffer(self._ids.read(ID_BYTES * start, ID_BYTES * (end - start)), ID)
        return Encoded(found[: middle - start].tolist(), found[middle - start :].tolist())


def tokenised(examples: Sequence[Example], prompter: Prompter, channel: Channel) -> Tokens:
    """Return the examples as `prompter` encodes them: as they were kept, or made now, with progress, and kept.

    The prompter counts what was cut either way. Raises Stopped between two examples.
    """
    path = tokens_folder() / f"{_key(examples, prompter)}{SUFFIX}"
    kept = _load(path, prompter)
    if kept is not None:
        return kept
    cut_before = (prompter.cut, prompter.cut_summaries)
    made = _made(examples, prompter, channel)
    cuts = (prompter.cut - cut_before[0], prompter.cut_summaries - cut_before[1])
    # A disk without room for what only saves time is no reason to end a run.
    with suppress(StorageError), storage_errors("The cache of token ids", ""):
        _drop_unfinished(path.parent)
        _save(path, made, cuts)
        _drop_oldest(path.parent)
    return made


def _key(examples: Sequence[Example], prompter: Prompter) -> str:
    digest = hashlib.sha256(f"{FORMAT};{prompter.identity};{len(examples)};".encode())
    feed(digest, examples)
    return digest.hexdigest()


def _made(examples: Sequence[Example], prompter: Prompter, channel: Channel) -> Tokens:
    ids, ends, count = SpillFile(), array("q"), 0
    for done, example in enumerate(examples, start=1):
        encoded = prompter.example(example)
        for part in (encoded.input_ids, encoded.labels):
            ids.append(np.array(part, ID).tobytes())
            count += len(part)
            ends.append(count)
        channel.progress(done, len(examples), "examples")
        channel.check_stop()
    return Tokens(ids, np.array(ends, END))


def _save(path: Path, tokens: Tokens, cuts: tuple[int, int]) -> None:
    """Write the file aside and rename it: what stands under its name is whole, and never changes under a reader."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as stream:
            stream.write(tokens.header({"cuts": cuts, "sha256": tokens.digest()}))
            stream.write(tokens.ends.tobytes())
            stream.writelines(tokens.pieces())
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _load(path: Path, prompter: Prompter) -> Tokens | None:
    """Return what a file holds, its ids not read into memory; None where there is none that is sound."""
    try:
        tokens, facts = _opened(path)
        if tokens.digest() != facts["sha256"]:
            return None
        conversations, summaries = facts["cuts"]
        os.utime(path)
    except (OSError, KeyError, ValueError, TypeError, OverflowError):
        return None
    prompter.cut += conversations
    prompter.cut_summaries += summaries
    return tokens


def _opened(path: Path) -> tuple[Tokens, dict[str, Any]]:
    """Return what a file of safetensors holds and tells. Raises what damaged ones give rise to."""
    with path.open("rb") as stream:
        length, size = int.from_bytes(stream.read(LENGTH_BYTES), "little"), path.stat().st_size
        # Whatever a damaged file says of itself, no more is read than there is.
        header = json.loads(stream.read(min(length, size)))
        start, end = header["ends"]["data_offsets"]
        stream.seek(LENGTH_BYTES + length + start)
        ends = np.frombuffer(stream.read(min(end - start, size)), END)
    ids = FileSlice(path, LENGTH_BYTES + length + header["ids"]["data_offsets"][0])
    return Tokens(ids, ends), json.loads(header["__metadata__"]["facts"])


def _drop_unfinished(folder: Path) -> None:
    """Remove what workers that were killed left half-written; the process that writes is in a file's name."""
    for path in folder.glob(f"*{SUFFIX}.*.partial"):
        writer = path.name.split(".")[-2]
        if writer.isdigit() and not psutil.pid_exists(int(writer)):
            path.unlink(missing_ok=True)


def _drop_oldest(folder: Path) -> None:
    """Keep the newest file, and of the others what stays within `MAX_BYTES`."""
    files = []
    for path in folder.glob(f"*{SUFFIX}"):
        # Another worker may have dropped it just now.
        with suppress(OSError):
            found = path.stat()
            files.append((found.st_mtime, found.st_size, path))
    room = MAX_BYTES
    for place, (_, size, path) in enumerate(sorted(files, reverse=True)):
        room -= size
        if place and room < 0:
            # Windows does not let go of a file that a running worker has mapped.
            with suppress(OSError):
                path.unlink()
