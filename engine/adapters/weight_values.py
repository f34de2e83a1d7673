"""Looks for values in weights that no training leaves: NaN and infinity, and in an adapter numbers beyond sense.

Reads the file piece by piece, without torch. numpy is imported when it is needed: most commands need none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from engine.adapters.import_checks import read_header
from engine.errors import AdapterError
from engine.system.foreign_files import open_regular

if TYPE_CHECKING:
    import numpy.typing as npt

# Trained weights of adapters are below 100, by far.
LARGEST = 1e6
CHUNK_BYTES = 1 << 20
# numpy has no bfloat16: it is the upper half of a float32.
BFLOAT16 = "BF16"
TYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", BFLOAT16: "<u2"}
# The bits by which NaN and infinity are told, of a number read as an unsigned integer, and what no number has there.
NOT_FINITE = {
    "F64": ("<u8", 0x7FF0 << 48, 0x7FF0 << 48), "F32": ("<u4", 0x7F80_0000, 0x7F80_0000),
    "C64": ("<u4", 0x7F80_0000, 0x7F80_0000), "F16": ("<u2", 0x7C00, 0x7C00), BFLOAT16: ("<u2", 0x7F80, 0x7F80),
    "F8_E5M2": ("u1", 0x7C, 0x7C), "F8_E4M3": ("u1", 0x7F, 0x7F), "F8_E8M0": ("u1", 0xFF, 0xFF),
    "F8_E5M2FNUZ": ("u1", 0xFF, 0x80), "F8_E4M3FNUZ": ("u1", 0xFF, 0x80),
}  # fmt: skip

OnBytes = Callable[[int], None]


def impossible(path: Path) -> list[str]:
    """Return the names of the tensors with impossible values in an adapter's safetensors file.

    Raises AdapterError if it is damaged.
    """
    return list(dict.fromkeys(_wrong(path, _possible)))


def not_finite(path: Path, on_bytes: OnBytes) -> str:
    """Return the name of the first tensor with NaN or infinity in a safetensors file, "" if there is none.

    `on_bytes(count)` is told what is read. Raises AdapterError if it is damaged.
    """
    return next(_wrong(path, _finite, on_bytes), "")


def _wrong(
    path: Path, is_right: Callable[[bytes, str], bool], on_bytes: OnBytes = lambda _: None
) -> Iterator[str]:
    """Yield a tensor's name for each piece of it that is not right. Raises AdapterError."""
    try:
        with open_regular(path) as stream:
            entries, start = read_header(stream, path.stat().st_size)
            for name, entry in entries.items():
                for piece in _pieces(stream, start, entry):
                    on_bytes(len(piece))
                    if not is_right(piece, entry["dtype"]):
                        yield name
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise AdapterError(f"{path.name} is damaged: {error}.", "Copy or download it again.") from error


def _pieces(stream: IO[bytes], start: int, entry: dict[str, Any]) -> Iterator[bytes]:
    begin, end = entry["data_offsets"]
    for place in range(begin, end, CHUNK_BYTES):
        stream.seek(start + place)
        yield stream.read(min(CHUNK_BYTES, end - place))


def _possible(piece: bytes, dtype: str) -> bool:
    if dtype not in TYPES:
        return _finite(piece, dtype)
    # NaN is not below anything.
    return bool((abs(_numbers(piece, dtype)) <= LARGEST).all())


def _finite(piece: bytes, dtype: str) -> bool:
    import numpy as np

    if dtype not in NOT_FINITE:
        return True
    kind, bits, wrong = NOT_FINITE[dtype]
    numbers = np.frombuffer(piece, kind)
    return not ((numbers & numbers.dtype.type(bits)) == wrong).any()


def _numbers(content: bytes, dtype: str) -> npt.NDArray[Any]:
    import numpy as np

    numbers = np.frombuffer(content, TYPES[dtype])
    if dtype == BFLOAT16:
        return (numbers.astype(np.uint32) << 16).view(np.float32)
    # What a float16 holds is below the largest possible value.
    return numbers.astype(np.float64)
