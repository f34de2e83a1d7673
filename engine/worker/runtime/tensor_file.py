"""Writes files of tensors in the format of safetensors, one tensor after the other.

The library wants all tensors in the CPU's memory at once. Here one at a time is copied there: a GPU may train
more than that holds. Files are read by the library, and equal to its own byte by byte.
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


def write(tensors: Mapping[str, torch.Tensor], file: Path) -> None:
    """Write tensors of any device, which may share memory. Raises OSError."""
    names = sorted(tensors, key=lambda name: (ORDER.index(tensors[name].dtype), name))
    with file.open("wb") as out:
        out.write(_header({name: tensors[name] for name in names}))
        for name in names:
            # A copy, unless it is in the CPU's memory.
            values = tensors[name].detach().to("cpu").contiguous().reshape(-1).view(torch.uint8)
            out.write(memoryview(values.numpy()))


def _header(tensors: Mapping[str, torch.Tensor]) -> bytes:
    """Return the length of the description, and the description: each tensor's format, shape and place."""
    entries: dict[str, object] = {"__metadata__": METADATA}
    end = 0
    for name, tensor in tensors.items():
        start, end = end, end + tensor.nbytes
        entries[name] = {
            "dtype": DTYPES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [start, end],
        }
    text = json.dumps(entries, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % ALIGNMENT)
    return len(text).to_bytes(8, "little") + text
