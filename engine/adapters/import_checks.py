"""Adapter folders and zips from elsewhere: what they hold, and whether it is safe to take.

Knows PEFT's two files and nothing of the library they may go into. What PEFT's configuration may say is
`engine.adapters.peft_config_policy`'s.
"""

from __future__ import annotations

import json
import lzma
import math
import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Any

from engine.adapters import metadata as adapter_toml
from engine.adapters import peft_config_policy
from engine.adapters.metadata import AdapterMetadata, BaseModelFacts, MethodFacts
from engine.errors import AdapterError, StorageError
from engine.jobs.job import new_id
from engine.methods import methods_of

CONFIG_NAME = "adapter_config.json"
WEIGHTS_NAME = "adapter_model.safetensors"
README_NAME = "README.md"
# What is read and must be what it should be before it is taken.
JUDGED = (CONFIG_NAME, WEIGHTS_NAME)
MOST_ZIP_BYTES = 64 << 30
MOST_ZIP_MEMBERS = 10_000
# Trained numbers hardly pack at all; an adapter of zeros may.
MOST_TIMES_SMALLER = 200
ALWAYS_FINE_BYTES = 64 << 20
MOST_CONFIG_BYTES = 4 << 20
MOST_HEADER_BYTES = 16 << 20
BITS = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8, "U16": 16, "I16": 16, "F16": 16,
    "BF16": 16, "U32": 32, "I32": 32, "F32": 32, "U64": 64, "I64": 64, "F64": 64,
}  # fmt: skip
# Python's zipfile has an error of its own for some damage only.
ZIP_TROUBLES = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, RuntimeError, NotImplementedError, EOFError,
    LookupError, ValueError,
)  # fmt: skip


def adapter_files(folder: Path) -> Iterator[Path]:
    """Yield the files an adapter consists of; whatever else lies in its folder stays where it is.

    Texts that are links to elsewhere stay too: somebody else's adapter could ask for a file of one's own. Weights may
    be linked, as the hub's cache does; they are read before they are taken.
    """
    for name in (CONFIG_NAME, WEIGHTS_NAME, adapter_toml.RECIPE_NAME, README_NAME):
        if (folder / name).is_file() and (name in JUDGED or not (folder / name).is_symlink()):
            yield folder / name


def read_metadata(folder: Path, name: str) -> AdapterMetadata:
    """Return the folder's own metadata, or one drawn up from PEFT's file. Raises AdapterError."""
    if (folder / adapter_toml.FILE_NAME).exists():
        return adapter_toml.load(folder)
    return _metadata_from_peft(folder, name)


