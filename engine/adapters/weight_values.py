"""Looks for values in an adapter's weights that no training leaves: NaN, infinity, and numbers beyond sense.

Reads the file piece by piece, without torch. numpy is imported when it is needed: most commands need none.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from engine.adapters.import_checks import read_header
from engine.errors import AdapterError
from engine.system.foreign_files import open_regular

if TYPE_CHECKING:
    import numpy.typing as npt

# Trained weights of adapters are below 100, by far.
LARGEST = 1e6
CHUNK_BYTES = 16 << 20
# numpy has no bfloat16: it is the upper half of a float32.
BFLOAT16 = "BF16"
TYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", BFLOAT16: "<u2"}


def impossible(path: Path) -> list[str]:
    """Return the names of the tensors with impossible values in a safetensors file.

    Raises AdapterError if it is damaged.
    """
    try:
        with open_regular(path) as stream:
            entries, start = read_header(stream, path.stat().st_size)
            return [name for name, entry in entries.items() if not all(_possible(stream, start, entry))]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise AdapterError(f"{path.name} is damaged: {error}.", "Copy or download it again.") from error


def _possible(stream: IO[bytes], start: int, entry: dict[str, Any]) -> Iterator[bool]:
    """Yield for each piece of a tensor whether its values are possible."""
    dtype = entry["dtype"]
    if dtype not in TYPES:
        return
    begin, end = entry["data_offsets"]
    for place in range(begin, end, CHUNK_BYTES):
        stream.seek(start + place)
        numbers = _numbers(stream.read(min(CHUNK_BYTES, end - place)), dtype)
        # NaN is not below anything.
        yield bool((abs(numbers) <= LARGEST).all())


def _numbers(content: bytes, dtype: str) -> npt.NDArray[Any]:
    import numpy as np

    numbers = np.frombuffer(content, TYPES[dtype])
    if dtype == BFLOAT16:
        return (numbers.astype(np.uint32) << 16).view(np.float32)
    # What a float16 holds is below the largest possible value.
    return numbers.astype(np.float64)
