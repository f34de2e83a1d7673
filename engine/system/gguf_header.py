"""Reads the header of a GGUF file: its settings, and the name, shape and dtype of each tensor.

The file is untrusted: counts and lengths are checked before anything is allocated for them, and only the header is
read. The format is described in ggml's `docs/gguf.md`.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, TypeAlias

from engine.messages import say
from engine.system.foreign_files import MIB, open_regular

Value: TypeAlias = int | float | bool | str | tuple[int | float | bool, ...] | None
"""A setting; None for a list of texts, such as a vocabulary, which is only counted."""

MAGIC = b"GGUF"
# Version 1, with 32-bit counts, is extinct.
VERSIONS = (2, 3)
# Large vocabularies with their merges take 20 MB.
MAX_HEADER_BYTES = 128 * MIB
PIECE_BYTES = 1 * MIB
# Known files have some hundreds of settings, some thousands of tensors, and lists of half a million texts.
MAX_SETTINGS = 10_000
MAX_TENSORS = 100_000
MAX_LIST = 4_000_000
MAX_DIMENSIONS = 4
MAX_ALIGNMENT = 1 << 20
ALIGNMENT, DEFAULT_ALIGNMENT = "general.alignment", 32
TEXT, LIST = 8, 9
SCALARS = {
    0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d",
}  # fmt: skip
# Tensor types by ggml's ids: the name, the values in a block, and its bytes.
FORMATS: dict[int, tuple[str, int, int]] = {
    0: ("F32", 1, 4),
    1: ("F16", 1, 2),
    2: ("Q4_0", 32, 18),
    3: ("Q4_1", 32, 20),
    6: ("Q5_0", 32, 22),
    7: ("Q5_1", 32, 24),
    8: ("Q8_0", 32, 34),
    10: ("Q2_K", 256, 84),
    11: ("Q3_K", 256, 110),
    12: ("Q4_K", 256, 144),
    13: ("Q5_K", 256, 176),
    14: ("Q6_K", 256, 210),
    16: ("IQ2_XXS", 256, 66),
    17: ("IQ2_XS", 256, 74),
    18: ("IQ3_XXS", 256, 98),
    19: ("IQ1_S", 256, 50),
    20: ("IQ4_NL", 32, 18),
    21: ("IQ3_S", 256, 110),
    22: ("IQ2_S", 256, 82),
    23: ("IQ4_XS", 256, 136),
    29: ("IQ1_M", 256, 56),
    30: ("BF16", 1, 2),
    34: ("TQ1_0", 256, 54),
    35: ("TQ2_0", 256, 66),
    39: ("MXFP4", 32, 17),
}


class GgufError(ValueError):
    """A file that is no complete GGUF file; the message says why and follows "it"."""


@dataclass(frozen=True)
class Tensor:
    """A tensor's name, shape (fastest-varying dimension first), type and place in the file."""

    name: str
    shape: tuple[int, ...]
    format: str
    start: int
    bytes: int

    @property
    def values(self) -> int:
        return math.prod(self.shape)


@dataclass(frozen=True)
class GgufHeader:
    """A file's settings and tensors; the tensors' data lies from `data_start` to the end, at `file_bytes`."""

    settings: Mapping[str, Value]
    tensors: tuple[Tensor, ...]
    data_start: int
    file_bytes: int

    @property
    def architecture(self) -> str:
        """What llama.cpp calls this kind of model, "" if the file does not say."""
        return self.text("general.architecture")

    @property
    def parameters(self) -> int:
        """The number of values in all tensors."""
        return sum(tensor.values for tensor in self.tensors)

    def text(self, key: str) -> str:
        """Return a setting that is a text, "" if there is none."""
        found = self.settings.get(key)
        return found if isinstance(found, str) else ""

    def whole(self, key: str) -> int | None:
        """Return a setting that is a whole number, None if there is none."""
        found = self.settings.get(key)
        return found if isinstance(found, int) and not isinstance(found, bool) else None

    def number(self, key: str) -> float | None:
        """Return a setting that is a number, None if there is none."""
        found = self.settings.get(key)
        return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else None


def is_marked(path: Path) -> bool:
    """Tell whether a file begins as GGUF files do, whatever its name."""
    try:
        with open_regular(path) as stream:
            return stream.read(len(MAGIC)) == MAGIC
    except (OSError, ValueError):
        return False


def read(path: Path) -> GgufHeader:
    """Return the header of a file. Raises GgufError for a damaged or incomplete one, OSError."""
    status = path.stat()
    return _read(path, status.st_size, status.st_mtime_ns, status.st_ino)


