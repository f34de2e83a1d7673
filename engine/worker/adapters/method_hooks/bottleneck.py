"""What bottleneck adapters need: their places depend on the kind of model, not on what LoRA adapts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.methods.additive import BottleneckOptions
from engine.options import Options
from engine.worker.adapters import tuners
from engine.worker.adapters.method_hooks.base import InitContext, MethodHooks
from engine.worker.modeling.base_models import LoadedBase


class BottleneckHooks(MethodHooks):
    """Adapters behind the sublayers' last layers, where none are named."""

    def settings(self, options: Options, base: LoadedBase, context: InitContext) -> Mapping[str, Any]:
        """Return the layers to stand behind. Raises AdapterError if they are not known."""
        assert isinstance(options, BottleneckOptions)
        if options.target_modules is not None:
            return {}
        places = tuners.adapter_places(base.model.config.model_type, options.placement)
        return {"target_modules": list(places)}
