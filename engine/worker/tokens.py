"""Token ids, made once: kept in a file under a name made of all that they come from, and read from there page by page.

They can always be made again, so a file that can't be read, or that is not what was written, is as good as none.
"""

from __future__ import annotations

import hashlib
import json
import os
from array import array
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import overload

import psutil
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from engine.conversations import Example
from engine.errors import StorageError
from engine.paths import tokens_folder
from engine.worker.channel import Channel
from engine.worker.data import feed
from engine.worker.prompting import Encoded, Prompter
from engine.worker.storage import writing

# Part of every name: raised when the same texts and settings come to other ids than before.
FORMAT = 1
# What is kept in all; the sets that were not used for longest go first.
MOST_BYTES = 2 * 1024**3
SUFFIX = ".safetensors"


class Tokens(Sequence[Encoded]):
    """Encoded examples as one array of ids, however many they are.

    `ids` (int32) holds each example's input ids and then its labels, `ends` (int64, two an example) where each of
    the two ends.
    """

    def __init__(self, ids: torch.Tensor, ends: torch.Tensor) -> None:
        self.ids = ids
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

    def _one(self, place: int) -> Encoded:
        start = int(self.ends[2 * place - 1]) if place else 0
        middle, end = self.ends[2 * place : 2 * place + 2].tolist()
        return Encoded(self.ids[start:middle].tolist(), self.ids[middle:end].tolist())


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
    with suppress(StorageError), writing("The cache of token ids", ""):
        _drop_unfinished(path.parent)
        _save(path, made, cuts)
        _drop_oldest(path.parent)
    return made


def _key(examples: Sequence[Example], prompter: Prompter) -> str:
    digest = hashlib.sha256(f"{FORMAT};{prompter.identity};{len(examples)};".encode())
    feed(digest, examples)
    return digest.hexdigest()


def _made(examples: Sequence[Example], prompter: Prompter, channel: Channel) -> Tokens:
    ids, ends = array("i"), array("q")
    for done, example in enumerate(examples, start=1):
        encoded = prompter.example(example)
        for part in (encoded.input_ids, encoded.labels):
            ids.extend(part)
            ends.append(len(ids))
        channel.progress(done, len(examples), "examples")
        channel.check_stop()
    return Tokens(_tensor(ids, torch.int32), _tensor(ends, torch.int64))


def _tensor(numbers: array[int], kind: torch.dtype) -> torch.Tensor:
    return torch.frombuffer(numbers, dtype=kind) if numbers else torch.zeros(0, dtype=kind)


def _save(path: Path, tokens: Tokens, cuts: tuple[int, int]) -> None:
    """Write the file aside and rename it: what stands under its name is whole, and never changes under a reader."""
    told = {"facts": json.dumps({"cuts": cuts, "sha256": _digest(tokens)})}
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        save_file({"ids": tokens.ids, "ends": tokens.ends}, partial, metadata=told)
        with partial.open("rb+") as stream:
            os.fsync(stream.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _load(path: Path, prompter: Prompter) -> Tokens | None:
    """Return what a file holds, mapped and not read into memory; None where there is none that is sound."""
    try:
        with safe_open(path, framework="pt") as file:
            facts = json.loads(file.metadata()["facts"])
            tokens = Tokens(file.get_tensor("ids"), file.get_tensor("ends"))
        if _digest(tokens) != facts["sha256"]:
            return None
        conversations, summaries = facts["cuts"]
        os.utime(path)
    except (OSError, SafetensorError, KeyError, ValueError, TypeError):
        return None
    prompter.cut += conversations
    prompter.cut_summaries += summaries
    return tokens


def _digest(tokens: Tokens) -> str:
    digest = hashlib.sha256(tokens.ends.numpy())
    digest.update(tokens.ids.numpy())
    return digest.hexdigest()


def _drop_unfinished(folder: Path) -> None:
    """Remove what workers that were killed left half-written; the process that writes is in a file's name."""
    for path in folder.glob(f"*{SUFFIX}.*.partial"):
        writer = path.name.split(".")[-2]
        if writer.isdigit() and not psutil.pid_exists(int(writer)):
            path.unlink(missing_ok=True)


def _drop_oldest(folder: Path) -> None:
    """Keep the newest file, and of the others what stays within `MOST_BYTES`."""
    files = []
    for path in folder.glob(f"*{SUFFIX}"):
        # Another worker may have dropped it just now.
        with suppress(OSError):
            found = path.stat()
            files.append((found.st_mtime, found.st_size, path))
    room = MOST_BYTES
    for place, (_, size, path) in enumerate(sorted(files, reverse=True)):
        room -= size
        if place and room < 0:
            # Windows does not let go of a file that a running worker has mapped.
            with suppress(OSError):
                path.unlink()
