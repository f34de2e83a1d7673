"""Adapter folders and zips from elsewhere: what they hold, and whether it is safe to take.

Knows PEFT's two files and nothing of the library they may go into.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from engine import passport as passports
from engine.errors import AdapterError, StorageError
from engine.jobs import new_id
from engine.passport import BaseModelFacts, MethodFacts, Passport

CONFIG_NAME = "adapter_config.json"
WEIGHTS_NAME = "adapter_model.safetensors"
README_NAME = "README.md"
MOST_ZIP_BYTES = 64 << 30
MOST_HEADER_BYTES = 100 << 20


def adapter_files(folder: Path) -> Iterator[Path]:
    """Yield the files an adapter consists of; whatever else lies in its folder stays where it is."""
    for name in (CONFIG_NAME, WEIGHTS_NAME, passports.RECIPE_NAME, README_NAME):
        if (folder / name).is_file():
            yield folder / name


def read_passport(folder: Path, name: str) -> Passport:
    """Return the folder's own passport, or one drawn up from PEFT's file. Raises AdapterError."""
    if (folder / passports.FILE_NAME).exists():
        return passports.load(folder)
    return _drawn_up_passport(folder, name)


def _drawn_up_passport(folder: Path, name: str) -> Passport:
    config = peft_config(folder)
    peft_type = str(config["peft_type"])
    targets = config.get("target_modules") or []
    return Passport(
        schema=passports.SCHEMA,
        id=new_id(name),
        name=name,
        made_at=passports.now_text(),
        origin="imported",
        base_model=BaseModelFacts(
            id=str(config.get("base_model_name_or_path") or ""), revision=str(config.get("revision") or "")
        ),
        method=MethodFacts(
            id=peft_type.lower(),
            title=peft_type,
            peft_type=peft_type,
            targets=sorted(map(str, targets)) if isinstance(targets, list) else [str(targets)],
        ),
    )


def peft_config(folder: Path) -> dict[str, Any]:
    """Return what PEFT's file says. Raises AdapterError if it is missing, damaged or names no method."""
    try:
        config = json.loads((folder / CONFIG_NAME).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise AdapterError(
            f"{folder.name} has no {CONFIG_NAME}.", "Choose the folder that holds it."
        ) from error
    except (OSError, ValueError) as error:
        raise AdapterError(f"The {CONFIG_NAME} of {folder.name} can't be read: {error}.") from error
    if not isinstance(config, dict) or not isinstance(config.get("peft_type"), str):
        raise AdapterError(f"The {CONFIG_NAME} of {folder.name} names no PEFT method.")
    return config


def refuse_unsafe(folder: Path, passport: Passport) -> None:
    """Raise AdapterError for weights that are missing, can run code, are damaged or not the passport's."""
    if (folder / CONFIG_NAME).exists() and not (folder / WEIGHTS_NAME).exists():
        raise AdapterError(
            f"{folder.name} has no {WEIGHTS_NAME}.",
            "Weights in .bin files can run code when they are loaded, so only safetensors are taken.",
        )
    if (folder / WEIGHTS_NAME).exists():
        weight_shapes(folder / WEIGHTS_NAME)
    changed = [name for name in passports.changed(folder, passport) if name in (CONFIG_NAME, WEIGHTS_NAME)]
    if changed:
        raise AdapterError(
            f"{' and '.join(changed)} of {passport.name} changed since the passport was written.",
            "Copy or export the adapter again.",
        )


def weight_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Return names and shapes from a safetensors file's header. Raises AdapterError if it is damaged."""
    try:
        with path.open("rb") as stream:
            return _header_shapes(stream, path.stat().st_size)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise AdapterError(f"{path.name} is damaged: {error}.", "Copy or download it again.") from error


def _header_shapes(stream: IO[bytes], size: int) -> dict[str, tuple[int, ...]]:
    length = int.from_bytes(stream.read(8), "little")
    if not 0 < length <= min(size - 8, MOST_HEADER_BYTES):
        raise ValueError("the header's length is impossible")
    header = json.loads(stream.read(length))
    entries = {name: entry for name, entry in header.items() if name != "__metadata__"}
    if any(entry["data_offsets"][1] > size - 8 - length for entry in entries.values()):
        raise ValueError("it is cut short")
    return {name: tuple(entry["shape"]) for name, entry in entries.items()}


def unpack(source: Path, target: Path) -> Path:
    """Unpack a zip below `target` and return the folder in it that holds an adapter.

    Raises AdapterError for a zip that is damaged or locked, writes outside its folder or holds no adapter;
    StorageError if the disk does not take it.
    """
    try:
        with zipfile.ZipFile(source) as archive:
            _refuse_escapes(source, archive.infolist(), target)
            archive.extractall(target)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError) as error:
        raise AdapterError(
            f"{source.name} can't be unpacked: {error}.", "Copy or export it again."
        ) from error
    except OSError as error:
        raise StorageError(f"{source.name} can't be unpacked: {error.strerror}.") from error
    return _adapter_root(target, source.name)


def _refuse_escapes(source: Path, members: list[zipfile.ZipInfo], target: Path) -> None:
    if sum(member.file_size for member in members) > MOST_ZIP_BYTES:
        raise AdapterError(f"{source.name} unpacks to more than {MOST_ZIP_BYTES >> 30} GB.")
    for member in members:
        if not (target / member.filename).resolve().is_relative_to(target.resolve()):
            raise AdapterError(f"{source.name} tries to write outside its folder.", "Don't trust this file.")


def _adapter_root(folder: Path, name: str) -> Path:
    marks = (CONFIG_NAME, passports.FILE_NAME)
    found = sorted({path.parent for mark in marks for path in folder.rglob(mark)})
    if not found:
        raise AdapterError(f"{name} holds no {CONFIG_NAME}.", "Choose the zip of an adapter.")
    if len(found) > 1:
        raise AdapterError(f"{name} holds {len(found)} adapters.", "Unpack it and import them one by one.")
    return found[0]
