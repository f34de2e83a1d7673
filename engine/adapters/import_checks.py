"""Checks adapter folders and zips before they are imported: complete, undamaged and safe to load.

`engine.adapters.peft_config_policy` checks what PEFT's configuration says. Weights are read piece by piece, without
torch; numpy is imported when it is needed. Knows nothing of the library.
"""

from __future__ import annotations

import math
import os
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from engine.adapters import metadata as adapter_toml
from engine.adapters import peft_config_policy
from engine.adapters.metadata import AdapterMetadata, BaseModelFacts, MethodFacts
from engine.errors import AdapterError, StorageError
from engine.jobs.job import new_id
from engine.messages import say
from engine.methods import methods_of
from engine.system.files import require_space
from engine.system.foreign_files import (
    MAX_COMPRESSION_RATIO,
    SAFE_BYTES,
    ZIP_ERRORS,
    FileKind,
    UnreadableFileError,
    copy,
    open_regular,
    parse_json,
    read_json,
    why_unsafe,
)

if TYPE_CHECKING:
    import numpy.typing as npt

CONFIG_NAME = "adapter_config.json"
WEIGHTS_NAME = "adapter_model.safetensors"
README_NAME = "README.md"
# Files whose content is checked before they are copied.
CHECKED = (CONFIG_NAME, WEIGHTS_NAME)
# All files of an adapter. Weights come last: where they are, all else is.
KINDS = {
    CONFIG_NAME: FileKind.ADAPTER_CONFIG,
    adapter_toml.FILE_NAME: FileKind.ADAPTER_METADATA,
    adapter_toml.RECIPE_NAME: FileKind.RECIPE,
    README_NAME: FileKind.CARD,
    WEIGHTS_NAME: FileKind.ADAPTER_WEIGHTS,
}
MAX_ZIP_BYTES = FileKind.ADAPTER_WEIGHTS.max_bytes
MAX_ZIP_MEMBERS = 10_000
MAX_HEADER_BYTES = 16 << 20
BITS = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8, "U16": 16, "I16": 16, "F16": 16,
    "BF16": 16, "U32": 32, "I32": 32, "F32": 32, "U64": 64, "I64": 64, "F64": 64,
}  # fmt: skip


def copy_adapter(source: Path, target: Path) -> None:
    """Copy an adapter's files from one folder into another, and nothing else that lies there.

    Every import and export of an adapter copies by this function. Raises AdapterError for a link, which could lead to
    a private file, and for what is too large for its kind; OSError.
    """
    for name in KINDS:
        if os.path.lexists(source / name):
            copy_file(source / name, target / name)


def copy_file(source: Path, target: Path) -> None:
    """Copy one of an adapter's files, which `target` is named after. Raises AdapterError, OSError."""
    try:
        copy(source, target, KINDS[target.name])
    except UnreadableFileError as error:
        raise AdapterError(
            say("{} of {} can't be read: {}.", target.name, source.parent.name, error),
            "Replace the link with the file, or import OWNER/NAME from the hub's cache.",
        ) from error


def read_metadata(folder: Path, name: str) -> AdapterMetadata:
    """Return the metadata in a folder, or what PEFT's configuration says of it. Raises AdapterError."""
    if (folder / adapter_toml.FILE_NAME).exists():
        return adapter_toml.load(folder)
    return _metadata_from_peft(folder, name)


def _metadata_from_peft(folder: Path, name: str) -> AdapterMetadata:
    config = peft_config(folder)
    peft_type = str(config["peft_type"])
    targets = config.get("target_modules") or []
    methods = methods_of(peft_type)
    # Which of several methods of one type it is can't be known.
    method = methods[0] if len(methods) == 1 else None
    return AdapterMetadata(
        schema=adapter_toml.SCHEMA,
        id=new_id(name),
        name=name,
        made_at=adapter_toml.now_text(),
        origin="imported",
        base_model=BaseModelFacts(
            id=str(config.get("base_model_name_or_path") or ""), revision=str(config.get("revision") or "")
        ),
        method=MethodFacts(
            id=method.id if method else peft_type.lower(),
            title=method.title if method else peft_type,
            peft_type=peft_type,
            targets=sorted(map(str, targets)) if isinstance(targets, list) else [str(targets)],
        ),
    )


