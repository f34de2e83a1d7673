"""Selective tuning: trains copies of some of the base model's own parameters.

The base's parameters stay unchanged besides the copies, so switching the adapter off restores the base model exactly,
and the adapter's file holds only the changed tensors. Full fine-tuning selects everything, BitFit the biases.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeAlias

import torch
from peft import PeftConfig
from peft.tuners.tuners_utils import BaseTuner, BaseTunerLayer, check_adapters_to_merge
from peft.utils.peft_types import PeftType
from torch import nn
from torch.func import functional_call

from engine.worker.adapters.tuners.registration import register
from engine.worker.adapters.tuners.selection import KINDS, own_parameters, select

Owner: TypeAlias = "tuple[SelectiveLayer, str]"
"""The layer that has a copy, and its name there."""


@dataclass
class SelectiveConfig(PeftConfig):
    """What is trained: parameters of a kind, in the modules that the other settings select.

    `target_modules` are found by the other settings and saved. Where they are named, they decide alone.
    """

    selection: str = field(
        default="all", metadata={"help": "Kind of parameters: all, weights, biases or norms"}
    )
    last_blocks: int = field(default=0, metadata={"help": "Only the last blocks of each stack; 0 is all"})
    patterns: list[str] | None = field(default=None, metadata={"help": "Only modules with such names"})
    target_modules: list[str] | str | None = field(
        default=None, metadata={"help": "Names of the modules that hold trained parameters"}
    )
    exclude_modules: list[str] | str | None = field(
        default=None, metadata={"help": "Names of modules left out"}
    )
    modules_to_save: list[str] | None = field(default=None, metadata={"help": "Not used by this tuner"})

    def __post_init__(self) -> None:
        super().__post_init__()
        self.peft_type = PeftType["SELECTIVE"]
        if self.selection not in KINDS:
            raise ValueError(f"selection is {self.selection!r}, must be one of {', '.join(KINDS)}.")


class SelectiveLayer(nn.Module, BaseTunerLayer):
    """A module with trained copies of its parameters, one set for each adapter.

    The copies are float32, whatever the base's number format: small steps would be lost in bfloat16. The forward pass
    computes in the base's format. Of a parameter that the base shares between modules the first module has the copy,
    and the others borrow it, so that it is one parameter and one tensor of the adapter's file.
    """

    adapter_layer_names = ("selective_values",)
    other_param_names = ("borrowed_values",)

    def __init__(self, base_layer: nn.Module) -> None:
        super().__init__()
        self.base_layer = base_layer
        self.selective_values = nn.ModuleDict()
        self.borrowed_values: dict[str, dict[str, Owner]] = {}
        self.merged_adapters: list[str] = []
        self._originals: dict[str, torch.Tensor] = {}
        self.in_features = getattr(base_layer, "in_features", None)
        self.out_features = getattr(base_layer, "out_features", None)

    def add_copies(self, adapter_name: str, kind: str, owners: dict[int, Owner]) -> None:
        """Add an adapter's copies; `owners` maps the parameters that have been copied to their copies."""
        values, borrowed = nn.ParameterDict(), {}
        for name, parameter in own_parameters(self.base_layer, kind).items():
            if id(parameter) in owners:
                borrowed[name] = owners[id(parameter)]
            else:
                values[name] = nn.Parameter(parameter.detach().to(torch.float32, copy=True))
                owners[id(parameter)] = (self, name)
        self.selective_values[adapter_name] = values
        self.borrowed_values[adapter_name] = borrowed

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the base module with the active adapter's values in place of its own."""
        values = {} if self.disable_adapters or self.merged else self._active_values()
        return (
            functional_call(self.base_layer, values, args, kwargs)
            if values
            else self.base_layer(*args, **kwargs)
        )

    def _active_values(self) -> dict[str, torch.Tensor]:
        """Return the active adapter's values of this module, none if it trains nothing of it."""
        if len(self.active_adapters) > 1:
            raise ValueError("Only one selective adapter can be active at a time.")
        chosen = [name for name in self.active_adapters if name in self.selective_values]
        own = dict(self.base_layer.named_parameters(recurse=False))
        return {
            name: value.to(own[name].dtype)
            for adapter in chosen
            for name, value in self.values_of(adapter).items()
        }

    def values_of(self, adapter_name: str) -> dict[str, nn.Parameter]:
        """Return an adapter's values of this module by name, including those that other layers have."""
        borrowed = {
            name: owner.selective_values[adapter_name][named_there]
            for name, (owner, named_there) in self.borrowed_values[adapter_name].items()
        }
        return {**self.selective_values[adapter_name], **borrowed}

    def merge(self, safe_merge: bool = False, adapter_names: list[str] | None = None) -> None:
        """Copy the active adapter's values into the base module, except borrowed ones, which another layer copies."""
        for adapter_name in check_adapters_to_merge(self, adapter_names):
            if adapter_name not in self.selective_values:
                continue
            own = dict(self.base_layer.named_parameters(recurse=False))
            for name, value in self.selective_values[adapter_name].items():
                self._originals.setdefault(name, own[name].data.clone())
                own[name].data.copy_(value.data)
            self.merged_adapters.append(adapter_name)

    def unmerge(self) -> None:
        """Restore the base module's own values."""
        own = dict(self.base_layer.named_parameters(recurse=False))
        for name, value in self._originals.items():
            own[name].data.copy_(value)
        self._originals.clear()
        self.merged_adapters.clear()


class SelectiveModel(BaseTuner):
    """The tuner: replaces every selected module by a SelectiveLayer."""

    prefix = "selective_"
    tuner_layer_cls = SelectiveLayer
    target_module_mapping: ClassVar[dict[str, list[str]]] = {}

    def __init__(self, model: nn.Module, config: Any, adapter_name: str, **kwargs: Any) -> None:
        # By adapter: the copy of each base parameter. nn.Module must not register it.
        object.__setattr__(self, "_owners", defaultdict(dict))
        super().__init__(model, config, adapter_name, **kwargs)

    def _prepare_adapter_config(
        self, peft_config: SelectiveConfig, model_config: dict[str, Any]
    ) -> SelectiveConfig:
        return peft_config

    def _prepare_model(self, peft_config: SelectiveConfig, model: nn.Module) -> None:
        """Select the modules, which the saved configuration then names."""
        if peft_config.target_modules is None:
            peft_config.target_modules = select(
                model, peft_config.selection, peft_config.last_blocks, peft_config.patterns or ()
            )

    def _check_tied_modules(self, model: nn.Module, peft_config: SelectiveConfig) -> None:
        """Do nothing: tied parameters have one copy."""

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
        layer = target if isinstance(target, SelectiveLayer) else SelectiveLayer(target)
        layer.add_copies(adapter_name, peft_config.selection, self._owners[adapter_name])
        layer.set_adapter(self.active_adapters, inference_mode=peft_config.inference_mode)
        if layer is not target:
            self._replace_module(parent, target_name, layer, target)

    def delete_adapter(self, adapter_name: str) -> None:
        """Delete an adapter and its copies, so that a later one of the same name starts from the base model."""
        super().delete_adapter(adapter_name)
        self._owners.pop(adapter_name, None)

    def _cast_adapter_dtype(self, adapter_name: str, autocast_adapter_dtype: bool = True) -> None:
        """Do nothing: the copies are float32 already."""


register("selective", SelectiveConfig, SelectiveModel)
