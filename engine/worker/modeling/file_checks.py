"""Checks a base model's files: the sizes in its config.json before anything is built by them, and its weights.

A model with 100,000 layers takes half a minute to describe even without weights; one with a width of -1 or "64" ends in
an error of some library that names no field. transformers fills missing weights up with random ones and leaves surplus
ones out, with a line in the log: a model that is damaged, or described wrongly, would be trained and scored without a
word. Knows nothing of how a model is read.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from pathlib import Path, PurePath
from typing import Any

from transformers import PreTrainedModel

from engine.adapters.import_checks import weight_shapes
from engine.errors import AdapterError, BaseModelError
from engine.messages import counted, listed, say
from engine.system.foreign_files import FileKind, read_json
from engine.worker.runtime.channel import Channel

FIELD = "base_model.id"
HINT, AGAIN = (
    "Copy the original config.json.",
    "Download or copy the whole model again.",
)
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
WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"
NUMBER = re.compile(r"\d+")
# Position embeddings that are computed, not learned: files need not have them.
COMPUTED = "sinusoidal"
MAX_NAMES = 3


def require_possible(folder: Path, name: str) -> None:
    """Raise BaseModelError for a config.json that can't be read, holds impossible sizes, or names code to fetch."""
    require_own_files(folder, name)
    config = _read(folder / "config.json", name)
    _require_own_kernels(config, name, MAX_DEPTH)
    layers = _most_layers(config, name, MAX_DEPTH)
    try:
        stored = sum(len(weight_shapes(path)) for path in folder.glob("*.safetensors"))
    except AdapterError as error:
        raise BaseModelError(error.message, error.hint, FIELD) from error
    if stored and layers > stored:
        message = say(
            "The config.json of {} declares {:,} layers; the files have {:,} weights.", name, layers, stored
        )
        raise BaseModelError(message, HINT, FIELD)


def require_own_files(folder: Path, name: str) -> None:
    """Raise BaseModelError for a model folder that makes transformers read an adapter, or files of other names."""
    if (folder / ADAPTER).exists():
        message = say("{} also contains an adapter: {}.", name, ADAPTER)
        raise BaseModelError(message, say("Remove {}, and import the adapter separately.", ADAPTER), FIELD)
    for file, keys in OTHER_FILES.items():
        config = _read(folder / file, name) if (folder / file).exists() else {}
        for key in keys:
            if key in config:
                named = f"{key} = {str(config[key])[:100]}"
                hint = say("Remove {}, and give the files their usual names.", key)
                raise BaseModelError(
                    say("{} of {} says {}, which can't be checked.", file, name, named), hint, FIELD
                )


def _read(path: Path, name: str) -> dict[str, Any]:
    hint = say("Copy the original {}.", path.name)
    try:
        config = read_json(path, FileKind.MODEL_CONFIG)
    except (OSError, ValueError) as error:
        raise BaseModelError(
            say("{} of {} can't be read: {}.", path.name, name, error), hint, FIELD
        ) from error
    if not isinstance(config, dict):
        raise BaseModelError(say("{} of {} contains no configuration.", path.name, name), hint, FIELD)
    return config


def _most_layers(config: dict[str, Any], name: str, depth: int) -> int:
    """Return the largest number of layers in a configuration and its parts; raises for impossible sizes."""
    most = 0
    for key, value in config.items():
        if isinstance(value, dict) and depth:
            most = max(most, _most_layers(value, name, depth - 1))
        is_layers = LAYERS.fullmatch(key) is not None
        limit = MAX_LAYERS if is_layers else MAX_LABELS if key == LABELS else MAX_SIZE
        is_larger = isinstance(value, int) and value > limit and not NO_SIZES.search(key)
        # Many configurations leave a size to its default by null.
        if value is None or not (is_layers or SIZES.fullmatch(key) or is_larger):
            continue
        if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= limit:
            raise BaseModelError(
                say(
                    "The config.json of {} says {} = {}; allowed: 1 to {:,}.",
                    name,
                    key,
                    str(value)[:40],
                    limit,
                ),
                HINT,
                FIELD,
            )
        most = max(most, value if is_layers else 0)
    vocabulary = config.get("vocab_size")
    for key in ALWAYS_READ:
        token = config.get(key)
        if isinstance(vocabulary, int) and isinstance(token, int) and token >= vocabulary:
            message = say(
                "The config.json of {} says {} = {:,}, but there are {:,} tokens.",
                name,
                key,
                token,
                vocabulary,
            )
            raise BaseModelError(message, HINT, FIELD)
    return most