def peft_config(folder: Path) -> dict[str, Any]:
    """Return PEFT's configuration in a folder. Raises AdapterError if it is missing, damaged or names no type."""
    try:
        config = read_json(folder / CONFIG_NAME, FileKind.ADAPTER_CONFIG)
    except FileNotFoundError as error:
        raise AdapterError(
            say("{} has no {}.", folder.name, CONFIG_NAME), "Choose the folder that contains it."
        ) from error
    except (OSError, ValueError) as error:
        raise AdapterError(say("{} of {} can't be read: {}.", CONFIG_NAME, folder.name, error)) from error
    if not isinstance(config, dict) or not isinstance(config.get("peft_type"), str):
        raise AdapterError(say("{} of {} names no PEFT method.", CONFIG_NAME, folder.name))
    return config


def refuse_unsafe(folder: Path, metadata: AdapterMetadata) -> None:
    """Raise AdapterError for weights that are missing, can run code, are damaged or do not match the metadata."""
    holds_weights = (folder / CONFIG_NAME).exists() or (folder / WEIGHTS_NAME).exists()
    if holds_weights:
        _require_safetensors(folder)
    changed = adapter_toml.changed(folder, metadata, CHECKED)
    if changed:
        raise AdapterError(
            say("{} of {} changed since it was saved.", " and ".join(changed), metadata.name),
            "Copy or export the adapter again.",
        )
    if holds_weights:
        harmless_config(folder)


def harmless_config(folder: Path) -> dict[str, Any]:
    """Return PEFT's configuration in a folder once it is known to be harmless. Raises AdapterError.

    PEFT must be given no other: it allocates what a configuration asks for, reads files that it names, and loads
    tensors named like the base model's into the base model.
    """
    _require_safetensors(folder)
    config = peft_config(folder)
    peft_config_policy.require_known(config, folder.name)
    peft_config_policy.require_own_weights(config, weight_shapes(folder / WEIGHTS_NAME), folder.name)
    return config


def _require_safetensors(folder: Path) -> None:
    if not (folder / WEIGHTS_NAME).exists():
        others = ", ".join(sorted(path.name for path in folder.glob("*.bin")))
        instead = say(", but {}", others) if others else ""
        raise AdapterError(
            say("{} has no {}{}.", folder.name, WEIGHTS_NAME, instead),
            "Only safetensors files are accepted; others can run code.",
        )


