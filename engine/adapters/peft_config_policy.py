"""What PEFT's configuration of an adapter may say: the keys that each method may have, and how large numbers may be.

PEFT carries out what its configuration says while an adapter is loaded: it reads files and models that are named
there, allocates what is asked for, and lets patterns run over the names of a model's layers. So a stranger's is read
here first. Knows nothing of torch, and of the weights only the names and shapes that stand in their file's head.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.adapters.regex_policy import is_quick
from engine.errors import AdapterError

Shapes = Mapping[str, tuple[int, ...]]
# Whether a value is one that the key may have.
Rule = Callable[[Any], bool]

# Numbers beside the weights that training used, and what the widest of models come to.
MOST = 1_000_000
MOST_NAMES = 10_000
LONGEST_TEXT = 2_000
# A rank that stands in the configuration alone, its layers having others, is at most this, or so many times the file's.
FREE_SIZE = 64
TIMES_THE_FILE = 4
_NAME = re.compile(r"[\w.\-]{1,300}")
# Starting points that take something out of the base's own weights: other adapters on it would be wrong then.
CHANGES_THE_BASE = ("pissa", "olora", "corda", "loftq", "lora_ga", "kasa")


def _flag(value: Any) -> bool:
    return value is None or isinstance(value, bool)


def _number(value: Any) -> bool:
    if value is None:
        return True
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    # Neither NaN nor infinity is so small, and a whole number of any length can be compared.
    return is_number and abs(value) <= MOST


def _whole(value: Any) -> bool:
    return value is None or (isinstance(value, int) and _number(value))


def _size(value: Any) -> bool:
    return value is None or (_whole(value) and value >= 0)


def _text(value: Any) -> bool:
    return value is None or (isinstance(value, str) and len(value) <= LONGEST_TEXT)


def _texts(value: Any) -> bool:
    return value is None or (isinstance(value, list) and len(value) <= MOST_NAMES and all(map(_text, value)))


def _name(value: Any) -> bool:
    return isinstance(value, str) and _NAME.fullmatch(value) is not None


def _names(value: Any) -> bool:
    """One name or several, as they stand in a model."""
    if value is None or _name(value):
        return True
    return isinstance(value, list) and len(value) <= MOST_NAMES and all(map(_name, value))


def _modules(value: Any) -> bool:
    """Names, or a pattern for whole names."""
    return _names(value) or (isinstance(value, str) and is_quick(value))


def _layers(value: Any) -> bool:
    if isinstance(value, list):
        return len(value) <= MOST_NAMES and all(each is not None and _whole(each) for each in value)
    return _whole(value)


def _by_pattern(rule: Rule) -> Rule:
    def is_table(value: Any) -> bool:
        if value is None:
            return True
        if not isinstance(value, dict) or len(value) > MOST_NAMES:
            return False
        return all((_name(key) or is_quick(key)) and rule(one) for key, one in value.items())

    return is_table


def _kept_ranks(value: Any) -> bool:
    """A rank, or for each of its parts whether it was kept."""
    if isinstance(value, list):
        return len(value) <= MOST and all(isinstance(each, bool) for each in value)
    return _size(value)


def _one_of(*words: Any) -> Rule:
    return lambda value: value is None or any(value is word or value == word for word in words)


def _unused(value: Any) -> bool:
    """Nothing: what Tunesmith does not do, and what names files, models or code."""
    return value is None or value is False or value in ({}, [])


def _start(value: Any) -> bool:
    return isinstance(value, bool) or value in (None, "gaussian", "eva", "orthogonal")


_EVERY: Mapping[str, Rule] = {
    "peft_type": _text,
    "task_type": _text,
    "peft_version": _text,
    "base_model_name_or_path": _text,
    "revision": _text,
    "inference_mode": _flag,
    "auto_mapping": _unused,
    "modules_to_save": _names,
}
_LAYERED: Mapping[str, Rule] = {
    **_EVERY,
    "target_modules": _modules,
    "exclude_modules": _modules,
    "layers_to_transform": _layers,
    "layers_pattern": _names,
    "fan_in_fan_out": _flag,
    "bias": _text,
    "init_weights": _flag,
    "r": _size,
}
_LORA: Mapping[str, Rule] = {
    **_LAYERED,
    "lora_alpha": _number,
    "lora_dropout": _number,
    "use_rslora": _flag,
    "use_dora": _flag,
    "lora_bias": _flag,
    "init_lora_weights": _start,
    "rank_pattern": _by_pattern(_size),
    "alpha_pattern": _by_pattern(_number),
    "megatron_core": _one_of("megatron.core"),
    "qalora_group_size": _number,
    "ensure_weight_tying": _flag,
    # A record of how its numbers began; only a run reads it.
    "eva_config": lambda value: value is None or isinstance(value, dict),
    "runtime_config": _one_of({}, {"ephemeral_gpu_offload": False}),
    **dict.fromkeys(
        (
            "megatron_config", "trainable_token_indices", "loftq_config", "corda_config", "lora_ga_config",
            "velora_config", "alora_invocation_tokens", "use_qalora", "monteclora_config", "layer_replication",
            "target_parameters", "use_bdlora", "arrow_config", "kasa_config",
        ),
        _unused,
    ),
}  # fmt: skip
_PRODUCTS: Mapping[str, Rule] = {
    **_LAYERED,
    "alpha": _number,
    "rank_dropout": _number,
    "module_dropout": _number,
    "use_effective_conv2d": _flag,
    "rank_pattern": _by_pattern(_size),
    "alpha_pattern": _by_pattern(_number),
}
_PROMPT: Mapping[str, Rule] = {
    **_EVERY,
    "num_virtual_tokens": _size,
    "token_dim": _size,
    "num_transformer_submodules": _size,
    "num_attention_heads": _size,
    "num_layers": _size,
}
_WRITTEN_PROMPT: Mapping[str, Rule] = {
    **_PROMPT,
    # Any way to begin will do: the finished prompt takes its place, and nothing is read for it.
    "prompt_tuning_init": _text,
    "prompt_tuning_init_text": _text,
    "tokenizer_name_or_path": _text,
    "tokenizer_kwargs": _unused,
}


def _and(**rules: Rule) -> Mapping[str, Rule]:
    return {**_LAYERED, **rules}


KEYS: Mapping[str, Mapping[str, Rule]] = {
    "LORA": _LORA,
    "ADALORA": {
        **_LORA,
        "rank_pattern": _by_pattern(_kept_ranks),
        **dict.fromkeys(("target_r", "init_r", "tinit", "tfinal", "deltaT", "total_step"), _size),
        **dict.fromkeys(("beta1", "beta2", "orth_reg_weight"), _number),
    },
    "LOHA": _PRODUCTS,
    "LOKR": {
        **_PRODUCTS,
        "init_weights": _one_of(True, False, "lycoris"),
        "decompose_both": _flag,
        "decompose_factor": _whole,
        "rank_dropout_scale": _flag,
    },
    "VERA": _and(projection_prng_key=_whole, save_projection=_flag, vera_dropout=_number, d_initial=_number),
    "VBLORA": _and(
        num_vectors=_size,
        vector_length=_size,
        topk=_size,
        save_only_topk_weights=_flag,
        vblora_dropout=_number,
        init_vector_bank_bound=_number,
        init_logits_std=_number,
    ),
    "RANDLORA": _and(
        projection_prng_key=_whole,
        save_projection=_flag,
        sparse=_flag,
        very_sparse=_flag,
        randlora_dropout=_number,
        randlora_alpha=_number,
    ),
    "MISS": _and(miss_dropout=_number, mini_r=_size, init_weights=_one_of(True, False, "bat", "mini")),
    "GRALORA": _and(hybrid_r=_size, alpha=_number, gralora_dropout=_number, gralora_k=_size),
    "DELORA": _and(
        delora_lambda=_number,
        module_dropout=_number,
        rank_pattern=_by_pattern(_size),
        lambda_pattern=_by_pattern(_number),
    ),
    "OFT": _and(
        oft_block_size=_size,
        module_dropout=_number,
        coft=_flag,
        eps=_number,
        block_share=_flag,
        use_cayley_neumann=_flag,
        num_cayley_neumann_terms=lambda value: _size(value) and (value or 0) <= FREE_SIZE,
    ),
    "BOFT": _and(
        boft_block_size=_size, boft_block_num=_size, boft_n_butterfly_factor=_size, boft_dropout=_number
    ),
    "HRA": _and(apply_GS=_flag),
    "FOURIERFT": _and(
        n_frequency=_size, scaling=_number, random_loc_seed=_whole, n_frequency_pattern=_by_pattern(_size)
    ),
    "C3A": _and(
        block_size=_size,
        block_size_pattern=_by_pattern(_size),
        init_weights=_one_of(True, False, "gaussian", "kaiming_uniform", "xavier_uniform"),
    ),
    "SHIRA": _and(mask_type=_one_of("random"), random_seed=_whole),
    "IA3": _and(feedforward_modules=_modules, init_ia3_weights=_flag),
    "BOTTLENECK": _and(size=_size, placement=_text, activation=_text, dropout=_number, scale=_number),
    "SELECTIVE": _and(selection=_text, last_blocks=_size, patterns=_texts),
    "PROMPT_TUNING": _WRITTEN_PROMPT,
    "MULTITASK_PROMPT_TUNING": {
        **_WRITTEN_PROMPT,
        "prompt_tuning_init_state_dict_path": _unused,
        "prompt_tuning_init_task": _size,
        "num_ranks": _size,
        "num_tasks": _size,
    },
    "PREFIX_TUNING": {
        **_PROMPT,
        "init_weights": _one_of("zero"),
        "encoder_hidden_size": _size,
        "prefix_projection": _flag,
    },
    "P_TUNING": {
        **_PROMPT,
        "encoder_reparameterization_type": _text,
        "encoder_hidden_size": _size,
        "encoder_num_layers": lambda value: _size(value) and (value or 0) <= FREE_SIZE,
        "encoder_dropout": _number,
    },
}


# Which part of a tensor's name is a method's own; all else would be the base model's.
PREFIXES: Mapping[str, tuple[str, ...]] = {
    "LORA": ("lora_",),
    "ADALORA": ("lora_", "ranknum"),
    "LOHA": ("hada_",),
    **{
        name: (f"{name.lower()}_",)
        for name in (
            "LOKR", "VERA", "VBLORA", "RANDLORA", "MISS", "GRALORA", "DELORA", "OFT", "BOFT", "HRA", "FOURIERFT",
            "C3A", "SHIRA", "IA3", "BOTTLENECK", "SELECTIVE",
        )
    },
}  # fmt: skip
PROMPT_TENSORS = ("prompt_embeddings", "prefix_task_cols", "prefix_task_rows")
# By which side of which tensor a size is to be recognised; sizes of other methods are cut to the base's own layers.
SIDES: Mapping[str, Mapping[str, tuple[tuple[str, int], ...]]] = {
    "LORA": dict.fromkeys(("r", "rank_pattern"), (("lora_A", 0), ("lora_embedding_A", 0))),
    "ADALORA": dict.fromkeys(("r", "init_r", "rank_pattern"), (("lora_A", 0),)),
    "LOHA": dict.fromkeys(("r", "rank_pattern"), (("hada_w1_b", 0),)),
    "VERA": {"r": (("vera_lambda_d", 0),)},
    "VBLORA": {
        "r": (("vblora_logits_A", 0),),
        "num_vectors": (("vblora_vector_bank", 0),),
        "vector_length": (("vblora_vector_bank", 1),),
        "topk": (("vblora_vector_bank", 0),),
    },
    "RANDLORA": {"r": (("randlora_lambda", 0),)},
    "MISS": {"r": (("miss_block", 0),)},
    "GRALORA": {
        "r": (("gralora_A", 2),),
        "hybrid_r": (("gralora_A", 2), ("gralora_A_general", 0)),
        "gralora_k": (("gralora_A", 0),),
    },
    "DELORA": dict.fromkeys(("r", "rank_pattern"), (("delora_A", 0),)),
    "BOFT": {
        "boft_n_butterfly_factor": (("boft_R", 0),),
        "boft_block_num": (("boft_R", 1),),
        "boft_block_size": (("boft_R", 2),),
    },
    "HRA": {"r": (("hra_u", 1),)},
    "BOTTLENECK": {"size": (("bottleneck_down", 0),)},
    **{
        name: {
            "num_virtual_tokens": (("prompt_embeddings", 0),),
            "token_dim": (("prompt_embeddings", 1),),
            "num_layers": (("prompt_embeddings", 1),),
            "num_transformer_submodules": (("prompt_embeddings", 0),),
            "num_tasks": (("prefix_task_cols", 0),),
            "num_ranks": (("prefix_task_cols", 2),),
        }
        for name in ("PROMPT_TUNING", "MULTITASK_PROMPT_TUNING", "PREFIX_TUNING", "P_TUNING")
    },
}


def require_known(config: Mapping[str, Any], name: str) -> None:
    """Raise AdapterError for a method, a key or a value that is not on the list; `name` is the adapter's."""
    peft_type = str(config["peft_type"])
    keys = KEYS.get(peft_type)
    if keys is None:
        raise AdapterError(
            f"{name} was made with {peft_type[:60]}, which Tunesmith does not use.",
            "`main.py methods` lists the methods that it does.",
        )
    for key, value in config.items():
        # Later versions of PEFT write keys for what this adapter does not use.
        if not keys.get(key, _unused)(value):
            raise _refused(name, key, value, known=key in keys)


