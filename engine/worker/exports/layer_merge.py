"""Merges an adapter into its base model layer by layer, and checks that each layer computes the same afterwards.

The base may stay in the dtype of its files: one layer at a time is widened to float32 and added up, and the sum
takes the place of the layer's weights. Weights that are mapped from a file are replaced page by page, so the model is
in memory once.
"""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import torch
from peft import PeftModel
from peft.tuners.tuners_utils import BaseTunerLayer
from torch import nn
from transformers import PreTrainedModel

from engine.errors import AdapterError
from engine.messages import say
from engine.worker.adapters.tuners.selective import SelectiveLayer
from engine.worker.kernels.compat import tree_flatten, tree_map
from engine.worker.modeling.base_models import LoadedBase, Model

PROBE = "Ann: Shall we meet at 5 pm?\nBob: Yes, at the station."
# Logits are of order 10; adding in float32 moves them by about 1e-5.
TOLERANCE = 1e-3


# The positional and the named arguments that a layer was called with.
_Call = tuple[tuple[Any, ...], dict[str, Any]]


def merge(base: LoadedBase, model: PeftModel, name: str, dtype: torch.dtype) -> PreTrainedModel:
    """Return the base with the adapter of `model` merged; changed weights are in `dtype`, the others as they were.

    Raises AdapterError, which calls the adapter by its name, if the sum would compute something else.
    """
    # Those with an adapter, without those inside another one.
    layers: dict[str, Any] = {}
    for path, module in model.named_modules():
        if isinstance(module, BaseTunerLayer) and not _layer_around(path, layers):
            layers[path] = module
    users = _users_of_weights(model, layers)
    before, calls = _probed(base, model, layers)
    # A dtype with fewer digits moves the logits by itself.
    is_exact = base.precision == "float32" and dtype == torch.float32
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for path in list(layers):
            # Not held by anything else, so that its adapter's memory is free afterwards.
            changed = _merge_layer(model, path, layers.pop(path), calls.pop(path, None), dtype)
            if changed is None:
                raise _other_model(name)
            if not is_exact and any(users[address] - {path} for address in changed):
                raise _other_model(name)
        # Modules that were trained whole, and PEFT's own marks.
        merged: PreTrainedModel = model.merge_and_unload(safe_merge=True)
    if is_exact and not _is_close(before, _logits(base, merged)):
        raise _other_model(name)
    return merged


def _other_model(name: str) -> AdapterError:
    return AdapterError(
        say("{} can't be merged: it would write different summaries.", name),
        "It changes shared weights. Export the adapter instead.",
    )


def _layer_around(path: str, layers: dict[str, Any]) -> str:
    """Return the path of the layer that a module is a part of, "" for a module of its own."""
    parts = path.split(".")
    paths = (".".join(parts[:count]) for count in range(1, len(parts)))
    return next((each for each in paths if each in layers), "")


def _users_of_weights(model: PeftModel, layers: dict[str, Any]) -> dict[int, set[str]]:
    """Return the paths of the layers that use each weight as it is, by the weight's address.

    A selective layer does not use what it has a copy of: all layers with the same weight share the copy.
    """
    users: dict[int, set[str]] = defaultdict(set)
    for path, module in model.named_modules(remove_duplicate=False):
        around = _layer_around(path, layers)
        layer, copied = layers.get(around), set[str]()
        if isinstance(layer, SelectiveLayer):
            copied = {name for adapter in layer.active_adapters for name in layer.values_of(adapter)}
        for name, weight in module.named_parameters(recurse=False):
            if name not in copied:
                users[weight.data_ptr()].add(around or path)
    return users


@torch.no_grad()
def _probed(
    base: LoadedBase, model: PeftModel, layers: dict[str, Any]
) -> tuple[torch.Tensor, dict[str, _Call]]:
    """Return the logits of a short prompt, and what each layer that adds up was first called with for them."""
    calls: dict[str, _Call] = {}

    def watch(path: str) -> Any:
        def note(_: nn.Module, positional: tuple[Any, ...], named: dict[str, Any]) -> None:
            calls.setdefault(path, (positional, named))

        return note

    with ExitStack() as hooks:
        for path, layer in layers.items():
            # A selective layer's values replace the base's: there is no sum.
            if not isinstance(layer, SelectiveLayer):
                hook = layer.register_forward_pre_hook(watch(path), with_kwargs=True)
                hooks.callback(hook.remove)
        return _logits(base, model), calls


@torch.no_grad()
def _merge_layer(
    model: PeftModel, path: str, layer: Any, call: _Call | None, dtype: torch.dtype
) -> set[int] | None:
    """Put the sum into a layer's place, and return the addresses of changed weights; None if it computes otherwise."""
    places = {name: weight.data for name, weight in layer.get_base_layer().named_parameters()}
    layer.float()
    before = _output(layer, call)
    # What the layer becomes, as PEFT unloads it.
    merged: nn.Module
    if hasattr(layer, "unload_and_optionally_merge_module"):
        merged = layer.unload_and_optionally_merge_module(merge=True, safe_merge=True, adapter_names=None)
    else:
        layer.merge(safe_merge=True)
        merged = layer.get_base_layer()
    if not all(_is_close(*pair) for pair in zip(before, _output(merged, call), strict=True)):
        return None
    model.set_submodule(path, merged)
    changed = set()
    for name, weight in merged.named_parameters():
        place = places[name]
        if not bool((weight == place).all()):
            changed.add(place.data_ptr())
            # In the place of other values if these are as wide.
            fits = place.dtype.itemsize == dtype.itemsize
            room = place.view(dtype) if fits else torch.empty_like(place, dtype=dtype)
            place = room.copy_(weight)
        weight.data = place
    return changed


def _output(layer: nn.Module, call: _Call | None) -> Sequence[torch.Tensor]:
    """Return what a layer computes in float32; nothing of a layer that was not called."""
    if call is None:
        return []

    def widened(value: Any) -> Any:
        is_number = isinstance(value, torch.Tensor) and value.is_floating_point()
        return value.float() if is_number else value

    positional, named = tree_map(widened, call)
    found, _ = tree_flatten(layer(*positional, **named))
    return [each for each in found if isinstance(each, torch.Tensor)]


def _is_close(before: torch.Tensor, after: torch.Tensor) -> bool:
    scale = float(before.abs().max()) if before.numel() else 0.0
    return torch.allclose(before, after, rtol=TOLERANCE, atol=TOLERANCE * scale)


@torch.no_grad()
def _logits(base: LoadedBase, model: Model) -> torch.Tensor:
    ids = torch.tensor([base.tokenizer(PROBE)["input_ids"]], device=base.device)
    decoded = {"decoder_input_ids": ids} if base.family == "encoder-decoder" else {}
    logits: torch.Tensor = model(input_ids=ids, **decoded).logits
    return logits
