"""Hooks of methods whose adapters share buffers on a model or a layer.

PEFT gives a second adapter the buffers of the first, whatever its own settings are.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from peft.utils import (
    TRANSFORMERS_MODELS_TO_IA3_FEEDFORWARD_MODULES_MAPPING,
    TRANSFORMERS_MODELS_TO_IA3_TARGET_MODULES_MAPPING,
)

from engine.methods.additive import Ia3Options
from engine.options import Options
from engine.worker.adapters.method_hooks.base import InitContext, MethodHooks
from engine.worker.adapters.method_hooks.target_modules import ALL_LINEAR, adapted_widths
from engine.worker.modeling.base_models import LoadedBase

# Names of layers that end a feed-forward in any model; IA3 scales their inputs.
FEED_FORWARD_ENDS = {
    name for names in TRANSFORMERS_MODELS_TO_IA3_FEEDFORWARD_MODULES_MAPPING.values() for name in names
}
KEYS_AND_VALUES = ("k", "v", "k_proj", "v_proj", "key", "value", "query_key_value")


class ProjectionHooks(MethodHooks):
    """VeRA and RandLoRA: random matrices of the size of the largest adapted layer, drawn from a seed."""

    def is_compatible(self, config: Any, other: Any) -> bool:
        """Tell whether both draw the same matrices: the second adapter gets those of the first."""
        same = ("r", "projection_prng_key", "save_projection", "target_modules", "sparse", "very_sparse")
        return all(getattr(config, name, None) == getattr(other, name, None) for name in same)


class RandLoraHooks(ProjectionHooks):
    """RandLoRA: a pair as wide as the layer has full rank already; VeRA's rank may be higher (Kopiczko et al. 2024)."""

    ranks = ("rank",)


class Ia3Hooks(MethodHooks):
    """IA3: its default layers differ from LoRA's, and the inputs of those that end a feed-forward are scaled."""

    def settings(self, options: Options, base: LoadedBase, context: InitContext) -> Mapping[str, Any]:
        """Return the layers, and which of them end a feed-forward."""
        assert isinstance(options, Ia3Options)
        targets = options.target_modules or self._default_layers(base)
        named = sorted(_all_linear(base) if ALL_LINEAR in targets else targets)
        return {"target_modules": named, "feedforward_modules": [name for name in named if _ends(name)]}

    def _default_layers(self, base: LoadedBase) -> Collection[str]:
        known = TRANSFORMERS_MODELS_TO_IA3_TARGET_MODULES_MAPPING.get(base.model.config.model_type)
        linear = _all_linear(base)
        return known or linear & {*KEYS_AND_VALUES, *FEED_FORWARD_ENDS} or linear

    def is_compatible(self, config: Any, other: Any) -> bool:
        """Tell whether both scale each layer on the same side: PEFT uses the first adapter's side for all."""
        one, two = (_names(settings.feedforward_modules) for settings in (config, other))
        common = _names(config.target_modules) & _names(other.target_modules)
        return not (one ^ two) & common


def _all_linear(base: LoadedBase) -> set[str]:
    """Return the last parts of all linear layers' names: PEFT would use full names, and no feed-forward ends."""
    return {name.rpartition(".")[2] for name in adapted_widths(base, (ALL_LINEAR,))}


def _ends(name: str) -> bool:
    return any(
        end == name or end.endswith(f".{name}") or name.endswith(f".{end}") for end in FEED_FORWARD_ENDS
    )


def _names(modules: Any) -> set[str]:
    return {modules} if isinstance(modules, str) else set(modules or ())
