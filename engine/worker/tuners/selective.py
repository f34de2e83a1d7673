"""Selective tuning: train copies of some of the base model's own parameters.

The base's parameters stay as they are beside the copies, so that switching the adapter off restores the
base exactly and the adapter's file holds the changed tensors only. Full fine-tuning is the selection of
everything.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from peft import PeftConfig
from peft.tuners.tuners_utils import BaseTuner, BaseTunerLayer, check_adapters_to_merge
from peft.utils.peft_types import PeftType
from torch import nn
from torch.func import functional_call

from engine.worker.tuners.registration import register


@dataclass
class SelectiveConfig(PeftConfig):
    """What is trained: "all" takes every module with parameters of its own, else `target_modules` say."""

    selection: str = field(default="all", metadata={"help": "all, or named: the modules in target_modules"})
    target_modules: list[str] | str | None = field(
        default=None, metadata={"help": "Names of the trained modules"}
    )
    exclude_modules: list[str] | str | None = field(
        default=None, metadata={"help": "Names of modules left out"}
    )
    modules_to_save: list[str] | None = field(default=None, metadata={"help": "Not used by this tuner"})

    def __post_init__(self) -> None:
        super().__post_init__()
        self.peft_type = PeftType["SELECTIVE"]


class SelectiveLayer(nn.Module, BaseTunerLayer):
    """A module beside trained copies of its parameters, one set for each adapter.

    The copies are float32, whatever the base's number format: small steps would be lost in bfloat16. The
    forward pass computes in the base's format.
    """

    adapter_layer_names = ("selective_values",)

    def __init__(
        self, base_layer: nn.Module, adapter_name: str, copies: dict[tuple[str, int], nn.Parameter]
    ) -> None:
        super().__init__()
        self.base_layer = base_layer
        self.selective_values = nn.ModuleDict()
        self.merged_adapters: list[str] = []
        self._originals: dict[str, torch.Tensor] = {}
        self.in_features = getattr(base_layer, "in_features", None)
        self.out_features = getattr(base_layer, "out_features", None)
        self.add_copies(adapter_name, copies)

    def add_copies(
        self, adapter_name: str, copies: dict[tuple[str, int], nn.Parameter], inference_mode: bool = False
    ) -> None:
        """Add an adapter's copies; parameters tied in the base stay tied, which `copies` is kept for."""
        values = nn.ParameterDict()
        for name, parameter in self.base_layer.named_parameters(recurse=False):
            key = (adapter_name, id(parameter))
            if key not in copies:
                copies[key] = nn.Parameter(parameter.detach().to(torch.float32, copy=True))
            values[name] = copies[key]
        self.selective_values[adapter_name] = values
        self.set_adapter(adapter_name, inference_mode=inference_mode)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Compute what the base module computes, with the active adapter's values in place of its own."""
        if self.disable_adapters or self.merged or not self.active_adapters:
            return self.base_layer(*args, **kwargs)
        return functional_call(self.base_layer, self._active_values(), args, kwargs)

    def _active_values(self) -> dict[str, torch.Tensor]:
        if len(self.active_adapters) > 1:
            raise ValueError("Only one selective adapter can be active at a time.")
        values = self.selective_values[self.active_adapters[0]]
        own = dict(self.base_layer.named_parameters(recurse=False))
        return {name: value.to(own[name].dtype) for name, value in values.items()}

    def merge(self, safe_merge: bool = False, adapter_names: list[str] | None = None) -> None:
        """Put the active adapter's values into the base module."""
        for adapter_name in check_adapters_to_merge(self, adapter_names):
            own = dict(self.base_layer.named_parameters(recurse=False))
            for name, value in self.selective_values[adapter_name].items():
                self._originals.setdefault(name, own[name].data.clone())
                own[name].data.copy_(value.data)
            self.merged_adapters.append(adapter_name)

    def unmerge(self) -> None:
        """Put the base module's own values back."""
        own = dict(self.base_layer.named_parameters(recurse=False))
        for name, value in self._originals.items():
            own[name].data.copy_(value)
        self._originals.clear()
        self.merged_adapters.clear()


class SelectiveModel(BaseTuner):
    """The tuner: puts a SelectiveLayer in the place of every chosen module."""

    prefix = "selective_"
    tuner_layer_cls = SelectiveLayer
    target_module_mapping: ClassVar[dict[str, list[str]]] = {}

    def __init__(self, model: nn.Module, config: Any, adapter_name: str, **kwargs: Any) -> None:
        # Copies by adapter and base parameter, so that tied parameters get one copy; set without
        # nn.Module's knowing.
        object.__setattr__(self, "_copies", {})
        super().__init__(model, config, adapter_name, **kwargs)

    def _prepare_adapter_config(
        self, peft_config: SelectiveConfig, model_config: dict[str, Any]
    ) -> SelectiveConfig:
        return peft_config

    def _pre_injection_hook(self, model: nn.Module, config: SelectiveConfig, adapter_name: str) -> None:
        """Resolve the selection into module names, which the saved configuration then holds."""
        if config.target_modules is None:
            config.target_modules = modules_with_parameters(model)

    def _check_tied_modules(self, model: nn.Module, peft_config: SelectiveConfig) -> None:
        """Find nothing to warn of: copies of tied parameters are tied."""

    def _create_and_replace(
        self,
        peft_config: SelectiveConfig,
        adapter_name: str,
        target: nn.Module,
        target_name: str,
        parent: nn.Module,
        current_key: str,
        **kwargs: Any,
    ) -> None:
        if isinstance(target, SelectiveLayer):
            target.add_copies(adapter_name, self._copies, peft_config.inference_mode)
            return
        layer = SelectiveLayer(target, adapter_name, self._copies)
        if adapter_name not in self.active_adapters:
            layer.requires_grad_(False)
        self._replace_module(parent, target_name, layer, target)

    def _cast_adapter_dtype(self, adapter_name: str, autocast_adapter_dtype: bool = True) -> None:
        """Leave the copies alone: they are float32 already."""


def modules_with_parameters(model: nn.Module) -> list[str]:
    """Return the names of the modules with parameters of their own, in the model's order."""
    names = []
    for name, module in model.named_modules():
        inside = ".base_layer" in name or ".selective_values" in name
        own = any(True for _ in module.parameters(recurse=False))
        if isinstance(module, SelectiveLayer) or (own and not inside):
            names.append(name)
    return names


register("selective", SelectiveConfig, SelectiveModel)
