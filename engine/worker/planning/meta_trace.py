"""Measures the activation bytes of a micro-batch by computing it on torch's meta device, on shapes alone.

Forward and backward pass run as in training, and every tensor is counted from its creation to its end. So the result
includes what a method keeps or saves (nothing below the lowest trained layer, float32 copies, longer rows behind a soft
prompt) without a formula for any method. Knows nothing of optimizers.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import nullcontext
from functools import partial
from typing import Any

import torch
from torch.nn import functional
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.weak import WeakIdKeyDictionary

from engine.methods import Family
from engine.worker.dataset.batch_packing import BatchShape
from engine.worker.kernels import attention, causal_attention, registry
from engine.worker.kernels.compat import checkpoint_activations
from engine.worker.modeling import forward

# Results that are kept; a trace of a model takes a few hundred.
MAX_CACHED = 20_000

Arguments = tuple[Any, ...]
Shape = tuple[torch.Size, tuple[int, ...], torch.dtype]
Shapes = tuple[Shape | None, ...]


def activation_bytes(
    model: Any,
    family: Family,
    shape: BatchShape,
    device_type: str,
    *,
    checkpointed: bool = False,
    keeps_inputs: bool = False,
) -> int:
    """Return the peak bytes beside parameters, buffers and gradients of a training step on a micro-batch of this shape.

    `model` is on the meta device; it is left in training mode with gradients and can't be used otherwise.
    `keeps_inputs`: frozen linear layers keep their inputs, as those in 8 bits do.
    """
    model.train()
    kernels = partial(_Kernels, device_type, keeps_inputs)
    if checkpointed:
        # The kernels around the forward pass don't see what the backward pass computes again.
        again = {"use_reentrant": False, "context_fn": lambda: (nullcontext(), kernels())}
        checkpoint_activations(model, again)
    counter = LiveBytes(all_true=family == "decoder-only")
    counter.exclude(model.parameters())
    counter.exclude(model.buffers())
    for parameter in model.parameters():
        if parameter.requires_grad:
            # As in every micro-batch of a step but the first: gradients exist and are added to.
            parameter.grad = torch.empty_like(parameter)
            counter.exclude([parameter.grad])
    with torch.device("meta"), registry.planned_for(device_type), kernels(), counter:
        _loss(model, family, shape).backward()
    return counter.peak


def _loss(model: Any, family: Family, shape: BatchShape) -> torch.Tensor:
    """Compute what `loss.token_loss_sum` computes, with any tokens and labels: only shapes count here."""
    input_ids = torch.ones(shape.rows, shape.input_length, dtype=torch.long)
    labels = torch.ones(shape.rows, shape.label_length, dtype=torch.long)
    targets = torch.ones(shape.label_tokens, dtype=torch.long)
    positions = torch.stack([targets, targets])
    logits = forward.logits_at(model, family, input_ids, torch.ones_like(input_ids), labels, positions)
    return functional.cross_entropy(logits.float(), targets, reduction="sum")


class LiveBytes(TorchDispatchMode):
    """Counts the bytes of all tensors created inside while they live; `peak` is the most at once.

    `all_true` answers a model that asks whether a condition holds for all values of a tensor on the meta device: false
    for a mask with padding, true for rows without a mask, each of which is one text. Whether one holds for any value,
    such as being infinite, is always denied.
    """

    def __init__(self, *, all_true: bool = False) -> None:
        super().__init__()
        self.peak = 0
        self._all_true = all_true
        self._live = 0
        self._known: dict[int, Any] = {}
        self._of_any = WeakIdKeyDictionary()

    def exclude(self, tensors: Iterable[torch.Tensor]) -> None:
        """Don't count these tensors."""
        for tensor in tensors:
            storage = tensor.untyped_storage()
            self._known[storage._cdata] = storage

    def __torch_dispatch__(
        self, operation: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if operation is torch.ops.aten._local_scalar_dense.default and args[0].is_meta:
            value = args[0]
            return 1 if value.dtype is not torch.bool else self._all_true and value not in self._of_any
        result = _RESULTS.of(operation, args, kwargs or {})
        if operation.overloadpacket is torch.ops.aten.any:
            self._of_any[result] = True
        for tensor in tree_leaves(result):
            if isinstance(tensor, torch.Tensor):
                self._count(tensor.untyped_storage())
        return result

    def _count(self, storage: torch.UntypedStorage) -> None:
        key, size = storage._cdata, storage.nbytes()
        if key in self._known:
            return
        self._live += size
        self.peak = max(self.peak, self._live)
        self._known[key] = weakref.ref(storage, self._on_freed(key, size))

    def _on_freed(self, key: int, size: int) -> Callable[[Any], None]:
        def on_freed(_: Any) -> None:
            self._live -= size
            del self._known[key]

        return on_freed


class _Kernels(TorchFunctionMode):
    """Replaces operations so that they keep for the backward pass what the device's kernels keep.

    Fused attention, which CUDA always uses, keeps no matrix of attention weights. A CPU uses
    `attention.dropout_attention` with dropout, and for a decoder without dropout maybe `causal_attention.attention`.
    """

    def __init__(self, device_type: str, keeps_inputs: bool) -> None:
        super().__init__()
        self._device_type = device_type
        self._keeps_inputs = keeps_inputs

    def __torch_function__(
        self, function: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if function is functional.scaled_dot_product_attention and not self._is_written_out(**kwargs):
            return self._attended(*args, **kwargs)
        if function in (torch.rand, torch.randint):
            # Parts that a method drops at random are drawn with values: without, it might drop all of them.
            kwargs["device"] = "cpu"
        if function is torch.sparse_coo_tensor:
            # A sparse matrix takes no memory for its width: it is a view of its few values.
            return args[1].sum().expand(args[2])
        result = function(*args, **kwargs)
        if function is functional.linear and self._keeps_inputs and result.requires_grad:
            result.grad_fn.metadata["input"] = args[0]
        return result

    def _is_written_out(self, dropout_p: float = 0.0, **_: Any) -> bool:
        """Return whether torch itself composes this attention, as on a CPU with dropout."""
        return bool(dropout_p) and self._device_type == "cpu" and not registry.enabled("attention", "cpu")

    def _attended(
        self,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        attn_mask: torch.Tensor | None = None,
        dropout_p: float = 0.0,
        is_causal: bool = False,
        scale: float | None = None,
        **_: Any,
    ) -> torch.Tensor:
        """Compute attention as the device does, with the arguments of torch's function."""
        if dropout_p and registry.enabled("attention", self._device_type):
            return attention.dropout_attention(query, key, value, attn_mask, dropout_p, is_causal, scale)
        if is_causal and causal_attention.applies(query, key):
            return causal_attention.attention(query, key, value, scale)
        fused: torch.Tensor = _Attention.apply(query, key, value, attn_mask)
        return fused


class _Attention(torch.autograd.Function):
    """Attention that keeps what fused kernels keep: its result, a float32 value per row, and the mask as numbers."""

    @staticmethod
    def forward(
        context: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: torch.Tensor | None
    ) -> torch.Tensor:
        # Kernels store a token's heads side by side, so that the next layer needs no copy.
        rows, heads, length = query.shape[:-1]
        result = query.new_empty((rows, length, heads, value.shape[-1])).transpose(1, 2)
        sums = query.new_empty(query.shape[:-1], dtype=torch.float32)
        bias = mask.to(query.dtype) if mask is not None else None
        context.save_for_backward(query, key, value, result, sums, bias)
        return result

    @staticmethod
    def backward(context: Any, *_: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        query, key, value = context.saved_tensors[:3]
        return torch.empty_like(query), torch.empty_like(key), torch.empty_like(value), None


class MetaResults:
    """Carries out operations on the meta device, each once for arguments of the same shapes.

    A model repeats most of its operations in every layer, and torch computes their shapes in Python, most of a trace's
    time. torch's FakeTensorMode has a cache too, but takes six times as long as this one, and keeps tensors alive.
    """

    def __init__(self) -> None:
        # The results' sizes, strides and dtypes; None of what shares storage or isn't of plain tensors alone.
        self._cached: dict[Hashable, Shapes | None] = {}

    def of(self, operation: Any, args: Arguments, kwargs: dict[str, Any]) -> Any:
        """Return what the operation returns: a tensor of the same shape in storage of its own."""
        schema = operation._schema
        returns = schema.returns
        if schema.is_mutable or not returns or any(each.alias_info is not None for each in returns):
            return operation(*args, **kwargs)
        try:
            key = (operation, torch.get_default_dtype(), *_key(args), *_key(kwargs.items()))
            shapes = self._cached.get(key)
        except (_NoKeyError, TypeError):
            return operation(*args, **kwargs)
        if shapes is not None:
            made = tuple(each and _empty(*each) for each in shapes)
            return made[0] if len(returns) == 1 else made
        result = operation(*args, **kwargs)
        if key not in self._cached:
            if len(self._cached) >= MAX_CACHED:
                self._cached.clear()
            self._cached[key] = _shapes(result, (args, kwargs))
        return result


class _NoKeyError(Exception):
    """An argument's value counts, or it isn't an ordinary tensor on the meta device."""


def _key(arguments: Any) -> Iterator[Hashable]:
    """Yield what arguments have to be equal in. Raises _NoKeyError."""
    for each in arguments:
        if isinstance(each, torch.Tensor):
            if not each.is_meta or each.layout is not torch.strided:
                raise _NoKeyError
            yield each.shape, each.stride(), each.dtype
        elif isinstance(each, tuple | list):
            yield tuple(_key(each))
        else:
            # 1, 1.0 and True are equal, but lead to other dtypes.
            yield type(each), each


def _shapes(result: Any, arguments: Any) -> Shapes | None:
    """Return the shapes to make a result of again, None if it shares storage or isn't of plain tensors alone."""
    results = result if type(result) is tuple else (result,)
    storages = {
        each.untyped_storage()._cdata for each in tree_leaves(arguments) if isinstance(each, torch.Tensor)
    }
    shapes: list[Shape | None] = []
    for tensor in results:
        if tensor is None:
            shapes.append(None)
            continue
        if type(tensor) is not torch.Tensor or not tensor.is_meta or tensor.layout is not torch.strided:
            return None
        storage, shape = tensor.untyped_storage(), (tensor.shape, tensor.stride(), tensor.dtype)
        if storage._cdata in storages or storage.nbytes() != _empty(*shape).untyped_storage().nbytes():
            return None
        storages.add(storage._cdata)
        shapes.append(shape)
    return tuple(shapes)


def _empty(sizes: torch.Size, strides: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
    return torch.empty_strided(sizes, strides, dtype=dtype, device="meta")


# Of all traces: a changed recipe repeats most of the last one's operations.
_RESULTS = MetaResults()