# A form asks with every edit.
@lru_cache(maxsize=8)
def _read(path: Path, size: int, _changed: int, _inode: int) -> GgufHeader:
    with open_regular(path) as stream:
        source = _Source(stream)
        if source.take(len(MAGIC)) != MAGIC:
            raise GgufError("it doesn't start like a GGUF file")
        version = source.number("<I")
        if version not in VERSIONS:
            raise GgufError(say("it has version {} of the format", version))
        tensor_count, setting_count = source.number("<Q"), source.number("<Q")
        if tensor_count > MAX_TENSORS or setting_count > MAX_SETTINGS:
            raise GgufError(say("it declares {:,} tensors and {:,} settings", tensor_count, setting_count))
        settings: dict[str, Value] = {}
        for _ in range(setting_count):
            key = source.text()
            settings[key] = source.value(source.number("<I"))
        infos = [source.tensor() for _ in range(tensor_count)]
        start = _data_start(settings, source.position)
    return GgufHeader(settings, _placed(infos, start, size), start, size)


def _data_start(settings: Mapping[str, Value], end: int) -> int:
    alignment = settings.get(ALIGNMENT, DEFAULT_ALIGNMENT)
    if not isinstance(alignment, int) or not 0 < alignment <= MAX_ALIGNMENT:
        raise GgufError(say("it aligns its tensors to {} bytes", str(alignment)[:40]))
    return math.ceil(end / alignment) * alignment


_Info: TypeAlias = tuple[str, tuple[int, ...], int, int]
"""Name, shape, id of the number format, and the place within the data."""


def _placed(infos: list[_Info], data_start: int, size: int) -> tuple[Tensor, ...]:
    """Return the tensors. Raises GgufError if one ends after the file or overlaps another."""
    tensors = [_tensor(info, data_start) for info in infos]
    if len({tensor.name for tensor in tensors}) < len(tensors):
        raise GgufError("two tensors have the same name")
    if not tensors:
        raise GgufError("it contains no tensors")
    end = data_start
    for tensor in sorted(tensors, key=lambda each: each.start):
        if tensor.start < end:
            raise GgufError(say("its tensor {} overlaps another", tensor.name[:80]))
        end = tensor.start + tensor.bytes
    if end > size:
        raise GgufError(say("it ends early: it has {:,} of {:,} bytes", size, end))
    return tuple(tensors)


def _tensor(info: _Info, data_start: int) -> Tensor:
    name, shape, format_id, offset = info
    if format_id not in FORMATS:
        raise GgufError(say("its tensor {} has unknown number format {}", name[:80], format_id))
    title, in_block, block_bytes = FORMATS[format_id]
    if not shape or min(shape) < 1 or shape[0] % in_block:
        raise GgufError(say("its tensor {} has an impossible shape", name[:80]))
    return Tensor(name, shape, title, data_start + offset, math.prod(shape) // in_block * block_bytes)


class _Source:
    """The header's bytes, read piece by piece as needed."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._bytes = bytearray()
        self.position = 0

    def _require(self, count: int) -> None:
        """Fetch the next `count` bytes. Raises GgufError at the end of the file or the size limit."""
        end = self.position + count
        if end > MAX_HEADER_BYTES:
            raise GgufError(say("its header is over {} MB", MAX_HEADER_BYTES // MIB))
        while len(self._bytes) < end:
            piece = self._stream.read(max(PIECE_BYTES, end - len(self._bytes)))
            if not piece:
                raise GgufError("it ends inside its header")
            self._bytes += piece

    def take(self, count: int) -> bytes:
        self._require(count)
        start, self.position = self.position, self.position + count
        return bytes(self._bytes[start : self.position])

    def number(self, form: str) -> int:
        """Return the next whole number."""
        return int(struct.unpack(form, self.take(struct.calcsize(form)))[0])

    def text(self) -> str:
        try:
            return self.take(self.number("<Q")).decode("utf-8")
        except UnicodeDecodeError as error:
            raise GgufError("a text in its header is not UTF-8") from error

    def value(self, kind: int) -> Value:
        if kind in SCALARS:
            found: int | float | bool = struct.unpack(
                SCALARS[kind], self.take(struct.calcsize(SCALARS[kind]))
            )[0]
            return found
        if kind == TEXT:
            return self.text()
        if kind != LIST:
            raise GgufError(say("a setting in its header has unknown type {}", kind))
        return self._list(self.number("<I"), self.number("<Q"))

    def _list(self, kind: int, count: int) -> tuple[int | float | bool, ...] | None:
        if count > MAX_LIST:
            raise GgufError(say("a list in its header has {:,} entries", count))
        if kind in SCALARS:
            form = f"<{count}{SCALARS[kind][1]}"
            return struct.unpack(form, self.take(struct.calcsize(form)))
        if kind != TEXT:
            raise GgufError(say("a list in its header has unknown type {}", kind))
        for _ in range(count):
            self._skip_text()
        return None

    def _skip_text(self) -> None:
        self._require(8)
        length = int.from_bytes(self._bytes[self.position : self.position + 8], "little")
        self.position += 8
        self._require(length)
        self.position += length

    def tensor(self) -> _Info:
        """Return the next tensor's description."""
        name, dimensions = self.text(), self.number("<I")
        if dimensions > MAX_DIMENSIONS:
            raise GgufError(say("its tensor {} has {:,} dimensions", name[:80], dimensions))
        shape = struct.unpack(f"<{dimensions}Q", self.take(8 * dimensions))
        return name, shape, self.number("<I"), self.number("<Q")