def _refused(name: str, key: str, value: Any, *, known: bool) -> AdapterError:
    shown = repr(value)[:80]
    if key == "init_lora_weights" and str(value).startswith(CHANGES_THE_BASE):
        return AdapterError(
            f"{name} began with {shown}, which changes the base model itself.",
            "Convert it to a plain LoRA where it was made: PEFT's save_pretrained does, given the adapter's beginning "
            "as path_initial_model_for_weight_conversion.",
        )
    what = "is not taken" if known else "is not known"
    return AdapterError(
        f"The configuration of {name} says {key[:60]} = {shown}, which {what}.",
        "Settings may name no files or code, and have numbers as adapters have. Remove it if you trust the adapter.",
    )


def require_own_weights(config: Mapping[str, Any], shapes: Shapes, name: str) -> None:
    """Raise AdapterError for tensors that are not the method's, and for sizes that the weights do not have.

    To be called before anything is allocated; that each tensor fits its layer is only seen on the model.
    """
    odd = next((key for key in shapes if not _is_own(key, config)), None)
    if odd is not None:
        raise AdapterError(
            f"The weights of {name} hold {odd[:200]}, which is no part of {_an_adapter(config)}.",
            "It could overwrite the base model, so it is not loaded. Export the adapter again.",
        )
    for key, sides in SIDES.get(str(config["peft_type"]), {}).items():
        held = _longest(shapes, sides)
        asked = _largest(config.get(key))
        if asked > max(FREE_SIZE, TIMES_THE_FILE * held):
            raise AdapterError(
                f"The configuration of {name} says {key} = {asked:,}, but its weights hold {held:,}.",
                "Copy or export the adapter again.",
            )
    _require_moderate_prefix(config, shapes, name)


