"""Base models on torch's meta device: every shape is known and no weight is read. Downloads nothing."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM, PretrainedConfig, PreTrainedModel

from engine.adapters.import_checks import weight_shapes
from engine.config import recipe as recipes
from engine.config.recipe import STARTER, BaseModelOptions
from engine.errors import RecipeError
from engine.methods import Family
from engine.worker.hub import repository
from engine.worker.kernels import model_patches
from engine.worker.kernels.library import Conv1D
from engine.worker.kernels.registry import enabled

HEAD = "lm_head.weight"


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


def as_quantized(model: PreTrainedModel) -> PreTrainedModel:
    """Replace Conv1D by linear layers, as quantization does; some methods can't adapt Conv1D."""
    for name, module in list(model.named_modules()):
        if isinstance(module, Conv1D):
            inputs, outputs = module.weight.shape
            linear = torch.nn.Linear(inputs, outputs, device="meta", dtype=module.weight.dtype)
            model.set_submodule(name, linear.requires_grad_(False))
    return model


def has_own_head(folder: Path) -> bool:
    """Tell whether a model folder's files hold an output head beside the embedding, from their headers."""
    return any(HEAD in weight_shapes(path) for path in folder.glob("*.safetensors"))
