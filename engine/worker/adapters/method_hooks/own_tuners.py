"""Hooks of our own tuners. Importing them registers the tuners with PEFT."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from engine.methods.additive import BottleneckOptions
from engine.options import Options
from engine.worker.adapters.method_hooks.base import InitContext, MethodHooks
from engine.worker.adapters.tuners.bottleneck import adapted_layers
from engine.worker.modeling.base_models import LoadedBase


class BottleneckHooks(MethodHooks):
    """Inserts adapters after the last layer of each sublayer, unless layers are named."""

    def settings(self, options: Options, base: LoadedBase, context: InitContext) -> Mapping[str, Any]:
        """Return the layers that get an adapter after them. Raises AdapterError if they are not known."""
        assert isinstance(options, BottleneckOptions)
        if options.target_modules is not None:
            return {}
        return {"target_modules": list(adapted_layers(base.model.config.model_type, options.placement))}


class SelectiveHooks(MethodHooks):
    """Trains copies of the base model's own parameters."""

    copies_base_parameters: ClassVar[bool] = True
