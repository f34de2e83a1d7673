"""The library: every adapter on this computer, found by scanning folders.

The folders are the only record. What is imported is checked by `engine.adapters.import_checks`. Knows nothing of torch.
"""

from __future__ import annotations

import contextlib
import difflib
import os
import time
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn
from zipfile import ZIP_DEFLATED

from engine.adapters import metadata as adapter_toml
from engine.adapters.export_redaction import make_public
from engine.adapters.import_checks import (
    CONFIG_NAME,
    LARGEST_WEIGHT,
    WEIGHTS_NAME,
    copy_adapter,
    copy_file,
    impossible_values,
    read_metadata,
    refuse_unsafe,
    unpack,
)
from engine.adapters.metadata import AdapterMetadata, ExportFacts, HubFacts, ScoreCard
from engine.adapters.trash import restore, to_trash
from engine.config import recipe as recipes
from engine.config.recipe import Recipe
from engine.errors import AdapterError, StorageError, disk_errors
from engine.jobs.job import new_id, slug
from engine.messages import listed, say
from engine.methods import METHODS, methods_of
from engine.system.command_name import command_name
from engine.system.files import (
    aside,
    bytes_in,
    private,
    remove,
    rename,
    sync_directory,
    sync_tree,
    temporary_folder,
)
from engine.system.paths import adapters_folder, path_exists, path_here, resolved
from engine.system.validators import SCORE
from engine.text.escaping import file_name

PARTIAL = ".partial"
UNFINISHED_SECONDS = 86_400.0
# Adapters whose metadata is kept with what its file was: parsing it takes most of a scan.
MAX_PARSED = 4_096
_PARSED: dict[Path, tuple[tuple[int, ...], AdapterMetadata]] = {}


@dataclass(frozen=True)
class Adapter:
    """One adapter folder and its metadata."""

    folder: Path
    metadata: AdapterMetadata

    @property
    def id(self) -> str:
        """The folder's name."""
        return self.folder.name

    @property
    def name(self) -> str:
        """The name that the user gave it."""
        return self.metadata.name

    @property
    def is_prompt(self) -> bool:
        """Tell whether it is a prompt without weights."""
        return any(entry.id == self.metadata.method.id and not entry.trains for entry in METHODS)

    @property
    def unmergeable(self) -> str:
        """Why it can't be merged into a plain model, "" if it can."""
        if self.metadata.base_model.quantization == "int8":
            return "it was trained on an int8 base, whose rounding no plain model has"
        facts = self.metadata.method
        # Adapters of other programs have the id of no method.
        by_id = [entry for entry in METHODS if entry.id == facts.id]
        entry = next(iter(by_id or methods_of(facts.peft_type)), None)
        if entry is None or not entry.merges:
            return say("{} can't be merged into a plain model", facts.title or facts.id)
        return ""

    @cached_property
    def size_bytes(self) -> int:
        """Bytes on disk."""
        return bytes_in(self.folder)

    @property
    def score_group(self) -> tuple[str, str, float] | None:
        """What adapters share whose scores can be compared, None without scores.

        The base's score distinguishes what the protocol does not name.
        """
        card = self.metadata.score_card
        if card is None or SCORE not in card.scores:
            return None
        base = card.base.get(SCORE, {}).get("mean", -1.0)
        return self.metadata.base_model.id, card.key, round(base, 4)

    def changed_files(self) -> list[str]:
        """Return the names of files that are missing or do not match the metadata's checksums."""
        return adapter_toml.changed(self.folder, self.metadata)

    def recipe(self) -> Recipe | None:
        """Return the recipe of its run, None if there is none. Raises RecipeError if it can't be read."""
        path = self.folder / adapter_toml.RECIPE_NAME
        return recipes.load(path) if path.exists() else None


@dataclass(frozen=True)
class Unreadable:
    """A folder in the library that is no valid adapter, and why."""

    folder: Path
    reason: str


def scan() -> tuple[list[Adapter], list[Unreadable]]:
    """Return every adapter, newest first, and the folders that are no adapters."""
    adapters, unreadable = [], []
    for folder in sorted(adapters_folder().iterdir()):
        if not folder.is_dir() or folder.name.endswith(PARTIAL):
            continue
        try:
            adapters.append(Adapter(folder, _metadata(folder)))
        except AdapterError as error:
            unreadable.append(Unreadable(folder, error.message))
    return sorted(adapters, key=lambda adapter: adapter.metadata.made, reverse=True), unreadable


def _metadata(folder: Path) -> AdapterMetadata:
    """Return the metadata of an adapter; what was parsed before is kept while its file is the same."""
    try:
        status = (folder / adapter_toml.FILE_NAME).stat()
    except OSError:
        return adapter_toml.load(folder)
    identity = status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
    kept = _PARSED.get(folder)
    if kept is None or kept[0] != identity:
        # An error is not kept: a file that a program holds, or that is in a cloud, can be read later.
        parsed = adapter_toml.load(folder)
        if len(_PARSED) >= MAX_PARSED:
            _PARSED.clear()
        kept = _PARSED[folder] = identity, parsed
    return kept[1].model_copy()


