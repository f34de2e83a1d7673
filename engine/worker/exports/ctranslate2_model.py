"""Models for CTranslate2: exports, with a script that needs ctranslate2 and tokenizers alone, and those to write with.

Models to write with are converted once and kept, and the oldest is removed. The name of a folder tells all that decides
its content: base model, adapter, precision and libraries.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from engine.adapters import metadata
from engine.adapters.library import Adapter
from engine.adapters.metadata import protocol_key
from engine.config.decoding import CTRANSLATE2
from engine.config.recipe import BaseModelOptions
from engine.errors import AdapterError, disk_errors, first_line
from engine.messages import say
from engine.system import cache
from engine.system.files import bytes_in, rename, temporary_folder
from engine.system.paths import converted_models_folder
from engine.system.versions import versions
from engine.worker.adapters import attach
from engine.worker.exports import merged_model, plain_prompt
from engine.worker.generation.ctranslate2_runtime import PRECISION, CTranslate2Runtime
from engine.worker.modeling import base_files, base_models, file_checks
from engine.worker.modeling.base_models import LoadedBase
from engine.worker.runtime.channel import Channel

PRECISIONS = ("float32", "bfloat16", "float16", "int8")
# What has no scale is float32: in bfloat16, as the files may be, many CPUs can't compute it.
QUANTIZATIONS = {"int8": "int8_float32"}
# Besides the model, what its script reads.
TOKENIZER = "tokenizer.json"
# On disk and in memory; the newest is kept even if it is larger.
MAX_BYTES, MAX_LOADED_BYTES = 10 * 2**30, 4 * 2**30


def convert(plain: Path, target: Path, precision: str, settings: dict[str, Any] | None = None) -> None:
    """Convert the plain model in one folder into another; with the settings of a prompt also a script that summarises.

    Raises AdapterError for a kind of model that CTranslate2 does not know.
    """
    from ctranslate2.converters import TransformersConverter

    try:
        converter = TransformersConverter(str(plain), copy_files=[TOKENIZER] if settings else None)
        # An export's folder is there already, empty.
        converter.convert(str(target), quantization=QUANTIZATIONS.get(precision, precision), force=True)
    except (ValueError, NotImplementedError, RuntimeError, AttributeError) as error:
        message = say("CTranslate2 can't convert this model: {}.", first_line(error))
        raise AdapterError(message, "Export it as merged.") from error
    if settings:
        plain_prompt.write(settings, CTRANSLATE2, target)


def fetch(channel: Channel, options: BaseModelOptions, adapter: Adapter | None) -> Path:
    """Return the folder of a base model with an adapter, or alone, converted unless it is kept.

    Raises AppError for what can't be merged or converted, Stopped.
    """
    if adapter is not None and adapter.is_prompt:
        adapter = None
    base = base_models.folder_of(options, channel)
    key = protocol_key({
        "base": base_files.fingerprint(base, options.id, channel),
        "adapter": metadata.checksums(adapter.folder) if adapter else None,
        "precision": PRECISION,
        "versions": {**versions(), CTRANSLATE2: version(CTRANSLATE2)},
    })  # fmt: skip
    kept = converted_models_folder() / key
    if not kept.is_dir():
        kept_in = say("It is kept in {}.", converted_models_folder())
        with (
            disk_errors("CTranslate2 can't convert this model: {}.", hint=kept_in),
            temporary_folder(converted_models_folder(), prefix=".") as temporary,
        ):
            made, plain = temporary / "made", base
            if adapter is None:
                # CTranslate2 takes any model, also one that would be refused if it were loaded.
                base_models.read_config(base, options.id)
                base_models.read_tokenizer(base, options.id)
                file_checks.require_safetensors(base, options.id)
            else:
                merged_model.refuse_unmergeable(adapter)
                source = merged_model.find_source(adapter, channel)
                plain = temporary / "merged"
                plain.mkdir()
                shard_size = merged_model.CONVERTED_SHARD_SIZE
                merged_model.write(channel, source, plain, torch.float32, shard_size)
            channel.enter("convert")
            convert(plain, made, PRECISION)
            rename(made, kept)
    # The one that was used last is removed last.
    os.utime(kept)
    cache.drop_oldest(converted_models_folder().glob("[!.]*"), MAX_BYTES)
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
            needed = bytes_in(folder)
            while self._models and needed + sum(map(bytes_in, self._models)) > MAX_LOADED_BYTES:
                del self._models[next(iter(self._models))]
            found = CTranslate2Runtime(folder, self._base)
        self._models[folder] = found
        return found


def fetch_all(channel: Channel, options: BaseModelOptions, adapters: Sequence[Adapter]) -> None:
    """Convert what is not kept of a base model and its adapters, before anything else is in memory."""
    for adapter in (None, *adapters):
        fetch(channel, options, adapter)
