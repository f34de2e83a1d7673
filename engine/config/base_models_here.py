"""The base models that are on this computer, beside the bundled one. Read from folders, without a worker."""

from __future__ import annotations

from engine.config import gguf_models, model_info
from engine.system import hub_cache


def ids() -> list[str]:
    """Return the models of the hub that were fetched and write text, and the GGUF files that were unpacked."""
    fetched = [name for name, folder in hub_cache.cached_models() if model_info.text_family(folder)]
    return [*fetched, *(path for path, _folder in gguf_models.unpacked())]