def _require_moderate_prefix(config: Mapping[str, Any], shapes: Shapes, name: str) -> None:
    """A prefix is as wide as its layers together: each number by itself may be moderate and their product not."""
    if config["peft_type"] != "PREFIX_TUNING":
        return
    wanted = 2 * _largest(config.get("num_layers")) * _largest(config.get("token_dim"))
    held = _longest(shapes, (("prompt_embeddings", 1),))
    if wanted > TIMES_THE_FILE * held:
        raise AdapterError(
            f"The configuration of {name} asks for a prefix {wanted:,} wide, but its weights are {held:,} wide.",
            "Copy or export the adapter again.",
        )


def _an_adapter(config: Mapping[str, Any]) -> str:
    return f"an adapter of {config['peft_type']}"


def _is_own(key: str, config: Mapping[str, Any]) -> bool:
    prefixes = PREFIXES.get(str(config["peft_type"]))
    parts = key.split(".")
    if prefixes is None:
        return key in PROMPT_TENSORS or _is_saved(parts, config)
    if any(part.startswith(prefixes) for part in parts):
        return True
    biases = parts[-1] == "bias" and str(config.get("bias") or "none") != "none"
    return biases or _is_saved(parts, config)


def _is_saved(parts: Sequence[str], config: Mapping[str, Any]) -> bool:
    """Tell whether a tensor is of a module that the adapter has a copy of its own of."""
    named = config.get("modules_to_save") or []
    saved = [named] if isinstance(named, str) else named
    path = f".{'.'.join(parts)}."
    return any(f".{module}." in path for module in saved)


def _longest(shapes: Shapes, sides: Sequence[tuple[str, int]]) -> int:
    found = [
        shape[side]
        for key, shape in shapes.items()
        for part, side in sides
        if part in key.split(".") and side < len(shape)
    ]
    return max(found, default=0)


def _largest(value: Any) -> int:
    if isinstance(value, dict):
        return max(map(_largest, value.values()), default=0)
    if isinstance(value, list):
        return len(value)
    return value if isinstance(value, int) else 0
