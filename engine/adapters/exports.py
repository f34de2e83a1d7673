"""What other programs can do with an adapter here: convert it, write with it, train it again.

Imports no torch, so that a command can refuse before anything is loaded.
"""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Sequence
from pathlib import Path

from engine.adapters.library import Adapter
from engine.config.decoding import CTRANSLATE2, OWN_ENGINE, TUNESMITH
from engine.config.recipe import Recipe
from engine.errors import AdapterError, Problem, RecipeError
from engine.messages import say
from engine.methods import BaseFacts
from engine.system.paths import cache_folder

# llama.cpp's converter to GGUF, of the source package that has it.
CONVERTER_PACKAGE, CONVERTER_VERSION, CONVERTER = "llama-cpp-python", "0.3.36", "convert_hf_to_gguf.py"
# llama.cpp's own, which makes four bits of a GGUF file in bfloat16.
QUANTIZER = "llama-quantize"
# What lets models write: Tunesmith's own engine, or CTranslate2, which is faster on a CPU but runs plain models.
RUNTIMES = (TUNESMITH, CTRANSLATE2)
# Changes of a run on its way that leave what is computed as it is.
HARMLESS_CHANGES = {"training.micro_batch_tokens", "training.activation_checkpointing"}


def converter_folder() -> Path:
    """Return where the converter is kept once it was fetched."""
    return cache_folder() / f"llama.cpp-{CONVERTER_VERSION}"


def has_converter() -> bool:
    """Tell whether the converter was fetched."""
    return (converter_folder() / CONVERTER).is_file()


def has_quantizer() -> bool:
    """Tell whether GGUF files of four bits can be made here."""
    return shutil.which(QUANTIZER) is not None


# Other runtimes


def has_ctranslate2() -> bool:
    """Return whether CTranslate2 is here."""
    return importlib.util.find_spec(CTRANSLATE2) is not None


def missing_ctranslate2(field: str) -> list[Problem]:
    """Return the problem that CTranslate2 is not here, if so, for the field that asks for it."""
    if has_ctranslate2():
        return []
    return [Problem(field, "CTranslate2 is not installed.", "Run `pip install ctranslate2`.")]


def runtime_problems(
    runtime: str,
    adapters: Sequence[Adapter],
    quantization: str = "none",
    device: str = "auto",
    field: str = "--runtime",
) -> list[Problem]:
    """Return why a runtime, asked for by a field, can't write with these adapters on a base kept so on a device."""
    if runtime != CTRANSLATE2:
        return []
    found = missing_ctranslate2(field)
    if quantization != "none":
        found.append(Problem(field, say("CTranslate2 doesn't support {} bases.", quantization), OWN_ENGINE))
    if device not in ("auto", "cpu"):
        found.append(Problem(field, say("CTranslate2 runs on the CPU here, not on {}.", device), OWN_ENGINE))
    found += [
        Problem(
            field,
            say("CTranslate2 needs a merged model, and {} can't be merged: {}.", each.name, each.unmergeable),
            OWN_ENGINE,
        )
        for each in adapters
        if each.unmergeable and not each.is_prompt
    ]
    return found


# A script with transformers and PEFT alone


def refuse_irreproducible(adapter: Adapter) -> Recipe:
    """Return the adapter's recipe. Raises AdapterError for an adapter that no script can train again."""
    why = script_obstacle(adapter)
    recipe = None if why else adapter.recipe()
    if recipe is None:
        raise AdapterError(
            say("{} can't be exported as a training script: {}.", adapter.name, why),
            "Export it as peft instead.",
        )
    return recipe


def script_obstacle(adapter: Adapter) -> str:
    """Return why no script can train an adapter again, "" if one can."""
    if adapter.is_prompt:
        return "it is only a prompt"
    try:
        recipe = adapter.recipe()
    except RecipeError:
        return "its recipe can't be read"
    if recipe is None or not adapter.metadata.training.step:
        return "its training is unknown"
    return _training_obstacle(adapter, recipe)


def _training_obstacle(adapter: Adapter, recipe: Recipe) -> str:
    if recipe.method.start_from:
        return "it continued another adapter"
    if any(change.step > 0 and change.field not in HARMLESS_CHANGES for change in recipe.changes):
        return "its settings changed during training"
    if adapter.metadata.base_model.precision == "float16":
        return "it was trained in float16"
    facts = adapter.metadata.base_model
    base = BaseFacts(quantization=recipe.base_model.quantization, precision=facts.precision)
    return recipe.method.method.beyond_peft(recipe.method.options, base)
