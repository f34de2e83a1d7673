"""Writes a folder that trains an adapter again without Tunesmith: a script, its examples and the versions it needs.

The script is made from a template by the same settings that a run is made from. Knows nothing of how a run is done.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from engine.adapters.library import Adapter
from engine.config import automatic
from engine.config.recipe import STARTER, Recipe, looks_like_path
from engine.config.training import total_steps
from engine.errors import AdapterError
from engine.messages import say
from engine.methods.soft_prompts import MultitaskPromptOptions, PrefixOptions, PromptOptions
from engine.system.script_templates import Code, python_template
from engine.worker.adapters import attach
from engine.worker.adapters.method_hooks import TRAINED, InitContext
from engine.worker.adapters.tuners.selective import SelectiveLayer
from engine.worker.dataset.collator import MIN_SORT_WINDOWS, SORT_WINDOW_STEPS
from engine.worker.dataset.dataset import Splits
from engine.worker.dataset.prompter import ChatPrompter, Prompter
from engine.worker.dataset.prompting import (
    make_prompter,
    prompt_facts,
    resolve_limits,
    training_examples,
    with_resolved_format,
)
from engine.worker.exports import merged_model, plain_prompt
from engine.worker.kernels.compat import CACHE
from engine.worker.modeling import base_files, base_models, meta_model
from engine.worker.modeling.base_models import LoadedBase
from engine.worker.runtime.channel import Channel
from engine.worker.training.optimizer import NO_DECAY, SCHEDULES

SCRIPT, EXAMPLES, REQUIREMENTS = "train.py", "train.jsonl", "requirements.txt"
LIBRARIES = ("torch", "transformers", "tokenizers", "peft", "numpy", "safetensors", "accelerate")
# What PEFT fills in by itself.
NOT_SET = {"peft_type", "peft_version", "auto_mapping", "base_model_name_or_path", "revision"}
NO_START = {"function": "", "text": ""}
DROPOUTS = ("dropout", "attention_dropout", "activation_dropout")
THRESHOLD = Code("llm_int8_threshold")
LOADERS = {"encoder-decoder": Code("AutoModelForSeq2SeqLM"), "decoder-only": Code("AutoModelForCausalLM")}
FALLS = {
    "linear": Code("falls linearly to 0"),
    "cosine": Code("falls along a cosine to 0"),
    "constant": Code("stays the same"),
}

Facts = dict[str, Any]


@dataclass(frozen=True)
class Base:
    """A base model without its weights; `has_other_head` tells that its configuration claims a tied head it has not."""

    loaded: LoadedBase
    revision: str
    has_other_head: bool


def read_base(adapter: Adapter, channel: Channel) -> Base:
    """Return the base model of an adapter. Raises AdapterError if it is gone or has changed since."""
    options = merged_model.base_options(adapter, adapter.metadata.base_model.precision)
    folder = base_models.folder_of(options, channel)
    tokenizer = base_models.read_tokenizer(folder, options.id)
    fingerprint = base_files.fingerprint(folder, options.id, channel)
    outline = meta_model.outline_of_folder(folder, options, tokenizer, fingerprint)
    claims_tied = bool(getattr(outline.config, "tie_word_embeddings", True))
    loaded = outline.without_weights(options, torch.device("cpu"), [])
    attach.refuse_other_base(loaded, adapter)
    # A folder of the hub's cache is named by the commit, which is what a branch was then.
    commit = folder.name if folder.parent.name == "snapshots" else ""
    return Base(loaded, commit or options.revision, outline.has_own_head and claims_tied)


def refuse_other_data(adapter: Adapter, splits: Splits) -> None:
    """Raise AdapterError if the conversations are not those that the adapter was trained on."""
    if adapter.metadata.data.fingerprint not in ("", splits.fingerprint):
        raise AdapterError(
            say("Conversations changed since {} was trained.", adapter.name),
            "Restore the files, or export as peft.",
        )


def write(folder: Path, adapter: Adapter, recipe: Recipe, source: Base, splits: Splits) -> int:
    """Write script, examples and versions into an empty folder; return the number of conversations in it."""
    base = source.loaded
    recipe = resolve_limits(with_resolved_format(recipe, base.tokenizer), base, splits)
    prompter = make_prompter(recipe, base, splits)
    examples = training_examples(recipe, splits)
    facts = {
        "has_own_head": source.has_other_head,
        **_base(recipe, base, source.revision),
        **_prompt(recipe, base, splits, prompter),
        **_training(adapter, recipe, len(examples)),
        # Last, since it attaches an adapter to the base.
        **_method(recipe, base),
    }
    rows = ({"conversation": each.conversation, "summary": each.summary} for each in examples)
    # In the versions that are installed, without the names of builds.
    quantized = recipe.base_model.quantization != "none" or recipe.training.optimizer.endswith("8bit")
    libraries = (*LIBRARIES, "bitsandbytes") if quantized else LIBRARIES
    texts = {
        SCRIPT: text(facts | {"name": adapter.name, "count": len(examples)}),
        EXAMPLES: "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows),
        REQUIREMENTS: "".join(f"{name}=={version(name).partition('+')[0]}\n" for name in libraries),
    }
    for name, content in texts.items():
        (folder / name).write_text(content, encoding="utf-8", newline="\n")
    return len(examples) + len(prompter.shots)


def text(facts: Facts) -> str:
    """Return the script of an adapter with these facts."""
    return python_template(f"script/{SCRIPT}.jinja").render(facts)


def _base(recipe: Recipe, base: LoadedBase, revision: str) -> Facts:
    options = base.options
    dtype = getattr(torch, base.precision)
    stored = base_models.quantization(options, dtype, torch.device("cpu"))
    bits = {
        Code(key): Code(getattr(torch, value)) if key.endswith("dtype") else value
        for key, value in (stored.to_diff_dict() if stored is not None else {}).items()
        if not key.startswith(("quant_method", "_"))
    }
    if THRESHOLD in bits:
        bits[THRESHOLD] = Code(f'{base_models.OUTLIER_THRESHOLD} if DEVICE == "cuda" else 0.0')
    return {
        "base_model": attach.public_name(options.id),
        "revision": revision,
        "is_local": options.id == STARTER or looks_like_path(options.id),
        "loader": LOADERS[base.family],
        "precision": Code(dtype),
        "quantization": bits,
        "is_encoder_decoder": base.family == "encoder-decoder",
        "checkpoints_activations": recipe.training.activation_checkpointing,
    }


def _prompt(recipe: Recipe, base: LoadedBase, splits: Splits, prompter: Prompter) -> Facts:
    facts = prompt_facts(recipe, splits, prompter.format)
    settings = plain_prompt.settings(prompter, base.tokenizer, base.family, facts, ())
    is_chat, end = isinstance(prompter, ChatPrompter), []
    if isinstance(prompter, ChatPrompter):
        end = prompter.turn_end
    elif base.family == "decoder-only":
        end = [base.tokenizer.eos_token_id]
    return {
        "before": settings["before"],
        "after": settings["after"],
        "special_tokens": settings["special_tokens"],
        "is_chat": is_chat,
        "lead": prompter.lead if isinstance(prompter, ChatPrompter) and base.family == "decoder-only" else "",
        # Of a plain prompt the tokenizer adds it for a decoder of its own.
        "end_of_summary": end,
        "max_conversation_tokens": recipe.data.max_conversation_tokens,
        "max_summary_tokens": recipe.data.max_summary_tokens or automatic.HIGHEST_LIMIT,
    }


def _training(adapter: Adapter, recipe: Recipe, examples: int) -> Facts:
    training, trained = recipe.training, adapter.metadata.training
    steps, _ = total_steps(examples, training)
    return {
        "seed": training.seed,
        "steps": trained.step,
        "total_steps": steps,
        "saved_step_is_best": training.keep == "best" and trained.step < steps and not trained.stopped,
        "batch_size": training.batch_size,
        "order": training.order,
        "sort_window_steps": SORT_WINDOW_STEPS,
        "min_sort_windows": MIN_SORT_WINDOWS,
        "learning_rate": adapter.metadata.method.learning_rate,
        "decay_matters": training.weight_decay > 0,
        "weight_decay": training.weight_decay,
        "no_decay": NO_DECAY.pattern,
        "optimizer": training.optimizer,
        "falls": FALLS[training.schedule],
        "schedule": SCHEDULES[training.schedule],
        "warmup_steps": math.ceil(steps * training.warmup),
        "max_gradient_norm": training.max_gradient_norm,
    }


def _method(recipe: Recipe, base: LoadedBase) -> Facts:
    """Return what is trained, and how it begins."""
    method = recipe.method.method
    # Settings that depend on the device are those of a run, whatever the base is on here.
    config = attach.peft_config(replace(base, device=torch.device("cpu")), recipe, InitContext())
    names = list(dict(base.model.named_parameters()))
    model = attach.attach(base, recipe)
    is_selective = method.group == "Selective" or method.id == "full"
    trained = [
        f"{path}.{name}"
        for path, layer in model.get_base_model().named_modules()
        if isinstance(layer, SelectiveLayer)
        for name in layer.values_of(TRAINED)
    ]
    described = {"name": Code(type(config).__name__), "settings": _settings(config)}
    return {
        "title": method.title,
        "config": None if is_selective else described,
        "trained": layer_patterns(trained, names) if is_selective else [],
        "virtual_tokens": method.tuner.virtual_tokens if method.tuner else "",
        "has_tasks": isinstance(recipe.method.options, MultitaskPromptOptions),
        "start": _start(recipe.method.options),
        "rate_factors": _rate_factors(model),
        "has_dropout": _has_dropout(model),
        "cache": Code(CACHE),
    }


def _settings(config: Any) -> dict[Code, Any]:
    """Return the settings of a PEFT configuration that are not PEFT's defaults."""
    settings = {}
    for name, default in attach.defaults_of(type(config)).items():
        value = getattr(config, name)
        value = sorted(value) if isinstance(value, set) else getattr(value, "value", value)
        if name not in NOT_SET and value != getattr(default, "value", default):
            settings[Code(name)] = value
    return settings


