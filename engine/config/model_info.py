"""What is known of base models without torch: what a config.json says, the shipped catalogue, and which are here.

The catalogue has well-known models of the hub with their shapes, so that a run can be planned before anything is
downloaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, PositiveInt

from engine.config import gguf_models
from engine.errors import Problem
from engine.messages import say
from engine.methods.base import BaseFacts, Family, Quantization
from engine.system import hub_cache
from engine.system.foreign_files import FileKind, read_json, read_toml
from engine.system.paths import base_models_file

# Keys that ask for biases in models that have none by default.
BIAS_FLAGS = ("attention_bias", "mlp_bias", "use_bias")


def read_config(folder: Path) -> dict[str, Any] | None:
    """Return the configuration in a model folder, None if there is no readable one."""
    try:
        config = read_json(folder / "config.json", FileKind.MODEL_CONFIG)
    except (OSError, ValueError):
        return None
    return config if isinstance(config, dict) else None


def problems(folder: Path, name: str, precision: str) -> tuple[Problem, ...]:
    """Return why the base model `name` in a folder can't be used in a precision."""
    message = say("{} contains no model.", name)
    config: Any = None
    try:
        config = read_json(folder / "config.json", FileKind.MODEL_CONFIG)
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        message = say("The config.json of {} can't be read: {}.", name, why)
    if not isinstance(config, dict):
        hint = "A model folder contains config.json and model.safetensors."
        return (Problem("base_model.id", message, hint),)
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


# The catalogue


class CatalogueModel(BaseModel, frozen=True, extra="forbid"):
    """A base model of the hub; the file's head says what each key means."""

    id: str
    parameters: PositiveInt
    languages: tuple[str, ...]
    language_count: int = 0
    licence: str
    context: PositiveInt | None = None
    download_bytes: PositiveInt
    chat: bool = False
    gated: bool = False
    shape: Mapping[str, Any]

    @property
    def family(self) -> Family:
        """Encoder-decoder or decoder-only."""
        return family(dict(self.shape))

    def as_dict(self) -> dict[str, Any]:
        """Return the facts that are shown to people."""
        return {**self.model_dump(exclude={"shape"}, mode="json"), "family": self.family}


class _File(BaseModel, extra="forbid"):
    model: tuple[CatalogueModel, ...]


@cache
def catalogue() -> tuple[CatalogueModel, ...]:
    """Return all models of the catalogue, small ones first."""
    found = _File.model_validate(read_toml(base_models_file(), FileKind.MODEL_CONFIG)).model
    return tuple(sorted(found, key=lambda model: model.parameters))


def in_catalogue(model_id: str, revision: str = "main") -> CatalogueModel | None:
    """Return a model of the catalogue; another revision than the main one may have another shape."""
    return next((model for model in catalogue() if model.id == model_id and revision == "main"), None)


def ids_here() -> list[str]:
    """Return the models of the hub that were fetched and write text, and the GGUF files that were unpacked."""
    fetched = [name for name, folder in hub_cache.cached_models() if text_family(folder)]
    return [*fetched, *(path for path, _folder in gguf_models.unpacked())]
