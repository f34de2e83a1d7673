"""The library: every adapter on this computer, found by looking into folders.

The folders are the truth; nothing else is kept. Knows nothing of torch: weights are looked at through their headers.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from engine import passport as passports
from engine.errors import AdapterError, StorageError
from engine.jobs import new_id
from engine.passport import BaseModelFacts, MethodFacts, Passport, ScoreCard
from engine.paths import adapters_folder, trash_folder

CONFIG_NAME = "adapter_config.json"
WEIGHTS_NAME = "adapter_model.safetensors"
PARTIAL = ".partial"
MOST_ZIP_BYTES = 64 << 30
MOST_HEADER_BYTES = 100 << 20


@dataclass(frozen=True)
class Adapter:
    """One adapter folder and its passport."""

    folder: Path
    passport: Passport

    @property
    def id(self) -> str:
        """The folder's name."""
        return self.folder.name

    @property
    def name(self) -> str:
        """What people call it."""
        return self.passport.name

    @cached_property
    def size_bytes(self) -> int:
        """Bytes on disk."""
        return sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())

    def changed_files(self) -> list[str]:
        """Return the names of files that no longer match the passport's checksums."""
        found = passports.checksums(self.folder)
        return sorted(name for name, digest in self.passport.files.items() if found.get(name) != digest)


@dataclass(frozen=True)
class Unreadable:
    """A folder in the library that is no sound adapter, and why."""

    folder: Path
    reason: str


def scan() -> tuple[list[Adapter], list[Unreadable]]:
    """Return every adapter, newest first, and the folders that are none."""
    adapters, unreadable = [], []
    for folder in sorted(adapters_folder().iterdir()):
        if not folder.is_dir() or folder.name.endswith(PARTIAL):
            continue
        try:
            adapters.append(Adapter(folder, passports.load(folder)))
        except AdapterError as error:
            unreadable.append(Unreadable(folder, error.message))
    return sorted(adapters, key=lambda adapter: adapter.passport.made_at, reverse=True), unreadable


def find(name: str) -> Adapter:
    """Return the adapter with this id or name, or in this folder. Raises AdapterError."""
    folder = Path(name).expanduser()
    if (folder / passports.FILE_NAME).exists():
        return Adapter(folder.resolve(), passports.load(folder))
    adapters, _ = scan()
    matches = [adapter for adapter in adapters if name in (adapter.id, adapter.name)]
    if not matches and (folder / CONFIG_NAME).exists():
        return Adapter(folder.resolve(), _foreign_passport(folder, folder.name))
    if not matches:
        raise AdapterError(f'There is no adapter "{name}".', "`main.py adapters` lists them.", "adapter")
    return matches[0]


def install(partial: Path, passport: Passport) -> Adapter:
    """Turn a finished partial folder into an adapter of the library: checksums, passport, to the disk, renamed."""
    complete = passport.model_copy(update={"files": passports.checksums(partial)})
    passports.save(complete, partial)
    _sync_folder(partial)
    folder = adapters_folder() / complete.id
    try:
        partial.rename(folder)
    except OSError as error:
        raise StorageError(f"The adapter can't be put into the library: {error.strerror}.") from error
    return Adapter(folder, complete)