def layer_patterns(chosen: Sequence[str], names: Collection[str]) -> list[str]:
    """Return patterns that match the chosen names and no other, with * for the number of a block where possible."""
    selected = [name for name in names if name in set(chosen)]
    if len(selected) == len(names):
        return ["*"]
    patterns = []
    for name in selected:
        pattern = re.sub(r"(?<=\.)\d+(?=\.)", "*", name)
        matches = {other for other in names if fnmatchcase(other, pattern)}
        patterns.append(pattern if matches <= set(selected) else name)
    return list(dict.fromkeys(patterns))


def _start(options: Any) -> Facts:
    """Return the function that gives a soft prompt its first values, and what it takes; none where PEFT's are kept."""
    if isinstance(options, PrefixOptions):
        starts = options.init == "text" and not options.projection
        return {"function": Code("start_prefix"), "text": options.init_text} if starts else NO_START
    if not isinstance(options, PromptOptions):
        return NO_START
    text = options.init_text if options.init == "text" else ""
    is_multitask = isinstance(options, MultitaskPromptOptions)
    if options.init == "random" and not is_multitask:
        return NO_START
    function = Code("start_tasks" if is_multitask else "start_prompt")
    return {"function": function, "from": options.init, "text": text}


def _rate_factors(model: Any) -> dict[str, float]:
    """Return the factors of the learning rate by a part of the names that only the parameters with that factor have."""
    factors: Mapping[str, float] = model.learning_rate_factors
    trained = attach.trainable_parameters(model)
    by_factor: dict[float, list[list[str]]] = {}
    for name in trained:
        by_factor.setdefault(factors.get(name, 1.0), []).append(name.split("."))
    found = {}
    for factor, parts in by_factor.items():
        if factor != 1.0:
            others = (each for other in by_factor if other != factor for each in by_factor[other])
            own = set.intersection(*map(set, parts)) - {part for name in others for part in name}
            found[next(part for part in parts[0] if part in own)] = factor
    return found


def _has_dropout(model: Any) -> bool:
    """Return whether training leaves out anything by random numbers."""
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout) and module.p:
            return True
        if any(isinstance(getattr(module, name, None), float) and getattr(module, name) for name in DROPOUTS):
            return True
    return False