def find(name: str, *, shortened: bool = False) -> Adapter:
    """Return the adapter with this id or name, or in this folder. Raises AdapterError, also if several match.

    With `shortened` the start of an id is enough, or the name with hyphens (`starter-chats-csv-lora-r-32`): for what a
    person types, but not for files and programs, since another adapter may match later.
    """
    adapters, _ = scan()
    matches = (
        [each for each in adapters if each.id == name]
        or [each for each in adapters if each.name == name]
        or [each for each in adapters if shortened and slug(each.name) == name]
    )
    if len(matches) > 1:
        raise AdapterError(
            say('{} adapters are called "{}".', len(matches), name), "Type the id of one.", "adapter"
        )
    if matches:
        return matches[0]
    folder = path_here(name)
    # No name would be the folder that the command is called in.
    if name and any(path_exists(folder / mark) for mark in (adapter_toml.FILE_NAME, CONFIG_NAME)):
        folder = resolved(folder)
        return Adapter(folder, read_metadata(folder, folder.name))
    begun = [each for each in adapters if shortened and name and each.id.startswith(name)]
    return begun[0] if len(begun) == 1 else _refuse(name, adapters, begun)


def _refuse(name: str, adapters: Sequence[Adapter], begun: Sequence[Adapter]) -> NoReturn:
    """Raise AdapterError for a name that is no adapter's, or with which several ids have `begun`."""
    if begun:
        message = say('{} adapters begin with "{}".', len(begun), name)
        raise AdapterError(
            message, say("Type more of the id; `{} adapters` lists them.", command_name()), "adapter"
        )
    near = difflib.get_close_matches(name, [text for each in adapters for text in (each.name, each.id)], n=1)
    hint = say("Did you mean {}?", near[0]) if near else say("`{} adapters` lists them.", command_name())
    raise AdapterError(say('There is no adapter "{}".', name), hint, "adapter")


def install(partial: Path, metadata: AdapterMetadata) -> Adapter:
    """Turn a finished partial folder into an adapter: write checksums and metadata, sync, rename."""
    complete = metadata.model_copy(update={"files": adapter_toml.checksums(partial)})
    folder = adapters_folder() / complete.id
    with disk_errors("The adapter can't be added to the library: {}."):
        adapter_toml.save(complete, partial)
        sync_tree(partial)
        rename(partial, folder)
        sync_directory(folder.parent)
    return Adapter(folder, complete)


def partial_folder(adapter_id: str) -> Path:
    """Return a new, empty folder in the library that is no adapter until it is installed."""
    # What processes that were killed have left goes; another process may just have renamed it.
    for unfinished in adapters_folder().glob(f"*{PARTIAL}"):
        with contextlib.suppress(OSError):
            if unfinished.stat().st_mtime < time.time() - UNFINISHED_SECONDS:
                remove(unfinished)
    folder = adapters_folder() / (adapter_id + PARTIAL)
    remove(folder)
    folder.mkdir(parents=True)
    return folder


def update(adapter: Adapter, **changes: Any) -> Adapter:
    """Return the adapter with a new name, tags or notes. Raises AdapterError for an empty name."""
    if "name" in changes:
        changes["name"] = " ".join(str(changes["name"]).split())
        if not changes["name"]:
            raise AdapterError("An adapter needs a name.", "Write one.", "name")
    return _rewritten(adapter, adapter.metadata.model_copy(update=changes))


def add_score(adapter: Adapter, card: ScoreCard) -> Adapter:
    """Return the adapter with new scores in its metadata."""
    return _rewritten(adapter, adapter.metadata.with_score(card))


def add_export(adapter: Adapter, export: ExportFacts) -> Adapter:
    """Return the adapter with an export in its metadata."""
    return _rewritten(adapter, adapter.metadata.with_export(export))


def _rewritten(adapter: Adapter, metadata: AdapterMetadata) -> Adapter:
    with disk_errors("{} of {} can't be written: {}.", adapter_toml.FILE_NAME, adapter.name):
        adapter_toml.save(metadata, adapter.folder)
    return Adapter(adapter.folder, metadata)


def promote(checkpoint: Path, name: str) -> Adapter:
    """Copy the adapter in a run's checkpoint into the library, under a name of its own.

    The checkpoint stays, so its run can still be resumed. Raises AdapterError if it holds no adapter.
    """
    if not (checkpoint / adapter_toml.FILE_NAME).exists():
        raise AdapterError(
            say("{} contains no adapter.", checkpoint.name),
            "Only checkpoints with an adapter.toml can be promoted.",
        )
    metadata = adapter_toml.load(checkpoint)
    title = " ".join(name.split()) or metadata.name
    recipe = checkpoint.parent / adapter_toml.RECIPE_NAME
    # It was chosen, not stopped early; the step says when in the run.
    chosen = metadata.training.model_copy(update={"stopped": False})
    return _copy_in(checkpoint, metadata.model_copy(update={"name": title, "training": chosen}), recipe)


