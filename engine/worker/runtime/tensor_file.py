"""Writes files of tensors in the format of safetensors, one tensor after the other.

The library wants all tensors in the processor's memory at once. Here one at a time is copied there: a card may train
more than that holds, and a large model that is stored in another number format need not be in memory in both. Files are
read by the library, and equal to its own byte by byte.
Source: https://huggingface.co/docs/safetensors, "Format".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import torch

# In the library's order in a file: the widest first, so that every tensor of a mapped file is aligned.
DTYPES = {
    torch.int64: "I64",
    torch.float64: "F64",
    torch.float32: "F32",
    torch.int32: "I32",
    torch.bfloat16: "BF16",
    torch.float16: "F16",
    torch.int16: "I16",
    torch.float8_e4m3fn: "F8_E4M3",
    torch.float8_e5m2: "F8_E5M2",
    torch.int8: "I8",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}
ORDER = list(DTYPES)
ALIGNMENT = 8
METADATA = {"format": "pt"}


def write(tensors: Mapping[str, torch.Tensor], file: Path, dtype: torch.dtype | None = None) -> None:
    """Write tensors of any device; with `dtype`, floating-point ones in that format. Raises OSError."""
    dtypes = {name: _stored_dtype(tensor, dtype) for name, tensor in tensors.items()}
    names = sorted(tensors, key=lambda name: (ORDER.index(dtypes[name]), name))
    with file.open("wb") as out:
        out.write(_header({name: (tensors[name], dtypes[name]) for name in names}))
        for name in names:
            out.write(_bytes(tensors[name], dtypes[name]))


def size(tensor: torch.Tensor, dtype: torch.dtype | None = None) -> int:
    """Return how many bytes `write` makes of a tensor."""
    return tensor.numel() * _stored_dtype(tensor, dtype).itemsize


def _stored_dtype(tensor: torch.Tensor, dtype: torch.dtype | None) -> torch.dtype:
    return dtype if dtype is not None and tensor.is_floating_point() else tensor.dtype


def _header(tensors: Mapping[str, tuple[torch.Tensor, torch.dtype]]) -> bytes:
    """Return the length of the description, and the description: each tensor's format, shape and place."""
    entries: dict[str, object] = {"__metadata__": METADATA}
    end = 0
    for name, (tensor, dtype) in tensors.items():
        start, end = end, end + size(tensor, dtype)
        entries[name] = {"dtype": DTYPES[dtype], "shape": list(tensor.shape), "data_offsets": [start, end]}
    text = json.dumps(entries, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % ALIGNMENT)
    return len(text).to_bytes(8, "little") + text


def _bytes(tensor: torch.Tensor, dtype: torch.dtype) -> memoryview:
    """Return a tensor's values as they stand in the file; a copy, unless it is in the processor's memory as stored."""
    stored = tensor.detach().to(dtype).to("cpu").contiguous()
    return memoryview(stored.reshape(-1).view(torch.uint8).numpy())
