"""Reads a base model's config.json without torch: family, model type and context window.

Knows nothing of the hub, so only of models on this computer.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.errors import Problem
from engine.methods.base import BaseFacts, Family, Quantization
from engine.system.foreign_files import FileKind, read_json

# Keys that ask for biases in models that have none by default.
BIAS_FLAGS = ("attention_bias", "mlp_bias", "use_bias")


def read_config(folder: Path) -> dict[str, Any] | None:
    """Return the configuration in a model folder, None if there is no readable one."""
    try:
        config = read_json(folder / "config.json", FileKind.MODEL_CONFIG)
    except (OSError, ValueError):
        return None
    return config if isinstance(config, dict) else None


def config_error(folder: Path) -> str:
    """Return why the configuration in a model folder can't be read, "" if it can or if there is none."""
    try:
        read_json(folder / "config.json", FileKind.MODEL_CONFIG)
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        return str(error.strerror if isinstance(error, OSError) else error)
    return ""


def problems(folder: Path, name: str, precision: str) -> tuple[Problem, ...]:
    """Return why the base model `name` in a folder can't be used in a precision."""
    config = read_config(folder)
    if config is None:
        hint = "A model folder holds config.json and model.safetensors."
        why = config_error(folder)
        message = f"The config.json of {name} can't be read: {why}." if why else ""
        return (Problem("base_model.id", message or f"There is no model in {name}.", hint),)
    if precision == "float16" and "t5" in _model_type(config):
        return (Problem("base_model.precision", "T5 overflows in float16.", "Use bfloat16."),)
    return ()


def read(folder: Path, quantization: Quantization) -> BaseFacts:
    """Return what is known of the model in a folder, loaded with a quantization."""
    config = read_config(folder)
    return BaseFacts(quantization=quantization) if config is None else of(config, quantization)


def of(config: dict[str, Any], quantization: Quantization) -> BaseFacts:
    """Return what a configuration says of a model, loaded with a quantization."""
    biases = any(config.get(flag) is True for flag in BIAS_FLAGS)
    return BaseFacts(family(config), _model_type(config), quantization, positions(config), biases)


def family(config: dict[str, Any]) -> Family:
    """Return the family of a model that generates text."""
    return "encoder-decoder" if config.get("is_encoder_decoder") else "decoder-only"


def text_family(folder: Path) -> Family | None:
    """Return the family of the model in a folder, None if it generates no text or can't be read."""
    config = read_config(folder) or {}
    if config.get("is_encoder_decoder"):
        return "encoder-decoder"
    names = config.get("architectures")
    texts = [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
    return "decoder-only" if any(name.endswith(("ForCausalLM", "LMHeadModel")) for name in texts) else None


def positions(config: dict[str, Any]) -> int | None:
    """Return the context window in tokens; None for T5, which has none, whatever its older files say."""
    limit = config.get("max_position_embeddings", config.get("n_positions"))
    limited = isinstance(limit, int) and limit > 0 and "t5" not in _model_type(config)
    return limit if limited else None


def _model_type(config: dict[str, Any]) -> str:
    model_type = config.get("model_type")
    return model_type if isinstance(model_type, str) else ""
