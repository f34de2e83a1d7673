"""What a plan knows of a base model without its weights.

The model is on this computer, in a GGUF file that is not unpacked yet, or one of the catalogue before its download, for
whose tokenizer the starter's stands in.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import AutoConfig, PretrainedConfig, PreTrainedTokenizerBase

from engine.config.base_model_catalogue import CatalogueModel
from engine.config.recipe import BaseModelOptions
from engine.errors import AppError, Problem
from engine.methods import Family
from engine.worker.modeling import base_models, meta_model
from engine.worker.modeling.base_models import LoadedBase
from engine.worker.runtime import devices


@dataclass(frozen=True)
class BaseOutline:
    """A base model's configuration and tokenizer; `has_own_head`: its head is not tied to the embedding."""

    config: PretrainedConfig
    family: Family
    tokenizer: PreTrainedTokenizerBase
    has_own_head: bool
    fingerprint: str = ""

    def without_weights(
        self, options: BaseModelOptions, device: torch.device, problems: list[Problem]
    ) -> LoadedBase:
        """Return the base model on the meta device, in the number format that a run would choose on `device`.

        Adds to `problems` why the device or the model refuses that format.
        """
        overflows = base_models.overflows_in_float16(self.config)
        chosen = devices.number_format(options.precision, device, overflows=overflows)
        try:
            base_models.refuse_float16(self.config, chosen.dtype)
            devices.refuse_bfloat16(chosen.dtype, device)
        except AppError as error:
            problems += error.problems
        model = meta_model.build(self.config, self.family, chosen.dtype, has_own_head=self.has_own_head)
        if options.quantization != "none":
            meta_model.as_quantized(model)
        threads, meta = devices.threads(device), torch.device("meta")
        return LoadedBase(
            model,
            self.tokenizer,
            self.family,
            options,
            self.fingerprint,
            chosen.name,
            chosen.reason,
            meta,
            threads,
        )


def of_folder(
    folder: Path, options: BaseModelOptions, tokenizer: PreTrainedTokenizerBase, fingerprint: str
) -> BaseOutline:
    """Return the outline of a model on this computer. Raises BaseModelError."""
    config = base_models.read_config(folder, options.id)
    family = base_models.family_of(config, options.id)
    return BaseOutline(config, family, tokenizer, meta_model.has_own_head(folder), fingerprint)


def of_gguf(folder: Path, options: BaseModelOptions, tokenizer: PreTrainedTokenizerBase) -> BaseOutline:
    """Return the outline of a model in a GGUF file that `folder` only describes. Raises BaseModelError."""
    config = base_models.read_config(folder, options.id)
    family = base_models.family_of(config, options.id)
    return BaseOutline(config, family, tokenizer, has_own_head=not config.tie_word_embeddings)


def of_catalogue(model: CatalogueModel, tokenizer: PreTrainedTokenizerBase) -> BaseOutline:
    """Return the outline of a model of the catalogue; `tokenizer` stands in for its own."""
    config = AutoConfig.for_model(**model.shape)
    has_own_head = model.shape.get("tie_word_embeddings") is False
    return BaseOutline(config, model.family, tokenizer, has_own_head)
