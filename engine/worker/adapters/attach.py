"""Attaches adapters to base models: creates them from a recipe, loads them from the library, activates and saves them.

Knows nothing of training.
"""

from __future__ import annotations

import copy
import dataclasses
import json
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import peft
import torch
from peft import PeftConfig, PeftModel, get_peft_model
from peft.mapping import PEFT_TYPE_TO_CONFIG_MAPPING
from peft.tuners.tuners_utils import BaseTunerLayer
from peft.utils import get_peft_model_state_dict
from peft.utils.peft_types import PeftType
from safetensors import SafetensorError
from safetensors.torch import load_file
from transformers import PretrainedConfig, set_seed

from engine.adapters import import_checks, library, peft_config_policy
from engine.adapters.import_checks import CONFIG_NAME, WEIGHTS_NAME, weight_shapes
from engine.adapters.library import Adapter
from engine.config import recipe as recipes
from engine.config.recipe import STARTER, Recipe
from engine.errors import AdapterError, first_line
from engine.messages import say
from engine.methods import Family
from engine.options import describe
from engine.worker.adapters import method_hooks
from engine.worker.adapters.method_hooks import TRAINED, InitContext
from engine.worker.adapters.method_hooks.target_modules import (
    ALL_LINEAR,
    adapted_widths,
    default_targets,
    refuse_no_layers,
)
from engine.worker.adapters.tuners.registration import refuse_unregistered
from engine.worker.kernels import model_patches
from engine.worker.modeling import base_files, base_models
from engine.worker.modeling.base_models import LoadedBase
from engine.worker.runtime import rank_group, tensor_file

# Settings that may differ from those of the adapter that a run continues from: they affect training alone. A finished
# prefix is the same with and without projection.
TRAINING_SETTINGS = {"lora_dropout", "prefix_projection", "encoder_hidden_size", "-"}
TASK_TYPES: dict[Family, str] = {"encoder-decoder": "SEQ_2_SEQ_LM", "decoder-only": "CAUSAL_LM"}


def attach(base: LoadedBase, recipe: Recipe, context: InitContext | None = None) -> PeftModel:
    """Return the base model with a new adapter of the recipe's method, ready for training.

    The same recipe and context give the same initial values. Raises AdapterError if the method does not fit the model.
    """
    context = context or InitContext()
    refuse_misfit(recipe, base.model.config)
    refuse_no_layers(base, getattr(recipe.method.options, "target_modules", None))
    _refuse_wide_ranks(recipe, base)
    set_seed(recipe.training.seed)
    config = peft_config(base, recipe, context)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = get_peft_model(base.model, config)
    except (ValueError, TypeError) as error:
        title, base_id = recipe.method.method.title, recipe.base_model.id
        raise AdapterError(
            say("{} can't be attached to {}: {}", title, base_id, first_line(error)),
            "Applied to lists the base model's layers.",
            "method.target_modules",
        ) from error
    # PEFT wrote the local folder of the base model there.
    model.peft_config[TRAINED].base_model_name_or_path = public_name(recipe.base_model.id)
    hooks = method_hooks.of(model)
    hooks.add_modules(model, recipe.method.options)
    model_patches.patch(model)
    if base.device.type != "meta":
        hooks.initialize(model, base, recipe.method.options, context)
    # The trainer asks for these, whoever made the trainer.
    model.learning_rate_factors = hooks.learning_rate_factors(model, recipe.method.options)
    if recipe.method.start_from:
        _continue_from(model, base, recipe, library.find(recipe.method.start_from))
    return model


def refuse_misfit(recipe: Recipe, config: PretrainedConfig) -> None:
    """Raise AdapterError if the registry refuses the method on a base model of this configuration."""
    _require_tuner(recipe.method.method.peft_type, recipe.method.method.title)
    facts = base_models.facts(config, recipe.base_model.quantization)
    refusal = recipe.method.method.refusal(recipe.method.options, facts)
    if refusal is not None:
        raise AdapterError(refusal.message, refusal.hint, refusal.field)


