"""The kinds of models that an adapter is exported to: what each needs, refuses and writes."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import torch

from engine.adapters.exports import missing_ctranslate2
from engine.config.decoding import CTRANSLATE2
from engine.errors import Problem
from engine.messages import say
from engine.system.files import temporary_folder
from engine.worker.exports import ctranslate2_model, gguf_model, llama_server, merged_model, programs
from engine.worker.exports.merged_model import Source
from engine.worker.exports.plain_prompt import Prompt
from engine.worker.exports.programs import Answering
from engine.worker.runtime.channel import Channel

STORED = ""
# Of a weight on the disk; GGUF and CTranslate2 also keep a scale for each group of int8 values, and what becomes four
# bits is there in bfloat16 first.
BYTES = {"float32": 4.0, "bfloat16": 2.0, "float16": 2.0, "int8": 1.1, "q4_K_M": 2.7}


@dataclass(frozen=True)
class Merged:
    """A merged model in a folder, as plain transformers reads it, and the folder of the base model's files."""

    folder: Path
    base: Path
    prompt: Prompt | None


class Exporter:
    """One kind of export, by itself a plain model of transformers, which all others are converted from.

    `runtime` computes with it; `needs_prompt` says that it can't do without one. `usual` is the precision unless one of
    `precisions` is asked for, "" being as the base model is stored.
    """

    runtime: ClassVar[str] = merged_model.RUNTIME
    usual: ClassVar[str] = STORED
    precisions: ClassVar[Sequence[str]] = tuple(merged_model.PRECISIONS)
    needs_prompt: ClassVar[bool] = False
    # Of the merged model's files.
    shard_size: ClassVar[str] = merged_model.SHARD_SIZE
    # llama.cpp's, which is fetched first.
    needs_converter: ClassVar[bool] = False
    # It is given to Ollama, where that runs on this computer.
    for_ollama: ClassVar[bool] = False

    def problems(self, precision: str, family: str, base: Path) -> Sequence[Problem]:
        """Return why a base model in a folder can't be exported in a precision, "" being as it is stored."""
        if precision in {STORED, *self.precisions}:
            return []
        message = say("This kind of export has no {}.", precision)
        return [Problem("--precision", message, say("Choose {}.", ", ".join(self.precisions)))]

    @contextmanager
    def merging_into(self, target: Path) -> Iterator[Path]:
        """Yield the empty folder that gets the merged model, for an export into `target`."""
        yield target

    def convert(self, channel: Channel, merged: Merged, target: Path, precision: str) -> None:
        """Make the export of a merged model, unless that is what was asked for. Raises AppError, Stopped."""

    def merged_dtype(self, precision: str, stored: torch.dtype) -> torch.dtype:
        """Return the dtype of the merged model: what is asked for if it is a plain one, else as stored."""
        return merged_model.PRECISIONS.get(precision or self.usual, stored)

    def bytes_needed(self, precision: str, source: Source) -> int:
        """Return how much of the disk the export takes, with the merged model while it is converted."""
        return source.weights() * self.merged_dtype(precision, source.stored).itemsize

    def why_not_verifiable(self, family: str) -> str:
        """Return why the export of a model of a family can't be verified on this computer, "" if it can."""
        return ""

    def verifier(self, family: str) -> tuple[str, Answering]:
        """Return by which program the export of a model of a family is verified on this computer, and how."""
        return self.runtime, programs.answers_of_script


class Converted(Exporter):
    """A model that is converted from a plain one, which is gone afterwards."""

    needs_prompt, shard_size = True, merged_model.CONVERTED_SHARD_SIZE

    @contextmanager
    def merging_into(self, target: Path) -> Iterator[Path]:
        """Yield a temporary folder beside the export's."""
        with temporary_folder(target.parent, prefix=".merged-") as folder:
            yield folder

    def bytes_needed(self, precision: str, source: Source) -> int:
        """Return how much of the disk both take."""
        converted = int(source.weights() * BYTES[precision or self.usual])
        return super().bytes_needed(precision, source) + converted


class CTranslate2Model(Converted):
    """A model for CTranslate2."""

    runtime, usual, precisions = CTRANSLATE2, "float32", ctranslate2_model.PRECISIONS

    def problems(self, precision: str, family: str, base: Path) -> Sequence[Problem]:
        """Return what is wrong with the precision, or that the library is missing."""
        return missing_ctranslate2("--to") or super().problems(precision, family, base)

    def convert(self, channel: Channel, merged: Merged, target: Path, precision: str) -> None:
        """Convert the merged model."""
        assert merged.prompt is not None
        ctranslate2_model.convert(merged.folder, target, precision or self.usual, merged.prompt.settings)


class GgufModel(Converted):
    """A GGUF file for llama.cpp and LM Studio."""

    runtime, usual, needs_converter = gguf_model.RUNTIME, "bfloat16", True
    precisions = (*gguf_model.KINDS, *gguf_model.QUANTIZED)

    def problems(self, precision: str, family: str, base: Path) -> Sequence[Problem]:
        """Return what is wrong with the precision or the base model."""
        unknown = super().problems(precision, family, base)
        return unknown or gguf_model.problems(family, base, precision or self.usual)

    def convert(self, channel: Channel, merged: Merged, target: Path, precision: str) -> None:
        """Convert the merged model."""
        assert merged.prompt is not None
        settings = merged.prompt.settings
        gguf_model.write(channel, merged.folder, merged.base, target, precision or self.usual, settings)

    def why_not_verifiable(self, family: str) -> str:
        """Return that no program here reads a GGUF file."""
        if _runs_in_llama_server(family) or importlib.util.find_spec("gguf") is not None:
            return ""
        return "The package gguf is not installed."

    def verifier(self, family: str) -> tuple[str, Answering]:
        """Return llama.cpp's own server if it is here: receivers run the file in it. Otherwise it is read back."""
        if _runs_in_llama_server(family):
            return llama_server.PROGRAM, llama_server.answers
        return super().verifier(family)


def _runs_in_llama_server(family: str) -> bool:
    return family == "decoder-only" and llama_server.is_here()


class OllamaModel(GgufModel):
    """A GGUF file with Ollama's description of it."""

    for_ollama = True

    def problems(self, precision: str, family: str, base: Path) -> Sequence[Problem]:
        """Return what is wrong with the precision or the base model."""
        if family == "encoder-decoder":
            message = "Ollama runs no encoder-decoder models such as T5."
            return [Problem("--to", message, "Export it as ctranslate2 or gguf.")]
        return super().problems(precision, family, base)

    def convert(self, channel: Channel, merged: Merged, target: Path, precision: str) -> None:
        """Convert the merged model, and describe it."""
        super().convert(channel, merged, target, precision)
        assert merged.prompt is not None
        gguf_model.write_modelfile(target, merged.prompt.settings, merged.prompt.stops)


EXPORTERS: dict[str, Exporter] = {
    "merged": Exporter(),
    "ctranslate2": CTranslate2Model(),
    "gguf": GgufModel(),
    "ollama": OllamaModel(),
}
