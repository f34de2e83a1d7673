"""Caches the scores of base models: one file per protocol, model and way to compute.

A file that can't be read counts as absent, since the scores can be computed again. Knows nothing of how they are.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from engine.adapters.metadata import protocol_key
from engine.system.files import write_atomically
from engine.system.foreign_files import FileKind, read_bytes
from engine.system.paths import scores_folder
from engine.worker.dataset.prompter import Prompter
from engine.worker.kernels import registry
from engine.worker.modeling.base_models import LoadedBase
from engine.worker.runtime.versions import versions
from engine.worker.text_metrics.summary_metrics import ExampleMetrics
from engine.worker.text_metrics.text_protocol import Protocol


class _File(BaseModel):
    kept_schema: Literal[3]
    protocol: Protocol
    measured: ExampleMetrics


def load(protocol: Protocol, base: LoadedBase, prompter: Prompter) -> ExampleMetrics | None:
    """Return the cached values of the same model under the same protocol and prompt, or None."""
    try:
        return _File.model_validate_json(
            read_bytes(_path(protocol, base, prompter), FileKind.CACHED)
        ).measured
    except (OSError, ValidationError):
        return None


def save(protocol: Protocol, base: LoadedBase, prompter: Prompter, values: ExampleMetrics) -> None:
    """Cache a base model's values under a protocol and a prompt."""
    file = _File(kept_schema=3, protocol=protocol, measured=values)
    write_atomically(_path(protocol, base, prompter), file.model_dump_json(by_alias=True))


def _path(protocol: Protocol, base: LoadedBase, prompter: Prompter) -> Path:
    return path(base, {"protocol": protocol, "prompter": prompter.identity})


def path(base: LoadedBase, facts: dict[str, Any]) -> Path:
    """Return the cache file of what a base model computes from `facts`.

    Its name is a digest of the facts and of everything else that can change an output of the model.
    """
    settings = {
        "base": base.fingerprint,
        "precision": base.precision,
        "quantization": base.options.quantization,
        "double_quantization": base.options.double_quantization,
        "device": base.device.type,
        # Scores made by a fault of an earlier version must not survive its mending.
        "versions": versions(),
        "patches": registry.active(base.device.type, base.precision),
    }
    return scores_folder() / f"{protocol_key(facts | settings)}.json"
