"""Selective tuning: trains copies of some of the base model's own parameters.

The base's parameters stay unchanged besides the copies, so switching the adapter off restores the base model exactly,
and the adapter's file holds only the changed tensors. Full fine-tuning selects everything, BitFit the biases.

Models are known by their structure alone: norms by their class, blocks by the lists that hold them, everything else by
its name. Layers of adapters that are loaded already are unwrapped, so the selection does not depend on other adapters.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, ClassVar, TypeAlias

import torch
from peft import PeftConfig
from peft.tuners.tuners_utils import BaseTuner, BaseTunerLayer, check_adapters_to_merge
from peft.utils.peft_types import PeftType
from torch import nn
from torch.func import functional_call

from engine.errors import AdapterError
from engine.messages import counted, listed, say
from engine.methods import named
from engine.worker.adapters.tuners.registration import register

KINDS = ("all", "weights", "biases", "norms")
NORM_CLASSES = (nn.LayerNorm, nn.RMSNorm, nn.GroupNorm)
MAX_NAMES = 12

Owner: TypeAlias = "tuple[SelectiveLayer, str]"
"""The layer that has a copy, and its name there."""


@dataclass
class SelectiveConfig(PeftConfig):
    """What is trained: parameters of a kind, in the modules that the other settings select.

    `target_modules` are found by the other settings and saved. Where they are named, they decide alone.
    """

    selection: str = "all"
    last_blocks: int = 0
    patterns: list[str] | None = None
    target_modules: list[str] | str | None = None
    exclude_modules: list[str] | str | None = None
    modules_to_save: list[str] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.peft_type = PeftType["SELECTIVE"]
        if self.selection not in KINDS:
            raise ValueError(
                say("selection is {}, must be one of {}.", repr(self.selection), ", ".join(KINDS))
            )


class SelectiveLayer(nn.Module, BaseTunerLayer):
    """A module with trained copies of its parameters, one set for each adapter.

    The copies are float32, whatever the base's dtype: small steps would be lost in bfloat16. The forward pass
    computes in the base's dtype. Of a parameter that the base shares between modules the first module has the copy,
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
            raise ValueError("Only one selective adapter can be active.")
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


def select(model: nn.Module, kind: str, last_blocks: int, patterns: Sequence[str]) -> list[str]:
    """Return the names of the modules that hold the trained parameters, in the model's order.

    `kind` is one of KINDS. `last_blocks` limits the selection to the last blocks of each stack (0: no limit), and
    `patterns` to module names, see `matches`. Modules that share a parameter with a selected one are selected too, so
    that it stays shared. Raises AdapterError where nothing is left.
    """
    holders = {name: module for name, module in _modules(model).items() if own_parameters(module, kind)}
    if not holders:
        field = "method.kinds" if last_blocks or patterns else "method.id"
        # Of the norms, if it has any.
        has_norms = any(own_parameters(module, "norms") for module in model.modules())
        nearest = named("layernorm" if has_norms else "lora")
        raise AdapterError(
            say("This model has no {} to train.", kind),
            say("The closest method that works: {}.", nearest),
            field,
        )
    chosen = _in_last_blocks(model, holders, last_blocks) if last_blocks else list(holders)
    where = (
        say("the last {} blocks", last_blocks)
        if last_blocks > 1
        else "the last block"
        if last_blocks
        else "the model"
    )
    if not chosen:
        raise AdapterError(
            say("There are no {} in {}.", kind, where), "Choose from more blocks.", "method.kinds"
        )
    for pattern in patterns:
        if not any(matches(name, pattern) for name in chosen):
            # The most frequent last parts of the names, and one full name as an example.
            parts = Counter(name.rpartition(".")[2] for name in chosen)
            names = listed((part for part, _ in parts.most_common()), MAX_NAMES)
            raise AdapterError(
                say('Nothing in {} is named like "{}".', where, pattern),
                say("Its names: {}, as in {}.", names, max(chosen, key=len)),
                "method.patterns",
            )
    if patterns:
        chosen = [name for name in chosen if any(matches(name, pattern) for pattern in patterns)]

    def ids(name: str) -> set[int]:
        return {id(parameter) for parameter in own_parameters(holders[name], kind).values()}

    shared = set().union(*(ids(name) for name in chosen))
    return [name for name in holders if ids(name) & shared]


def own_parameters(module: nn.Module, kind: str) -> dict[str, nn.Parameter]:
    """Return a module's own parameters of a kind by name."""
    parameters = dict(module.named_parameters(recurse=False))
    if kind == "norms":
        return parameters if is_norm(module) else {}
    return {
        name: parameter
        for name, parameter in parameters.items()
        if kind == "all" or (kind == "biases") == (name == "bias" or name.endswith("_bias"))
    }


def is_norm(module: nn.Module) -> bool:
    """Return whether a module is a norm: T5LayerNorm, LlamaRMSNorm and many others have no common class."""
    if isinstance(module, NORM_CLASSES):
        return True
    vectors = all(parameter.dim() <= 1 for parameter in module.parameters())
    return "norm" in type(module).__name__.lower() and vectors


def matches(name: str, pattern: str) -> bool:
    """Return whether the name of a module or of a parent module matches `pattern`.

    `*` and `?` stand for any characters, case does not matter, and the pattern may start after any dot:
    "SelfAttention" matches everything inside such modules, "decoder.block.1" one block.
    """
    parts, pattern = name.lower().split("."), pattern.lower()
    above = (".".join(parts[: end + 1]) for end in range(len(parts)))
    return any(fnmatchcase(path, pattern) or fnmatchcase(path, f"*.{pattern}") for path in above)


def _modules(model: nn.Module) -> dict[str, nn.Module]:
    """Return every module of the base model by name, without the adapters around it."""
    modules: dict[str, nn.Module] = {}
    wrapped: list[str] = []
    for name, module in model.named_modules():
        if any(name.startswith(f"{outer}.") for outer in wrapped[-1:]):
            continue
        if isinstance(module, BaseTunerLayer):
            wrapped.append(name)
        modules[name] = module.get_base_layer() if isinstance(module, BaseTunerLayer) else module
    return modules


def _in_last_blocks(model: nn.Module, names: Iterable[str], count: int) -> list[str]:
    # The lists of transformer blocks: the outermost module lists whose modules have submodules.
    stacks: dict[str, nn.ModuleList] = {}
    for name, module in model.named_modules():
        inside = any(name.startswith(f"{stack}.") for stack in stacks)
        is_list = isinstance(module, nn.ModuleList) and len(module) > 0 and not inside
        if is_list and all(next(block.children(), None) is not None for block in module.children()):
            stacks[name] = module
    longest = max(map(len, stacks.values()), default=0)
    if count > longest:
        raise AdapterError(
            say("The longest stack of this model has {}, not {}.", counted(longest, "block"), count),
            "Choose fewer of the last blocks.",
            "method.last_blocks",
        )
    blocks = [
        f"{stack}.{number}."
        for stack, modules in stacks.items()
        for number in range(max(0, len(modules) - count), len(modules))
    ]
    return [name for name in names if name.startswith(tuple(blocks))]


register("selective", SelectiveConfig, SelectiveModel)
