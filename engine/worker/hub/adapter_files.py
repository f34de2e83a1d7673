"""Which files of a repository make an adapter, and what a repository without them is. Downloads nothing."""

from __future__ import annotations

from collections.abc import Collection

from engine.adapters.import_checks import CONFIG_NAME, KINDS, WEIGHTS_NAME
from engine.adapters.metadata import FILE_NAME
from engine.errors import AdapterError

NAMES = tuple(KINDS)
# Weights that can run code when they are loaded.
PICKLES = (".bin", ".pt", ".pth", ".pkl", ".ckpt")
FIELD = "source"


def refuse_other(repo_id: str, names: Collection[str]) -> None:
    """Raise AdapterError unless a repository's files are an adapter's, with weights in the safetensors format."""
    if FILE_NAME in names and CONFIG_NAME not in names:
        # A prompt without weights.
        return
    if CONFIG_NAME not in names:
        raise AdapterError(f"{repo_id} is no adapter: it has no {CONFIG_NAME}.", _other(names), FIELD)
    if WEIGHTS_NAME not in names:
        pickles = [name for name in names if name.startswith("adapter_model.") and name.endswith(PICKLES)]
        message = f"The weights of {repo_id} are in {pickles[0]}, not in {WEIGHTS_NAME}."
        raise AdapterError(
            message if pickles else f"{repo_id} holds no {WEIGHTS_NAME}.",
            "Weights in .bin files can run code when they are loaded, so only safetensors are taken.",
            FIELD,
        )


def _other(names: Collection[str]) -> str:
    """Return what to do with a repository that is no adapter's."""
    if "config.json" in names:
        return "It is a model: a recipe can name it as its base model."
    below = sorted(name for name in names if name.endswith(f"/{CONFIG_NAME}"))
    if below:
        return f"It holds adapters in folders, such as {below[0]}. Fetch one yourself, and import its folder."
    return "Choose the repository of an adapter made by PEFT or Tunesmith."
