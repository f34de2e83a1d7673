"""What a base model's configuration tells about it without torch: its family, its type, its limits.

Knows nothing of the hub; a model that is not on this computer has no facts.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from engine.methods.base import BaseFacts, Family, Quantization

# What configurations call the wish for biases that a kind of models does not have otherwise.
BIAS_FLAGS = ("attention_bias", "mlp_bias", "use_bias")


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
    return BaseFacts(quantization=quantization) if config is None else of(config, quantization)


def of(config: dict[str, Any], quantization: Quantization) -> BaseFacts:
    """Return what a configuration says of a model, as it would be loaded."""
    biases = any(config.get(flag) is True for flag in BIAS_FLAGS)
    return BaseFacts(_family(config), _model_type(config), quantization, positions(config), biases)


def positions(config: dict[str, Any]) -> int | None:
    """Return how many tokens a model takes; None for T5, which takes any number, whatever its older files say."""
    found = config.get("max_position_embeddings", config.get("n_positions"))
    limited = isinstance(found, int) and found > 0 and "t5" not in _model_type(config)
    return found if limited else None


def _model_type(config: dict[str, Any]) -> str:
    found = config.get("model_type")
    return found if isinstance(found, str) else ""


def _family(config: dict[str, Any]) -> Family:
    return "encoder-decoder" if config.get("is_encoder_decoder") else "decoder-only"
