"""Keeps models that were converted for CTranslate2 to write with: made once, and the oldest removed.

The name of a folder tells all that decides its content: base model, adapter, precision and libraries.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import torch

from engine.adapters import metadata
from engine.adapters.library import Adapter
from engine.adapters.metadata import protocol_key
from engine.config.decoding import CTRANSLATE2
from engine.config.recipe import BaseModelOptions
from engine.errors import StorageError
from engine.system.files import bytes_in
from engine.system.paths import converted_models_folder
from engine.worker.adapters import attach
from engine.worker.exports import ctranslate2_model, merged_model
from engine.worker.generation.ctranslate2_runtime import PRECISION, CTranslate2Runtime
from engine.worker.modeling import base_files, base_models, weight_files
from engine.worker.modeling.base_models import LoadedBase
from engine.worker.runtime.channel import Channel
from engine.worker.runtime.versions import versions

# On disk and in memory; the newest is kept even if it is larger.
MAX_BYTES, MAX_LOADED_BYTES = 10 * 2**30, 4 * 2**30


def fetch(channel: Channel, options: BaseModelOptions, adapter: Adapter | None) -> Path:
    """Return the folder of a base model with an adapter, or alone, converted unless it is kept.

    Raises AppError for what can't be merged or converted, Stopped.
    """
    if adapter is not None and adapter.is_prompt:
        adapter = None
    base = base_models.folder_of(options, channel)
    kept = converted_models_folder() / _key(base_files.fingerprint(base, options.id, channel), adapter)
    if not kept.is_dir():
        try:
            with tempfile.TemporaryDirectory(dir=converted_models_folder(), prefix=".") as temporary:
                made = Path(temporary) / "made"
                if adapter is None:
                    _require_loadable(base, options.id)
                _convert(channel, base, adapter, Path(temporary) / "merged", made)
                made.rename(kept)
        except OSError as error:
            message = f"The model can't be converted for CTranslate2: {error.strerror or error}."
            raise StorageError(message, f"It is kept in {converted_models_folder()}.") from error
    # The one that was used last is removed last.
    os.utime(kept)
    _remove_oldest()
    return kept


def load(channel: Channel, base: LoadedBase, adapter: Adapter | None) -> CTranslate2Runtime:
    """Return what writes with a loaded base model's converted form. Raises AppError, Stopped."""
    return CTranslate2Runtime(_fetch_for(channel, base, adapter), base)


def _fetch_for(channel: Channel, base: LoadedBase, adapter: Adapter | None) -> Path:
    if adapter is not None:
        attach.refuse_other_base(base, adapter)
    return fetch(channel, base.options, adapter)


class LoadedModels:
    """Converted models of a base that stay in memory for the next request, those that were used last."""

    def __init__(self, channel: Channel, base: LoadedBase) -> None:
        self._channel = channel
        self._base = base
        self._models: dict[Path, CTranslate2Runtime] = {}

    def load(self, adapter: Adapter | None) -> CTranslate2Runtime:
        """Return what writes with an adapter, or with the base alone. Raises AppError, Stopped."""
        folder = _fetch_for(self._channel, self._base, adapter)
        found = self._models.pop(folder, None)
        if found is None:
            self._make_room(bytes_in(folder))
            found = CTranslate2Runtime(folder, self._base)
        self._models[folder] = found
        return found

    def _make_room(self, needed: int) -> None:
        while self._models and needed + sum(map(bytes_in, self._models)) > MAX_LOADED_BYTES:
            del self._models[next(iter(self._models))]


def fetch_all(channel: Channel, options: BaseModelOptions, adapters: Sequence[Adapter]) -> None:
    """Convert what is not kept of a base model and its adapters, before anything else is in memory."""
    for adapter in (None, *adapters):
        fetch(channel, options, adapter)


def _key(base: str, adapter: Adapter | None) -> str:
    return protocol_key({
        "base": base,
        "adapter": metadata.checksums(adapter.folder) if adapter else None,
        "precision": PRECISION,
        "versions": {**versions(), CTRANSLATE2: version(CTRANSLATE2)},
    })  # fmt: skip


def _require_loadable(base: Path, name: str) -> None:
    """Raise BaseModelError for a base model that would be refused if it were loaded: CTranslate2 takes any."""
    base_models.read_config(base, name)
    base_models.read_tokenizer(base, name)
    weight_files.require_safetensors(base, name)


def _convert(channel: Channel, base: Path, adapter: Adapter | None, merged: Path, target: Path) -> None:
    plain = base
    if adapter is not None:
        merged_model.refuse_unmergeable(adapter)
        source = merged_model.find_source(adapter, channel)
        merged.mkdir()
        merged_model.write(channel, source, merged, torch.float32, merged_model.CONVERTED_SHARD_SIZE)
        plain = merged
    channel.enter("convert")
    ctranslate2_model.convert(plain, target, PRECISION)


def _remove_oldest() -> None:
    folders = converted_models_folder().glob("[!.]*")
    newest, *others = sorted(folders, key=lambda each: each.stat().st_mtime, reverse=True)
    total = bytes_in(newest)
    for each in others:
        total += bytes_in(each)
        if total > MAX_BYTES:
            shutil.rmtree(each, ignore_errors=True)
