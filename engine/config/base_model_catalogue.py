"""The catalogue of base models: well-known models of the hub with their facts, read from a shipped file.

A model's shape is known too, so that a run can be planned before anything is downloaded. Knows nothing of torch, and
not which models are on this computer.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel, PositiveInt

from engine.config import model_info
from engine.methods.base import Family
from engine.system.foreign_files import FileKind, read_toml
from engine.system.paths import base_models_file


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
        return model_info.family(dict(self.shape))

    def as_dict(self) -> dict[str, Any]:
        """Return the facts that are shown to people."""
        return {**self.model_dump(exclude={"shape"}, mode="json"), "family": self.family}


class _File(BaseModel, extra="forbid"):
    model: tuple[CatalogueModel, ...]


@cache
def models() -> tuple[CatalogueModel, ...]:
    """Return all models of the catalogue, small ones first."""
    found = _File.model_validate(read_toml(base_models_file(), FileKind.MODEL_CONFIG)).model
    return tuple(sorted(found, key=lambda model: model.parameters))


def find(model_id: str, revision: str = "main") -> CatalogueModel | None:
    """Return a model of the catalogue; another revision than the main one may have another shape."""
    return next((model for model in models() if model.id == model_id and revision == "main"), None)
