"""What a base model's folder tells about it without torch: its family and its type, from its configuration.

Knows nothing of the hub; a model that is not on this computer has no facts.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from engine.methods.base import BaseFacts, Family, Quantization


def read_config(folder: Path) -> dict[str, Any] | None:
    """Return a model folder's configuration, None without a readable one."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return config if isinstance(config, dict) else None


def read(folder: Path, quantization: Quantization) -> BaseFacts:
    """Return what is known of the model in a folder, as it would be loaded."""
    config = read_config(folder)
    if config is None:
        return BaseFacts(quantization=quantization)
    model_type = config.get("model_type")
    model_type = model_type if isinstance(model_type, str) else ""
    return BaseFacts(_family(config), model_type, quantization, _positions(config, model_type))


def _positions(config: dict[str, Any], model_type: str) -> int | None:
    """Return how many tokens the model takes. T5 takes any number, whatever its older files say."""
    found = config.get("max_position_embeddings", config.get("n_positions"))
    return found if isinstance(found, int) and "t5" not in model_type else None


def _family(config: dict[str, Any]) -> Family:
    return "encoder-decoder" if config.get("is_encoder_decoder") else "decoder-only"