def partial_folder(adapter_id: str) -> Path:
    """Return a new empty folder in the library's place that is no adapter until it is installed."""
    folder = adapters_folder() / (adapter_id + PARTIAL)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _sync_folder(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb+") as stream:
                os.fsync(stream.fileno())


def update(adapter: Adapter, **changes: Any) -> Adapter:
    """Return the adapter with passport values changed: name, tags or notes."""
    if "name" in changes and not str(changes["name"]).strip():
        raise AdapterError("An adapter needs a name.", "", "name")
    passport = adapter.passport.model_copy(update=changes)
    passports.save(passport, adapter.folder)
    return Adapter(adapter.folder, passport)


def add_score(adapter: Adapter, card: ScoreCard) -> Adapter:
    """Return the adapter with new scores in its passport."""
    passport = adapter.passport.with_score(card)
    passports.save(passport, adapter.folder)
    return Adapter(adapter.folder, passport)


def delete(adapter: Adapter) -> Path:
    """Move the adapter to the trash and return its place there, for `restore`."""
    return to_trash(adapter.folder)


def to_trash(folder: Path) -> Path:
    """Move a folder to Tunesmith's trash and return its place there."""
    place = trash_folder() / f"{time.time_ns()}~{folder.name}"
    try:
        shutil.move(folder, place)
    except OSError as error:
        raise StorageError(f"{folder.name} can't be moved to the trash: {error.strerror}.") from error
    return place


def restore(place: Path, parent: Path) -> Path:
    """Move a folder out of the trash back below `parent` and return it."""
    folder = parent / place.name.partition("~")[2]
    shutil.move(place, folder)
    return folder


def restore_adapter(place: Path) -> Adapter:
    """Take an adapter out of the trash again."""
    folder = restore(place, adapters_folder())
    return Adapter(folder, passports.load(folder))


def export_folder(adapter: Adapter, target: Path) -> Path:
    """Copy the adapter to `target`, which must not exist, and return it."""
    if target.exists():
        raise StorageError(f"{target} exists already.", "Choose another name.")
    partial = target.with_name(target.name + PARTIAL)
    try:
        shutil.copytree(adapter.folder, partial)
        partial.rename(target)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise StorageError(f"{adapter.name} can't be exported to {target}: {error}.") from error
    return target


def export_zip(adapter: Adapter, target: Path) -> Path:
    """Write the adapter as one zip file and return its path."""
    partial = target.with_name(target.name + PARTIAL)
    try:
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(adapter.folder.rglob("*")):
                if path.is_file():
                    archive.write(path, f"{adapter.name}/{path.relative_to(adapter.folder)}")
        partial.replace(target)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise StorageError(f"{adapter.name} can't be exported to {target}: {error}.") from error
    return target


def import_adapter(source: Path) -> Adapter:
    """Copy a PEFT adapter (a folder or a zip of one) into the library.

    Raises AdapterError for what is no PEFT adapter, or holds weights in a format that can run code.
    """
    if source.is_file() and zipfile.is_zipfile(source):
        with tempfile.TemporaryDirectory(dir=adapters_folder(), suffix=PARTIAL) as unpacked:
            _unpack(source, Path(unpacked))
            return _import_folder(_adapter_root(Path(unpacked)), source.stem)
    if source.is_dir():
        return _import_folder(source, source.name)
    raise AdapterError(
        f"{source.name} is neither a folder nor a zip of an adapter.",
        "Choose the folder that holds adapter_config.json.",
    )


def _unpack(source: Path, target: Path) -> None:
    with zipfile.ZipFile(source) as archive:
        members = archive.infolist()
        if sum(member.file_size for member in members) > MOST_ZIP_BYTES:
            raise AdapterError(f"{source.name} unpacks to more than {MOST_ZIP_BYTES >> 30} GB.")
        for member in members:
            place = (target / member.filename).resolve()
            if not place.is_relative_to(target.resolve()):
                raise AdapterError(
                    f"{source.name} tries to write outside its folder.", "Don't trust this file."
                )
        archive.extractall(target)


def _adapter_root(folder: Path) -> Path:
    found = sorted(path.parent for name in (CONFIG_NAME, passports.FILE_NAME) for path in folder.rglob(name))
    if not found:
        raise AdapterError("The zip holds no adapter_config.json.", "Export the adapter again.")
    return found[0]


def _import_folder(source: Path, name: str) -> Adapter:
    if (source / passports.FILE_NAME).exists():
        passport = passports.load(source)
    else:
        passport = _foreign_passport(source, name)
    _refuse_pickles(source)
    fresh = passport.model_copy(update={"id": new_id(passport.name), "origin": "imported"})
    partial = partial_folder(fresh.id)
    for path in _adapter_files(source):
        shutil.copyfile(path, partial / path.name)
    return install(partial, fresh)


def _adapter_files(source: Path) -> Iterator[Path]:
    """Yield the files an adapter consists of; whatever else lies in the folder stays out of the library."""
    for name in (CONFIG_NAME, WEIGHTS_NAME, passports.RECIPE_NAME, "README.md"):
        if (source / name).is_file():
            yield source / name


def _refuse_pickles(folder: Path) -> None:
    if (folder / CONFIG_NAME).exists() and not (folder / WEIGHTS_NAME).exists():
        raise AdapterError(
            f"{folder.name} has no {WEIGHTS_NAME}.",
            "Weights in .bin files can run code when they are loaded, so only safetensors are taken.",
        )
    if (folder / WEIGHTS_NAME).exists():
        weight_shapes(folder / WEIGHTS_NAME)


def _foreign_passport(folder: Path, name: str) -> Passport:
    """Return a passport for an adapter that another program made, from what PEFT's own file says."""
    config = _peft_config(folder)
    base = str(config.get("base_model_name_or_path") or "")
    peft_type = str(config["peft_type"])
    targets = config.get("target_modules") or []
    return Passport(
        schema=passports.SCHEMA,
        id=new_id(name),
        name=name,
        made_at=passports.now_text(),
        origin="imported",
        base_model=BaseModelFacts(id=base, revision=str(config.get("revision") or "")),
        method=MethodFacts(
            id=peft_type.lower(),
            title=peft_type,
            peft_type=peft_type,
            targets=sorted(targets) if isinstance(targets, list) else [str(targets)],
        ),
    )


def _peft_config(folder: Path) -> dict[str, Any]:
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


def weight_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Return the names and shapes in a safetensors file, from its header alone. Raises AdapterError if it is none."""
    try:
        with path.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            if not 0 < length <= MOST_HEADER_BYTES:
                raise ValueError("the header's length is impossible")
            header = json.loads(stream.read(length))
            data_bytes = path.stat().st_size - 8 - length
        entries = {name: entry for name, entry in header.items() if name != "__metadata__"}
        if any(entry["data_offsets"][1] > data_bytes for entry in entries.values()):
            raise ValueError("it is cut short")
        return {name: tuple(entry["shape"]) for name, entry in entries.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise AdapterError(f"{path.name} is damaged: {error}.", "Copy or download it again.") from error
