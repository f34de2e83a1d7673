"""Base models on torch's meta device: every shape is known and no weight is read. Downloads nothing.

The model is on this computer, in a GGUF file that is not unpacked yet, or one of the catalogue before its download, for
whose tokenizer the starter's stands in.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    PretrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from engine.adapters.import_checks import weight_shapes
from engine.config import recipe as recipes
from engine.config.model_info import CatalogueModel
from engine.config.recipe import STARTER, BaseModelOptions
from engine.errors import AppError, Problem, RecipeError
from engine.methods import Family
from engine.worker.hub import repository
from engine.worker.kernels import model_patches
from engine.worker.kernels.compat import Conv1D
from engine.worker.kernels.registry import enabled
from engine.worker.modeling import base_models
from engine.worker.modeling.base_models import LoadedBase
from engine.worker.runtime import devices

HEAD = "lm_head.weight"


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
        """Return the base model on the meta device, in the dtype that a run would choose on `device`.

        Adds to `problems` why the device or the model refuses that dtype.
        """
        chosen = base_models.choose_dtype(self.config, options, device)
        try:
            base_models.refuse_dtype(self.config, chosen.dtype, device)
        except AppError as error:
            problems += error.problems
        model = build(self.config, self.family, chosen.dtype, has_own_head=self.has_own_head)
        if options.quantization != "none":
            as_quantized(model)
        return LoadedBase(
            model,
            self.tokenizer,
            self.family,
            options,
            self.fingerprint,
            chosen.name,
            chosen.reason,
            torch.device("meta"),
            devices.threads(device),
        )


def outline_of_folder(
    folder: Path, options: BaseModelOptions, tokenizer: PreTrainedTokenizerBase, fingerprint: str
) -> BaseOutline:
    """Return the outline of a model on this computer, or in a GGUF file that `folder` only describes.

    Raises BaseModelError.
    """
    config = base_models.read_config(folder, options.id)
    family = base_models.family_of(config, options.id)
    has_weights = any(folder.glob("*.safetensors"))
    own_head = has_own_head(folder) if has_weights else not config.tie_word_embeddings
    return BaseOutline(config, family, tokenizer, own_head, fingerprint)


def outline_of_catalogue(model: CatalogueModel, tokenizer: PreTrainedTokenizerBase) -> BaseOutline:
    """Return the outline of a model of the catalogue; `tokenizer` stands in for its own."""
    config = AutoConfig.for_model(**model.shape)
    own_head = model.shape.get("tie_word_embeddings") is False
    return BaseOutline(config, model.family, tokenizer, own_head)


def folder_of(options: BaseModelOptions) -> Path | None:
    """Return the folder of a base model on this computer, None for one on the hub or in a GGUF file not yet unpacked.

    Raises RecipeError for a folder without a model, and a file that can't be unpacked.
    """
    problems = [problem for problem in recipes.base_problems(options) if problem.field == "base_model.id"]
    if problems:
        raise RecipeError(tuple(problems))
    if options.id == STARTER or recipes.looks_like_path(options.id):
        return recipes.local_folder(options.id)
    return repository.cached_folder(options.id, options.revision)


def build(
    config: PretrainedConfig, family: Family, dtype: torch.dtype, *, has_own_head: bool
) -> PreTrainedModel:
    """Return a model on the meta device; with a head of its own, or with one tied to the embedding if it has that."""
    loader = AutoModelForSeq2SeqLM if family == "encoder-decoder" else AutoModelForCausalLM
    with torch.device("meta"):
        model: PreTrainedModel = loader.from_config(config, dtype=dtype, trust_remote_code=False)
        head = model.get_output_embeddings()
        if head is not None and has_own_head:
            head.weight = torch.nn.Parameter(torch.empty_like(head.weight))
            if enabled("tied_head"):
                model.config.tie_word_embeddings = False
    model_patches.patch(model)
    return model.requires_grad_(False)


def as_quantized(model: PreTrainedModel) -> None:
    """Replace Conv1D by linear layers, as quantization does; some methods can't adapt Conv1D."""
    for name, module in list(model.named_modules()):
        if isinstance(module, Conv1D):
            inputs, outputs = module.weight.shape
            linear = torch.nn.Linear(inputs, outputs, device="meta", dtype=module.weight.dtype)
            model.set_submodule(name, linear.requires_grad_(False))


def has_own_head(folder: Path) -> bool:
    """Return whether a model folder's files hold an output head beside the embedding, from their headers."""
    return any(HEAD in weight_shapes(path) for path in folder.glob("*.safetensors"))