def _require_tuner(peft_type: str, title: str) -> None:
    """Register a tuner of our own with PEFT. Raises AdapterError where that is switched off."""
    method_hooks.of_type(peft_type)
    refuse_unregistered(peft_type, title)


def _refuse_wide_ranks(recipe: Recipe, base: LoadedBase) -> None:
    """Raise AdapterError for a rank that the narrowest adapted layer can't have."""
    options = recipe.method.options
    widths = adapted_widths(base, getattr(options, "target_modules", None))
    for option in method_hooks.of_type(recipe.method.method.peft_type).ranks if widths else ():
        layer, width = min(widths.items(), key=lambda item: min(item[1]))
        rank, limit = getattr(options, option), min(width)
        if rank > limit:
            raise AdapterError(
                say(
                    "Rank {} is too high for {}, which is {} × {}.", rank, layer, width.outputs, width.inputs
                ),
                say("Use at most {}, or exclude such layers.", limit),
                f"method.{option}",
            )


def peft_config(base: LoadedBase, recipe: Recipe, context: InitContext) -> Any:
    """Return PEFT's configuration of a recipe's method on a base model."""
    method = recipe.method.method
    settings = method.peft_settings(recipe.method.options)
    settings |= method_hooks.of_type(method.peft_type).settings(recipe.method.options, base, context)
    if "target_modules" in settings and settings["target_modules"] == [ALL_LINEAR]:
        settings["target_modules"] = ALL_LINEAR
    if "target_modules" in method.options.model_fields and settings.get("target_modules") is None:
        settings["target_modules"] = default_targets(base)
    config_class = PEFT_TYPE_TO_CONFIG_MAPPING[PeftType[method.peft_type]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return config_class(task_type=TASK_TYPES[base.family], **settings)


def public_name(model_id: str) -> str:
    """Return a base model's name in PEFT's file, without local paths; the starter has a name of its own there."""
    return "tunesmith-starter" if model_id == STARTER else recipes.public_name(model_id)


def _continue_from(model: PeftModel, base: LoadedBase, recipe: Recipe, adapter: Adapter) -> None:
    """Copy a finished adapter's parameters into the new one, so that training continues from it.

    Raises AdapterError for an adapter of another base model, method or setting: with another scaling, for example, its
    parameters would fit and mean something else.
    """
    refuse_other_base(base, adapter)
    own, other, method = model.peft_config[TRAINED], read_config(adapter), recipe.method.method
    if own.peft_type != other.peft_type:
        raise AdapterError(
            say("{} was made with {}, not {}.", adapter.name, adapter.metadata.method.title, method.title),
            "Choose its method to continue from it.",
            "method.start_from",
        )
    if changes_biases(other):
        raise AdapterError(
            say("{} has trained biases of the base model, which Tunesmith doesn't support.", adapter.name),
            "Start a new adapter, or use this one untrained.",
            "method.start_from",
        )
    for info in describe(method.options):
        values = (getattr(config, info.peft_name, None) for config in (own, other))
        value, needed = (sorted(each) if isinstance(each, (set, list, tuple)) else each for each in values)
        if info.peft_name not in TRAINING_SETTINGS and value != needed:
            raise AdapterError(
                say(
                    "{} was trained with another {}: {}, not {}.",
                    adapter.name,
                    info.title.lower(),
                    needed,
                    value,
                ),
                "Use its settings to continue from it.",
                f"method.{info.name}",
            )
    _set_tensors(model, TRAINED, _checked_tensors(model, TRAINED, adapter))


def load_adapter(base: LoadedBase, adapter: Adapter, model: PeftModel | None = None) -> PeftModel:
    """Return the base model with a finished adapter loaded, besides those that `model` has.

    Raises AdapterError for an adapter that is damaged, can run code or was made for another base model. The base model
    and the adapters loaded before are unchanged then.
    """
    refuse_other_base(base, adapter)
    name, config = adapter_name(adapter.id), read_config(adapter)
    try:
        with warnings.catch_warnings(), _restored_on_error(base.model):
            warnings.simplefilter("ignore")
            if model is None:
                model = get_peft_model(base.model, config, adapter_name=name)
            else:
                model.add_adapter(name, config)
    except (ValueError, TypeError, KeyError, RuntimeError) as error:
        raise AdapterError(
            say("{} doesn't fit {}: {}", adapter.name, base.options.id, first_line(error)),
            "Choose the base model it was made for.",
        ) from error
    try:
        tensors = _checked_tensors(model, name, adapter)
    except AdapterError:
        if len(model.peft_config) > 1:
            model.delete_adapter(name)
        else:
            detach(model)
        raise
    _set_tensors(model, name, tensors)
    model_patches.patch(model)
    return model.eval()


@contextmanager
def _restored_on_error(model: torch.nn.Module) -> Iterator[None]:
    """Restore every module if an adapter can't be attached: PEFT leaves the model half changed."""
    before = dict(model.named_modules(remove_duplicate=False))
    try:
        yield
    except BaseException:
        for path, module in before.items():
            if path and model.get_submodule(path) is not module:
                model.set_submodule(path, module)
        for path in dict(model.named_modules(remove_duplicate=False)).keys() - before.keys():
            parent, _, name = path.rpartition(".")
            if parent in before:
                delattr(before[parent], name)
        raise


def read_config(adapter: Adapter) -> Any:
    """Return an adapter's PEFT configuration, for inference. Raises AdapterError.

    Its content is checked before PEFT gets it, also for adapters outside of the library.
    """
    settings = import_checks.harmless_config(adapter.folder)
    _require_tuner(settings["peft_type"], adapter.name)
    if "prompt_tuning_init" in settings:
        # Otherwise PEFT would read what the configuration names: a tokenizer, or another adapter.
        settings |= {"prompt_tuning_init": "RANDOM", "tokenizer_name_or_path": None}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            config = peft.PeftConfig.from_peft_type(**settings)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise AdapterError(
            say("{} of {} can't be used: {}", CONFIG_NAME, adapter.name, str(error)[:300]),
            "It may need a later PEFT.",
        ) from error
    config.inference_mode = True
    return config


def changes_biases(config: Any) -> bool:
    """Return whether an imported adapter changes biases of the base model itself."""
    return bool(getattr(config, "bias", "none") != "none")


def replaces_weights(config: Any) -> bool:
    """Return whether an imported adapter replaces weights of the base model: biases, or modules trained whole."""
    return changes_biases(config) or bool(getattr(config, "modules_to_save", None))


def detach(model: PeftModel) -> None:
    """Remove all adapters from the base model. Prompt-learning methods add nothing to it."""
    if not model.active_peft_config.is_prompt_learning:
        model.unload()


def adapter_name(adapter_id: str) -> str:
    """Return an adapter's name inside a model, where dots are not allowed."""
    return adapter_id.replace(".", "_")


def refuse_other_base(base: LoadedBase, adapter: Adapter) -> None:
    """Raise AdapterError if an adapter was made for another base model."""
    made_for = adapter.metadata.base_model
    if not made_for.fingerprint or base_files.is_of(made_for.fingerprint, base.fingerprint):
        return
    if made_for.id == base.options.id:
        raise AdapterError(
            say("Files of {} changed since {} was trained.", made_for.id, adapter.name),
            "Choose the revision it was made for, or train it again.",
        )
    raise AdapterError(
        say("{} was made for {}, not for {}.", adapter.name, made_for.id, base.options.id),
        "Choose the base model it was made for.",
    )


def _checked_tensors(model: PeftModel, name: str, adapter: Adapter) -> dict[str, torch.Tensor]:
    """Return the tensors of an adapter's file. Raises AdapterError unless they are exactly the adapter's.

    PEFT loads tensors named like the base model's into the base, and only warns of missing ones.
    """
    own = get_peft_model_state_dict(model, adapter_name=name, save_embedding_layers=False)
    expected = {key: tuple(value.shape) for key, value in own.items()}
    stored = weight_shapes(adapter.folder / WEIGHTS_NAME)
    if stored != expected:
        different = sorted(set(stored.items()) ^ set(expected.items()))
        raise AdapterError(
            say("The weights of {} don't match, first at {}.", adapter.name, different[0][0]),
            "Choose the base model it was made for.",
        )
    try:
        return load_file(adapter.folder / WEIGHTS_NAME)
    except (OSError, SafetensorError) as error:
        raise AdapterError(
            say("{} of {} is damaged: {}.", WEIGHTS_NAME, adapter.name, error), "Copy or download it again."
        ) from error


def _set_tensors(model: PeftModel, name: str, tensors: dict[str, torch.Tensor]) -> None:
    """Set an adapter's parameters. PEFT warns of random matrices that are drawn again, as intended."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peft.set_peft_model_state_dict(model, tensors, adapter_name=name)


@contextmanager
def active(model: PeftModel, adapter_id: str | None) -> Iterator[None]:
    """Activate one adapter, or none for None."""
    if adapter_id is None:
        with model.disable_adapter(), rank_group.leaving_out_adapter():
            yield
    else:
        model.set_adapter(adapter_name(adapter_id))
        yield


def save_adapter(model: PeftModel, folder: Path) -> None:
    """Write the trained adapter in PEFT's format, without network access and local paths."""
    hooks = method_hooks.of(model)
    folder.mkdir(parents=True, exist_ok=True)
    # As PeftModel.save_pretrained writes them, which would hold all of them in the CPU's memory at once.
    tensor_file.write(hooks.saved_tensors(model), folder / WEIGHTS_NAME)
    config = copy.copy(hooks.saved_config(model))
    config.inference_mode = True
    config.save_pretrained(str(folder))
    _normalize_config(model.peft_config[TRAINED], folder)


def _normalize_config(config: PeftConfig, folder: Path) -> None:
    """Sort what PEFT keeps in sets, whose order differs between processes, so that equal adapters are equal files.

    A key of a later PEFT that Tunesmith does not know, and would refuse, is left out where it has PEFT's default.
    """
    path = folder / CONFIG_NAME
    settings = json.loads(path.read_text(encoding="utf-8"))
    defaults = defaults_of(PEFT_TYPE_TO_CONFIG_MAPPING[PeftType[settings["peft_type"]]])
    settings = {
        key: sorted(value) if isinstance(getattr(config, key, None), set) else value
        for key, value in settings.items()
        if peft_config_policy.is_harmless(settings, key) or value != defaults.get(key)
    }
    path.write_text(json.dumps(settings, indent=2, sort_keys=True), encoding="utf-8")


def defaults_of(config_class: Any) -> dict[str, Any]:
    """Return the default of each setting of a PEFT configuration."""
    return {
        field.name: field.default_factory() if callable(field.default_factory) else field.default
        for field in dataclasses.fields(config_class)
    }


def trainable_parameters(model: PeftModel) -> dict[str, torch.nn.Parameter]:
    """Return the trainable parameters by name."""
    return {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}


def all_tensors(model: PeftModel) -> dict[str, torch.Tensor]:
    """Return all parameters and buffers of base model and adapter by name."""
    return {**dict(model.named_parameters()), **dict(model.named_buffers())}


def count_parameters(model: PeftModel, base_parameters: int | None = None) -> tuple[int, int]:
    """Return the number of trainable and of all parameters; a packed 4-bit weight counts as its unpacked size.

    Copies of the base model's own parameters are not counted twice. With `base_parameters`, those of the base model are
    not counted.
    """
    trainable, everything = model.get_nb_trainable_parameters()
    if base_parameters is not None:
        everything = base_parameters + trainable
    copied = trainable if method_hooks.of(model).copies_base_parameters else 0
    return int(trainable), int(everything - copied)


def adapted_modules(model: PeftModel) -> list[str]:
    """Return the names of the modules that have an adapter, in the model's order."""
    return [name for name, module in model.named_modules() if isinstance(module, BaseTunerLayer)]


def adapted_facts(model: PeftModel) -> dict[str, Any]:
    """Return how many modules have an adapter, their names, and these with `*` for each number in them, counted."""
    paths = [name.split(".") for name in adapted_modules(model)]
    return {
        "matrices": len(paths),
        "targets": sorted({path[-1] for path in paths}),
        "adapted": dict(
            Counter(".".join("*" if part.isdigit() else part for part in path) for path in paths)
        ),
    }