def weight_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Return the names and shapes in a safetensors file's header. Raises AdapterError if it is damaged."""
    try:
        with open_regular(path) as stream:
            entries, _ = read_header(stream, path.stat().st_size)
            return {name: _shape(name, entry) for name, entry in entries.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise AdapterError(
            say("{} is damaged: {}.", path.name, error), "Copy or download it again."
        ) from error


def read_header(stream: IO[bytes], size: int) -> tuple[dict[str, Any], int]:
    """Return the tensors in a safetensors file's header by name, and where their bytes begin.

    Raises ValueError and what a header of other types leads to.
    """
    length = int.from_bytes(stream.read(8), "little")
    if not 0 < length <= min(size - 8, MAX_HEADER_BYTES):
        raise ValueError("the header's length is impossible")
    header = parse_json(stream.read(length))
    entries = {name: entry for name, entry in header.items() if name != "__metadata__"}
    ends = {name: entry["data_offsets"][1] for name, entry in entries.items()}
    if any(end > size - 8 - length for end in ends.values()):
        raise ValueError("it is truncated")
    if max(ends.values(), default=0) < size - 8 - length:
        raise ValueError("it is longer than its tensors")
    return entries, 8 + length


def _shape(name: str, entry: dict[str, Any]) -> tuple[int, ...]:
    """Return a tensor's shape, which must match its bytes in the file."""
    shape, (start, end) = tuple(entry["shape"]), entry["data_offsets"]
    if any(not isinstance(side, int) or side < 0 for side in (*shape, start)):
        raise ValueError(say("the shape of {} is impossible", name[:200]))
    bits = BITS.get(entry["dtype"])
    if bits is not None and math.prod(shape) * bits != 8 * (end - start):
        raise ValueError(say("{} has another size than declared", name[:200]))
    return shape


def unpack(source: Path, target: Path) -> Path:
    """Unpack a zip into `target` and return the adapter's folder in it.

    Raises AdapterError for a zip that is damaged, encrypted, writes outside its folder or holds no adapter, and
    StorageError for a disk error.
    """
    try:
        with zipfile.ZipFile(source) as archive:
            _refuse_suspicious(source, archive.infolist(), target)
            archive.extractall(target)
    except ZIP_ERRORS as error:
        raise AdapterError(
            say("{} can't be unpacked: {}.", source.name, error), "Copy or export it again."
        ) from error
    except OSError as error:
        raise StorageError(say("{} can't be unpacked: {}.", source.name, error.strerror)) from error
    marks = (CONFIG_NAME, adapter_toml.FILE_NAME)
    roots = sorted({path.parent for mark in marks for path in target.rglob(mark)})
    if not roots:
        raise AdapterError(
            say("{} contains no {}.", source.name, CONFIG_NAME), "Choose the zip of an adapter."
        )
    if len(roots) > 1:
        message = say("{} contains {} adapters.", source.name, len(roots))
        raise AdapterError(message, "Unpack it, and import each adapter.")
    return roots[0]


def _refuse_suspicious(source: Path, members: list[zipfile.ZipInfo], target: Path) -> None:
    """Raise AdapterError for a zip with paths outside its folder, links, or far too much data; unpacks nothing."""
    total = sum(member.file_size for member in members)
    plausible = max(SAFE_BYTES, MAX_COMPRESSION_RATIO * source.stat().st_size)
    if total > min(MAX_ZIP_BYTES, plausible) or len(members) > MAX_ZIP_MEMBERS:
        raise AdapterError(
            say(
                "{} unpacks to {:,} files of {:,.0f} MB, too much for an adapter.",
                source.name,
                len(members),
                total / 1000000.0,
            ),
            "Unpack it yourself if you trust it.",
        )
    if what := why_unsafe(members):
        raise AdapterError(say("{} {}.", source.name, what), "Don't trust this file.")
    require_space(target, total, source.name, "Free some disk space.")


# Values of weights

# Trained weights of adapters are below 100, by far.
LARGEST_WEIGHT = 1e6
CHUNK_BYTES = 1 << 20
# numpy has no bfloat16: it is the upper half of a float32.
BFLOAT16 = "BF16"
TYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", BFLOAT16: "<u2"}
# The mask of the bits that are set in NaN and infinity, of a value read as an unsigned integer, and the masked value.
NOT_FINITE = {
    "F64": ("<u8", 0x7FF0 << 48, 0x7FF0 << 48), "F32": ("<u4", 0x7F80_0000, 0x7F80_0000),
    "C64": ("<u4", 0x7F80_0000, 0x7F80_0000), "F16": ("<u2", 0x7C00, 0x7C00), BFLOAT16: ("<u2", 0x7F80, 0x7F80),
    "F8_E5M2": ("u1", 0x7C, 0x7C), "F8_E4M3": ("u1", 0x7F, 0x7F), "F8_E8M0": ("u1", 0xFF, 0xFF),
    "F8_E5M2FNUZ": ("u1", 0xFF, 0x80), "F8_E4M3FNUZ": ("u1", 0xFF, 0x80),
}  # fmt: skip

OnBytes = Callable[[int], None]


def impossible_values(path: Path) -> list[str]:
    """Return the names of the tensors with impossible values in an adapter's safetensors file.

    Raises AdapterError if it is damaged.
    """
    return list(dict.fromkeys(_wrong(path, _possible)))


def not_finite(path: Path, on_bytes: OnBytes) -> str:
    """Return the name of the first tensor with NaN or infinity in a safetensors file, "" if there is none.

    `on_bytes(count)` is called for each piece that is read. Raises AdapterError if it is damaged.
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
        raise AdapterError(
            say("{} is damaged: {}.", path.name, error), "Copy or download it again."
        ) from error


def _pieces(stream: IO[bytes], start: int, entry: dict[str, Any]) -> Iterator[bytes]:
    begin, end = entry["data_offsets"]
    for place in range(begin, end, CHUNK_BYTES):
        stream.seek(start + place)
        yield stream.read(min(CHUNK_BYTES, end - place))


def _possible(piece: bytes, dtype: str) -> bool:
    if dtype not in TYPES:
        return _finite(piece, dtype)
    # NaN is not below anything.
    return bool((abs(_numbers(piece, dtype)) <= LARGEST_WEIGHT).all())


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