def _copy_in(source: Path, metadata: AdapterMetadata, recipe: Path | None = None) -> Adapter:
    """Copy an adapter's files, and a recipe that lies elsewhere, into the library with a new id."""
    refuse_unsafe(source, metadata)
    fresh = metadata.model_copy(update={"id": new_id(metadata.name)})
    partial = partial_folder(fresh.id)
    try:
        with disk_errors("{} can't be copied: {}.", metadata.name):
            copy_adapter(source, partial)
            if recipe is not None and recipe.is_file():
                copy_file(recipe, partial / recipe.name)
            return install(partial, fresh)
    finally:
        remove(partial)


def adapter_at(path: Path) -> Path | None:
    """Return the folder or zip for `import_adapter` if a path is an adapter's folder, zip or file, else None."""
    own_files = (CONFIG_NAME, adapter_toml.FILE_NAME)
    if path.is_file() and (path.name in own_files or path.suffix == ".safetensors"):
        path = path.parent
    if path.is_dir():
        return path if any((path / name).is_file() for name in own_files) else None
    try:
        with zipfile.ZipFile(path) as packed:
            names = {PurePosixPath(name).name for name in packed.namelist()}
    except (OSError, zipfile.BadZipFile):
        return None
    return path if names.intersection(own_files) else None


def import_adapter(source: Path, hub: HubFacts | None = None) -> Adapter:
    """Copy a PEFT adapter (a folder or a zip of one) into the library; `hub` says where a folder was fetched from.

    Raises AdapterError for what is no PEFT adapter, is damaged, or holds weights that can run code.
    """
    if source.is_file() and zipfile.is_zipfile(source):
        with temporary_folder(adapters_folder(), suffix=PARTIAL) as unpacked:
            return _import_folder(unpack(source, unpacked), source.stem)
    if source.is_dir():
        return _import_folder(source, source.resolve().name, hub)
    raise AdapterError(
        say("{} is neither an adapter's folder nor its zip.", source.name),
        "Choose the folder that contains adapter_config.json.",
    )


def _import_folder(source: Path, name: str, hub: HubFacts | None = None) -> Adapter:
    metadata = read_metadata(source, name)
    changes = {"origin": "imported", "imported_at": adapter_toml.now_text(), "hub": hub or metadata.hub}
    return _copy_in(source, metadata.model_copy(update=changes))


def remarks_on_weights(adapter: Adapter) -> list[str]:
    """Return what is wrong with the values of an adapter's weights: what it writes will make no sense."""
    names = [] if adapter.is_prompt else impossible_values(adapter.folder / WEIGHTS_NAME)
    if not names:
        return []
    kinds = say("NaN, infinity, or above {:,.0f}", LARGEST_WEIGHT)
    first = listed((name[:100] for name in names), 2)
    return [say("{} has invalid values ({}) in {}.", adapter.name, kinds, first)]


def delete(adapter: Adapter) -> Path:
    """Move an adapter of the library to the trash and return its path there, for `restore_adapter`.

    Raises StorageError, also for an adapter that lies elsewhere.
    """
    return to_trash(adapter.folder, adapters_folder(), "adapter")


def restore_adapter(trashed: Path) -> Adapter:
    """Take an adapter out of the trash again."""
    folder = restore(trashed, adapters_folder())
    return Adapter(folder, adapter_toml.load(folder))


def export_folder(adapter: Adapter, target: Path) -> Path:
    """Copy the adapter to `target`, which must not exist, without local paths; return it."""
    if os.path.lexists(target):
        raise StorageError(say("{} already exists.", target), "Choose another name.")
    with disk_errors("{} can't be exported to {}: {}.", adapter.name, target), aside(target) as unfinished:
        unfinished.mkdir(mode=0o700, parents=True)
        _copy_out(adapter, unfinished)
    return target


def export_zip(adapter: Adapter, target: Path, *, replace: bool = False) -> Path:
    """Write the adapter as a zip file without local paths. Without `replace`, `target` must not exist."""
    if os.path.lexists(target) and not replace:
        raise StorageError(say("{} already exists.", target), "Choose another name.")
    top = file_name(adapter.name) or "adapter"
    with (
        disk_errors("{} can't be exported to {}: {}.", adapter.name, target),
        temporary_folder(adapters_folder(), suffix=PARTIAL) as copied,
        aside(target) as packed,
        open(packed, "xb", opener=private) as stream,
        zipfile.ZipFile(stream, "w", ZIP_DEFLATED) as archive,
    ):
        _copy_out(adapter, copied)
        for path in sorted(copied.iterdir()):
            archive.write(path, f"{top}/{path.name}")
    return target


def _copy_out(adapter: Adapter, folder: Path) -> None:
    copy_adapter(adapter.folder, folder)
    make_public(folder)