def _metadata_from_peft(folder: Path, name: str) -> AdapterMetadata:
    config = peft_config(folder)
    peft_type = str(config["peft_type"])
    targets = config.get("target_modules") or []
    methods = methods_of(peft_type)
    # One of several methods of a type can't be told from the others.
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
    """Return what PEFT's file says. Raises AdapterError if it is missing, damaged or names no method."""
    try:
        config = json.loads(_short_text(folder / CONFIG_NAME))
    except FileNotFoundError as error:
        raise AdapterError(
            f"{folder.name} has no {CONFIG_NAME}.", "Choose the folder that holds it."
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise AdapterError(f"The {CONFIG_NAME} of {folder.name} can't be read: {error}.") from error
    if not isinstance(config, dict) or not isinstance(config.get("peft_type"), str):
        raise AdapterError(f"The {CONFIG_NAME} of {folder.name} names no PEFT method.")
    return config


def _short_text(path: Path) -> str:
    if path.stat().st_size > MOST_CONFIG_BYTES:
        raise ValueError(f"it is larger than {MOST_CONFIG_BYTES >> 20} MB")
    return path.read_text(encoding="utf-8")


def refuse_unsafe(folder: Path, metadata: AdapterMetadata) -> None:
    """Raise AdapterError for weights that are missing, can run code, are damaged or not the metadata's."""
    holds_weights = (folder / CONFIG_NAME).exists() or (folder / WEIGHTS_NAME).exists()
    if holds_weights:
        _require_safetensors(folder)
    changed = [name for name in adapter_toml.changed(folder, metadata) if name in (CONFIG_NAME, WEIGHTS_NAME)]
    if changed:
        raise AdapterError(
            f"{' and '.join(changed)} of {metadata.name} changed since the passport was written.",
            "Copy or export the adapter again.",
        )
    if holds_weights:
        harmless_config(folder)


def harmless_config(folder: Path) -> dict[str, Any]:
    """Return PEFT's configuration in a folder, judged by itself and by the weights' head alone. Raises AdapterError.

    PEFT may be given no other: it allocates what a configuration asks for, reads what is named there, and puts
    weights that have the names of the base model's into the base model.
    """
    _require_safetensors(folder)
    config = peft_config(folder)
    peft_config_policy.require_known(config, folder.name)
    peft_config_policy.require_own_weights(config, weight_shapes(folder / WEIGHTS_NAME), folder.name)
    return config


def _require_safetensors(folder: Path) -> None:
    if not (folder / WEIGHTS_NAME).exists():
        found = ", ".join(sorted(path.name for path in folder.glob("*.bin")))
        instead = f", but {found}" if found else ""
        raise AdapterError(
            f"{folder.name} has no {WEIGHTS_NAME}{instead}.",
            "Weights in .bin files can run code when they are loaded, so only safetensors are taken.",
        )


def weight_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Return names and shapes from a safetensors file's header. Raises AdapterError if it is damaged."""
    try:
        with path.open("rb") as stream:
            return _header_shapes(stream, path.stat().st_size)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise AdapterError(f"{path.name} is damaged: {error}.", "Copy or download it again.") from error


def _header_shapes(stream: IO[bytes], size: int) -> dict[str, tuple[int, ...]]:
    length = int.from_bytes(stream.read(8), "little")
    if not 0 < length <= min(size - 8, MOST_HEADER_BYTES):
        raise ValueError("the header's length is impossible")
    header = json.loads(stream.read(length))
    entries = {name: entry for name, entry in header.items() if name != "__metadata__"}
    ends = {name: entry["data_offsets"][1] for name, entry in entries.items()}
    if any(end > size - 8 - length for end in ends.values()):
        raise ValueError("it is cut short")
    return {name: _shape(name, entry) for name, entry in entries.items()}


def _shape(name: str, entry: dict[str, Any]) -> tuple[int, ...]:
    """Return a tensor's shape, which must be as large as its place in the file."""
    shape, (start, end) = tuple(entry["shape"]), entry["data_offsets"]
    if any(not isinstance(side, int) or side < 0 for side in (*shape, start)):
        raise ValueError(f"the shape of {name[:200]} is impossible")
    bits = BITS.get(entry["dtype"])
    if bits is not None and math.prod(shape) * bits != 8 * (end - start):
        raise ValueError(f"{name[:200]} is not as large as it says")
    return shape


def unpack(source: Path, target: Path) -> Path:
    """Unpack a zip below `target` and return the folder in it that holds an adapter.

    Raises AdapterError for a zip that is damaged or locked, writes outside its folder or holds no adapter;
    StorageError if the disk does not take it.
    """
    try:
        with zipfile.ZipFile(source) as archive:
            _refuse_suspicious(source, archive.infolist(), target)
            archive.extractall(target)
    except ZIP_TROUBLES as error:
        raise AdapterError(
            f"{source.name} can't be unpacked: {error}.", "Copy or export it again."
        ) from error
    except OSError as error:
        raise StorageError(f"{source.name} can't be unpacked: {error.strerror}.") from error
    return _adapter_root(target, source.name)


def _refuse_suspicious(source: Path, members: list[zipfile.ZipInfo], target: Path) -> None:
    """Raise AdapterError for a zip that leaves its folder or unpacks to more than an adapter; nothing is unpacked."""
    total = sum(member.file_size for member in members)
    explained = max(ALWAYS_FINE_BYTES, MOST_TIMES_SMALLER * source.stat().st_size)
    if total > min(MOST_ZIP_BYTES, explained) or len(members) > MOST_ZIP_MEMBERS:
        raise AdapterError(
            f"{source.name} unpacks to {len(members):,} files of {total / 1e6:,.0f} MB, far more than an adapter of "
            "its size would.",
            "Unpack it yourself if you trust it, and choose the folder.",
        )
    for member in members:
        place = PurePosixPath(member.filename.replace("\\", "/"))
        if place.is_absolute() or ".." in place.parts or ":" in member.filename:
            raise AdapterError(f"{source.name} tries to write outside its folder.", "Don't trust this file.")
        if stat.S_ISLNK(member.external_attr >> 16):
            raise AdapterError(
                f"{source.name} holds a link, {member.filename[:200]}.", "Don't trust this file."
            )
    free = shutil.disk_usage(target).free
    if total > free:
        raise StorageError(
            f"Unpacking {source.name} takes {total / 1e9:,.1f} GB, and {free / 1e9:,.1f} GB are free.",
            "Free some disk space.",
        )


def _adapter_root(folder: Path, name: str) -> Path:
    marks = (CONFIG_NAME, adapter_toml.FILE_NAME)
    found = sorted({path.parent for mark in marks for path in folder.rglob(mark)})
    if not found:
        raise AdapterError(f"{name} holds no {CONFIG_NAME}.", "Choose the zip of an adapter.")
    if len(found) > 1:
        raise AdapterError(f"{name} holds {len(found)} adapters.", "Unpack it and import them one by one.")
    return found[0]
