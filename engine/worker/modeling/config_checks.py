"""Checks the sizes in a base model's config.json before anything is built by them, and that it names no other files.

A model with 100,000 layers takes half a minute to describe even without weights; one with a width of -1 or "64" ends in
an error of some library that names no field. Knows nothing of kinds of models.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from engine.adapters.import_checks import weight_shapes
from engine.errors import AdapterError, BaseModelError
from engine.system.foreign_files import FileKind, read_json

FIELD = "base_model.id"
HINT = "Copy the model's original config.json."
# More than any known model has, by far.
MAX_LAYERS = 1_000
MAX_SIZE = 50_000_000
LAYERS = re.compile(r"num_(?:hidden_|decoder_|encoder_)?layers|n_layers?|(?:en|de)coder_layers")
SIZES = re.compile(
    r"hidden_size|d_model|n_embd|d_ff|d_kv|n_inner|intermediate_size|head_dim|vocab_size|n_head|num_heads"
    r"|num_(?:attention|key_value)_heads|(?:en|de)coder_(?:ffn_dim|attention_heads)|n_positions"
    r"|max_position_embeddings"
)
# Each gets a name of its own in the configuration.
LABELS, MAX_LABELS = "num_labels", 100_000
# Of any other whole number, such as a number of buckets, a table may be made. These are none of tables.
NO_SIZES = re.compile(r"theta|base|seed|_ids?$|^transformers_version$")
# Tokens that a model reads whatever the text is.
ALWAYS_READ = ("decoder_start_token_id", "pad_token_id")
# Keys by which transformers reads other files than those that are checked and that the fingerprint covers.
OTHER_FILES = {
    "config.json": ("transformers_weights", "configuration_files"),
    "tokenizer_config.json": ("fast_tokenizer_files",),
}
# Where it is, transformers attaches the adapter beside it, whatever it asks for.
ADAPTER = "adapter_config.json"
# The configuration of a part, such as the text model of one that also sees, is nested so deeply at most.
MAX_DEPTH = 4


def require_possible(folder: Path, name: str) -> None:
    """Raise BaseModelError for a config.json that can't be read, holds impossible sizes, or names code to fetch."""
    require_own_files(folder, name)
    config = _read(folder / "config.json", name)
    _require_own_kernels(config, name, MAX_DEPTH)
    layers = _most_layers(config, name, MAX_DEPTH)
    stored = _stored_weights(folder)
    if stored and layers > stored:
        raise BaseModelError(
            f"The config.json of {name} asks for {layers:,} layers, and there are {stored:,} weights.",
            HINT,
            FIELD,
        )


def require_own_files(folder: Path, name: str) -> None:
    """Raise BaseModelError for a model folder that makes transformers read an adapter, or files of other names."""
    if (folder / ADAPTER).exists():
        message = f"{name} holds an adapter beside the model: {ADAPTER}."
        raise BaseModelError(message, f"Remove {ADAPTER} from it, and import the adapter on its own.", FIELD)
    for file, keys in OTHER_FILES.items():
        config = _read(folder / file, name) if (folder / file).exists() else {}
        for key in keys:
            if key in config:
                message = (
                    f"The {file} of {name} says {key} = {str(config[key])[:100]}: files that nothing checks."
                )
                raise BaseModelError(
                    message, f"Remove {key} from it, and give the files their usual names.", FIELD
                )


def _read(path: Path, name: str) -> dict[str, Any]:
    try:
        config = read_json(path, FileKind.MODEL_CONFIG)
    except (OSError, ValueError) as error:
        raise BaseModelError(
            f"The {path.name} of {name} can't be read: {error}.",
            f"Copy the model's original {path.name}.",
            FIELD,
        ) from error
    if not isinstance(config, dict):
        raise BaseModelError(
            f"The {path.name} of {name} holds no configuration.",
            f"Copy the model's original {path.name}.",
            FIELD,
        )
    return config


def _most_layers(config: dict[str, Any], name: str, depth: int) -> int:
    """Return the largest number of layers in a configuration and its parts; raises for impossible sizes."""
    most = 0
    for key, value in config.items():
        if isinstance(value, dict) and depth:
            most = max(most, _most_layers(value, name, depth - 1))
        is_layers = LAYERS.fullmatch(key) is not None
        limit = MAX_LAYERS if is_layers else MAX_LABELS if key == LABELS else MAX_SIZE
        # Many configurations leave a size to its default by null.
        if value is None or not (is_layers or SIZES.fullmatch(key) or _is_larger(key, value, limit)):
            continue
        if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= limit:
            raise BaseModelError(
                f"The config.json of {name} says {key} = {str(value)[:40]}, which is no number from 1 to {limit:,}.",
                HINT,
                FIELD,
            )
        most = max(most, value if is_layers else 0)
    _require_tokens_there(config, name)
    return most


def _require_own_kernels(config: dict[str, Any], name: str, depth: int) -> None:
    """Refuse a configuration whose attention is computed by somebody's code from the hub: `owner/repository`."""
    for key, value in config.items():
        if key.endswith("_implementation") and "/" in str(value):
            message = f"The config.json of {name} says {key} = {str(value)[:100]}: code that would be fetched and run."
            raise BaseModelError(message, f"Remove {key} from it.", FIELD)
        if isinstance(value, dict) and depth:
            _require_own_kernels(value, name, depth - 1)


def _require_tokens_there(config: dict[str, Any], name: str) -> None:
    size = config.get("vocab_size")
    for key in ALWAYS_READ:
        token = config.get(key)
        if isinstance(size, int) and isinstance(token, int) and token >= size:
            raise BaseModelError(
                f"The config.json of {name} says {key} = {token:,}, and there are {size:,} tokens.",
                HINT,
                FIELD,
            )


def _is_larger(key: str, value: Any, limit: int) -> bool:
    return isinstance(value, int) and value > limit and not NO_SIZES.search(key)


def _stored_weights(folder: Path) -> int:
    """Return how many tensors a model folder's files hold, 0 without files; raises for a damaged one."""
    try:
        return sum(len(weight_shapes(path)) for path in folder.glob("*.safetensors"))
    except AdapterError as error:
        raise BaseModelError(error.message, error.hint, FIELD) from error