def _require_own_kernels(config: dict[str, Any], name: str, depth: int) -> None:
    """Refuse a configuration whose attention is computed by somebody's code from the hub: `owner/repository`."""
    for key, value in config.items():
        if key.endswith("_implementation") and "/" in str(value):
            message = say(
                "The config.json of {} says {} = {}, which would run code.", name, key, str(value)[:100]
            )
            raise BaseModelError(message, say("Remove {} from it.", key), FIELD)
        if isinstance(value, dict) and depth:
            _require_own_kernels(value, name, depth - 1)


# ------------------------------------------------------------------------------------------------------- the weights


def require_safetensors(folder: Path, name: str) -> None:
    """Raise BaseModelError unless the weights are safetensors files in the folder, by an index or all in one file."""
    path = folder / INDEX
    if not path.exists():
        if not (folder / WEIGHTS).is_file():
            hint = "Only safetensors files are accepted; others can run code."
            raise BaseModelError(say("{} has no {}.", name, WEIGHTS), hint, FIELD)
        return
    try:
        files = set(read_json(path, FileKind.WEIGHT_INDEX)["weight_map"].values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BaseModelError(say("{} of {} can't be read: {}.", INDEX, name, error), AGAIN, FIELD) from error
    for file in files:
        if not isinstance(file, str) or PurePath(file).name != file or not file.endswith(".safetensors"):
            raise BaseModelError(
                say("{} of {} names {}, which is no safetensors file.", INDEX, name, repr(str(file)[:100])),
                "Don't trust this model.",
                FIELD,
            )
    missing = sorted(file for file in files if not (folder / file).is_file())
    if missing:
        raise BaseModelError(say("{} lacks {}.", name, _listed(missing)), AGAIN, FIELD)


def require_complete(model: PreTrainedModel, loading: dict[str, Any], name: str, channel: Channel) -> None:
    """Raise BaseModelError if weights are missing, or there are more layers than the configuration says.

    `loading` is what transformers tells of reading them. Other surplus weights, such as another task's head, are a
    notice.
    """

    def is_computed(key: str) -> bool:
        return COMPUTED in type(model.get_submodule(key.rpartition(".")[0])).__name__.lower()

    missing = sorted(key for key in loading["missing_keys"] if not is_computed(key))
    if missing:
        raise BaseModelError(say("{} lacks {}: {}.", name, _counted(missing), _listed(missing)), AGAIN, FIELD)
    surplus = sorted(loading["unexpected_keys"])
    known = {NUMBER.sub("#", key) for key in model.state_dict()}
    layers = [key for key in surplus if NUMBER.sub("#", key) in known]
    if layers:
        raise BaseModelError(
            say("{} has {} of undeclared layers: {}.", name, _counted(layers), _listed(layers)),
            "Copy the original config.json.",
            FIELD,
        )
    if surplus:
        channel.notice(
            say(
                "{} has {} unused by a {} model: {}.",
                name,
                _counted(surplus),
                model.config.model_type,
                _listed(surplus),
            ),
            "They are ignored, which is fine for parts that process no text.",
        )


def _counted(names: Collection[str]) -> str:
    return counted(len(names), "weight")


def _listed(names: Iterable[str]) -> str:
    return listed((name[:100] for name in names), MAX_NAMES)
