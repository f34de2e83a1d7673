"""Says whether a base model's weight files hold the model that its configuration describes, all of it and no other.

transformers fills missing weights up with random ones and leaves surplus ones out, with a line in the log: a model that
is damaged, or described wrongly, would be trained and scored without a word. Knows nothing of how a model is read.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from pathlib import Path, PurePath
from typing import Any

from transformers import PreTrainedModel

from engine.errors import BaseModelError
from engine.system.foreign_files import FileKind, read_json
from engine.worker.runtime.channel import Channel

FIELD = "base_model.id"
WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"
HINT = "Download or copy the model again, with all its files."
NUMBER = re.compile(r"\d+")
# Position embeddings that are computed, not learned: files need not have them.
COMPUTED = "sinusoidal"
MAX_NAMES = 3


def require_safetensors(folder: Path, name: str) -> None:
    """Raise BaseModelError unless the weights are safetensors files in the folder, by an index or all in one file."""
    path = folder / INDEX
    if not path.exists():
        if not (folder / WEIGHTS).is_file():
            hint = "Its weights must be safetensors files: other formats can run code when they are loaded."
            raise BaseModelError(f"{name} has no {WEIGHTS}.", hint, FIELD)
        return
    try:
        files = set(read_json(path, FileKind.WEIGHT_INDEX)["weight_map"].values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BaseModelError(f"The {INDEX} of {name} can't be read: {error}.", HINT, FIELD) from error
    for file in files:
        if not isinstance(file, str) or PurePath(file).name != file or not file.endswith(".safetensors"):
            raise BaseModelError(
                f"The {INDEX} of {name} names {str(file)[:100]!r}, which is no safetensors file of its folder.",
                "Don't trust this model.",
                FIELD,
            )
    missing = sorted(file for file in files if not (folder / file).is_file())
    if missing:
        raise BaseModelError(f"{name} lacks {_listed(missing)}.", HINT, FIELD)


def require_complete(model: PreTrainedModel, loading: dict[str, Any], name: str, channel: Channel) -> None:
    """Raise BaseModelError if weights are missing, or there are more layers than the configuration says.

    `loading` is what transformers tells of reading them. Other surplus weights, such as another task's head, are a
    notice.
    """
    missing = sorted(key for key in loading["missing_keys"] if not _is_computed(model, key))
    if missing:
        raise BaseModelError(
            f"{name} lacks {_counted(missing)} that its config.json asks for: {_listed(missing)}.",
            HINT,
            FIELD,
        )
    surplus = sorted(loading["unexpected_keys"])
    known = {NUMBER.sub("#", key) for key in model.state_dict()}
    layers = [key for key in surplus if NUMBER.sub("#", key) in known]
    if layers:
        raise BaseModelError(
            f"{name} has {_counted(layers)} of layers that its config.json leaves out: {_listed(layers)}.",
            "The number of layers in config.json is wrong. Copy the original file.",
            FIELD,
        )
    if surplus:
        channel.notice(
            f"{name} has {_counted(surplus)} that a {model.config.model_type} model does not use: "
            f"{_listed(surplus)}.",
            "They are left out. That is as it should be for parts that read no text.",
        )


def _is_computed(model: PreTrainedModel, key: str) -> bool:
    return COMPUTED in type(model.get_submodule(key.rpartition(".")[0])).__name__.lower()


def _counted(names: Collection[str]) -> str:
    return "1 weight" if len(names) == 1 else f"{len(names):,} weights"


def _listed(names: Iterable[str]) -> str:
    listed = [name[:100] for name in names]
    rest = len(listed) - MAX_NAMES
    return ", ".join(listed[:MAX_NAMES]) + (f" and {rest:,} more" if rest > 0 else "")
