"""The kinds of models that an adapter is exported to: what each needs, refuses and writes."""

from __future__ import annotations

import importlib.util
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import torch
from transformers import GenerationConfig, PreTrainedModel

from engine.errors import Problem
from engine.worker.exports import ctranslate2_model, gguf_model, merged_model
from engine.worker.modeling.base_models import LoadedBase
from engine.worker.runtime.channel import Channel

STORED = ""
PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


@dataclass(frozen=True)
class Prompt:
    """How the adapter is asked and how its answer is decoded: for plain `generate`, and for a plain script."""

    decoding: GenerationConfig
    settings: dict[str, Any]


@dataclass(frozen=True)
class Merged:
    """A base model with its adapter folded in, in float32; `stored` is the format of the base model's files."""

    model: PreTrainedModel
    base: LoadedBase
    folder: Path
    stored: torch.dtype
    prompt: Prompt | None


class Exporter(ABC):
    """One kind of export. `runtime` computes with it; `needs_prompt` says that it can't do without one."""

    runtime: ClassVar[str]
    needs_prompt: ClassVar[bool] = True
    # llama.cpp's, which is fetched first.
    needs_converter: ClassVar[bool] = False

    @abstractmethod
    def problems(self, precision: str, family: str, base: Path) -> Sequence[Problem]:
        """Return why a base model in a folder can't be exported in a precision, "" being as it is stored."""

    @abstractmethod
    def write(self, channel: Channel, merged: Merged, target: Path, precision: str) -> None:
        """Write the export into an empty folder. Raises AppError, Stopped."""

    def untried(self) -> str:
        """Return why the export can't be tried on this computer, "" if it can."""
        return ""


class PlainModel(Exporter):
    """A plain model of transformers."""

    runtime, needs_prompt = merged_model.RUNTIME, False

    def problems(self, precision: str, family: str, base: Path) -> Sequence[Problem]:
        """Return what is wrong with the precision or the base model."""
        if precision in {STORED, *PRECISIONS}:
            return []
        return [
            Problem("--precision", f"A plain model has no {precision}.", f"Choose {', '.join(PRECISIONS)}.")
        ]

    def write(self, channel: Channel, merged: Merged, target: Path, precision: str) -> None:
        """Write the export into an empty folder."""
        decoding, settings = (
            (merged.prompt.decoding, merged.prompt.settings) if merged.prompt else (None, None)
        )
        model = merged.model.to(PRECISIONS.get(precision, merged.stored))
        merged_model.save(model, merged.base, target, decoding, settings)


class CTranslate2Model(Exporter):
    """A model for CTranslate2."""

    runtime = ctranslate2_model.LIBRARY

    def problems(self, precision: str, family: str, base: Path) -> Sequence[Problem]:
        """Return what is wrong with the precision or the base model."""
        return ctranslate2_model.problems(precision or "float32")

    def write(self, channel: Channel, merged: Merged, target: Path, precision: str) -> None:
        """Write the export into an empty folder."""
        assert merged.prompt is not None
        with _plain(merged, target) as folder:
            ctranslate2_model.convert(folder, target, precision or "float32", merged.prompt.settings)


class GgufModel(Exporter):
    """A GGUF file for llama.cpp and LM Studio."""

    runtime, needs_converter = gguf_model.RUNTIME, True

    def problems(self, precision: str, family: str, base: Path) -> Sequence[Problem]:
        """Return what is wrong with the precision or the base model."""
        return gguf_model.problems(family, base, precision or "bfloat16")

    def write(self, channel: Channel, merged: Merged, target: Path, precision: str) -> None:
        """Write the export into an empty folder."""
        assert merged.prompt is not None
        with _plain(merged, target) as folder:
            settings = merged.prompt.settings
            gguf_model.write(channel, folder, merged.folder, target, precision or "bfloat16", settings)

    def untried(self) -> str:
        """Return that the package is missing by which a GGUF file is read back."""
        if importlib.util.find_spec("gguf") is None:
            return "The package gguf, by which it is read back, is not installed."
        return ""


class OllamaModel(GgufModel):
    """A GGUF file with Ollama's description of it."""

    def problems(self, precision: str, family: str, base: Path) -> Sequence[Problem]:
        """Return what is wrong with the precision or the base model."""
        if family == "encoder-decoder":
            message = "Ollama runs no encoder-decoder models such as T5."
            return [Problem("--to", message, "Export it as ctranslate2, or as gguf for llama.cpp.")]
        return super().problems(precision, family, base)

    def write(self, channel: Channel, merged: Merged, target: Path, precision: str) -> None:
        """Write the export into an empty folder."""
        assert merged.prompt is not None
        super().write(channel, merged, target, precision)
        settings = merged.prompt.settings
        stops = [merged.base.tokenizer.decode([token]) for token in settings["end_tokens"]]
        gguf_model.write_modelfile(target, settings, stops)


EXPORTERS: dict[str, Exporter] = {
    "merged": PlainModel(),
    "ctranslate2": CTranslate2Model(),
    "gguf": GgufModel(),
    "ollama": OllamaModel(),
}


@contextmanager
def _plain(merged: Merged, beside: Path) -> Iterator[Path]:
    """Yield a folder with the merged model in float32, as converters read it; it is gone afterwards."""
    with TemporaryDirectory(dir=beside.parent, prefix=".merged-") as folder:
        assert merged.prompt is not None
        merged_model.save(
            merged.model, merged.base, Path(folder), merged.prompt.decoding, merged.prompt.settings
        )
        yield Path(folder)
