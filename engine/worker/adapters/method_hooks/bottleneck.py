"""Hooks of the bottleneck tuner: which layers it follows depends on the model type. Importing registers the tuner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.methods.additive import BottleneckOptions
from engine.options import Options
from engine.worker.adapters import tuners
from engine.worker.adapters.method_hooks.base import InitContext, MethodHooks
from engine.worker.modeling.base_models import LoadedBase


class BottleneckHooks(MethodHooks):
    """Inserts adapters after the last layer of each sublayer, unless layers are named."""

    def settings(self, options: Options, base: LoadedBase, context: InitContext) -> Mapping[str, Any]:
        """Return the layers that get an adapter after them. Raises AdapterError if they are not known."""
        assert isinstance(options, BottleneckOptions)
        if options.target_modules is not None:
            return {}
        layers = tuners.adapted_layers(base.model.config.model_type, options.placement)
        return {"target_modules": list(layers)}
