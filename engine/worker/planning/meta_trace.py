"""How much one micro-batch keeps in memory, found by computing it without numbers on torch's meta device.

Forward and backward pass run as in training, on shapes alone; every tensor that comes to be is counted until it is
gone. So whatever a method keeps or spares (nothing below the lowest trained layer, copies in float32, longer rows
behind a soft prompt) is in the figure without a formula for any method. Knows nothing of optimizers.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

import torch
from torch.nn import functional
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from engine.methods import Family
from engine.worker.dataset.batch_packing import Load
from engine.worker.kernels import attention, causal_attention, registry
from engine.worker.modeling import forward


def activation_bytes(
    model: Any,
    family: Family,
    load: Load,
    device_type: str,
    *,
    checkpointed: bool = False,
    keeps_inputs: bool = False,
) -> int:
    """Return the most bytes alive at once beside parameters, buffers and gradients while `load` is learned.

    `model` is on the meta device; it is left in training mode with gradients, and good for nothing else.
    `keeps_inputs`: frozen linear layers keep their inputs, as those in 8 bits do.
    """
    model.train()
    kernels = partial(_Kernels, device_type, keeps_inputs)
    if checkpointed:
        # What is computed again in the backward pass is out of sight of the kernels around it.
        again = partial(_checkpoint_contexts, kernels)
        model.activation_checkpointing_enable({"use_reentrant": False, "context_fn": again})
    counter = LivingBytes(all_alike=family == "decoder-only")
    counter.leave_out(model.parameters())
    counter.leave_out(model.buffers())
    for parameter in model.parameters():
        if parameter.requires_grad:
            # As in every micro-batch of a step but the first: gradients are there and are added to.
            parameter.grad = torch.empty_like(parameter)
            counter.leave_out([parameter.grad])
    with torch.device("meta"), registry.planned_for(device_type), kernels(), counter:
        _loss(model, family, load).backward()
    return counter.most


def _checkpoint_contexts(kernels: Callable[[], _Kernels]) -> tuple[AbstractContextManager[Any], _Kernels]:
    return nullcontext(), kernels()


def _loss(model: Any, family: Family, load: Load) -> torch.Tensor:
    """Compute what `step_gradients.token_loss_sum` computes; which tokens are learned has no numbers here."""
    input_ids = torch.ones(load.rows, load.input_length, dtype=torch.long)
    labels = torch.ones(load.rows, load.label_length, dtype=torch.long)
    targets = torch.ones(load.learned_tokens, dtype=torch.long)
    places = torch.stack([targets, targets])
    found = forward.logits_at(model, family, input_ids, torch.ones_like(input_ids), labels, places)
    return functional.cross_entropy(found.float(), targets, reduction="sum")


class LivingBytes(TorchDispatchMode):
    """Counts the bytes of all tensors made inside, from each one's making to its end; `most` is the peak.

    `all_alike` is what a model hears that asks whether something holds for all of a tensor without numbers: a mask
    has padding in it; of rows without a mask each is one text.
    """

    def __init__(self, *, all_alike: bool = False) -> None:
        super().__init__()
        self.most = 0
        self._all_alike = all_alike
        self._now = 0
        self._known: dict[int, Any] = {}

    def leave_out(self, tensors: Iterable[torch.Tensor]) -> None:
        """Don't count these."""
        for tensor in tensors:
            storage = tensor.untyped_storage()
            self._known[storage._cdata] = storage

    def __torch_dispatch__(
        self, operation: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if operation is torch.ops.aten._local_scalar_dense.default and args[0].is_meta:
            return self._all_alike if args[0].dtype is torch.bool else 1
        made = operation(*args, **(kwargs or {}))
        for tensor in tree_leaves(made):
            if isinstance(tensor, torch.Tensor):
                self._count(tensor.untyped_storage())
        return made

    def _count(self, storage: torch.UntypedStorage) -> None:
        key, size = storage._cdata, storage.nbytes()
        if key in self._known:
            return
        self._now += size
        self.most = max(self.most, self._now)
        self._known[key] = weakref.ref(storage, self._forget(key, size))

    def _forget(self, key: int, size: int) -> Callable[[Any], None]:
        def forget(_: Any) -> None:
            self._now -= size
            del self._known[key]

        return forget


class _Kernels(TorchFunctionMode):
    """Lets attention, sparse matrices and 8-bit layers keep what the device's kernels keep; the meta device has none.

    Fused attention, which CUDA has always, keeps no matrix of attention weights; what a CPU has with dropout is
    `attention.dropout_attention`, what it has for a decoder without dropout may be `causal_attention.attention`.
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
            # Parts that are left out at random are drawn for real: without numbers, all would be left out, or others.
            kwargs["device"] = "cpu"
        if function is torch.sparse_coo_tensor:
            # As wide as it is, it takes no room: what is added to a dense one comes from a few numbers.
            return args[1].sum().expand(args[2])
        made = function(*args, **kwargs)
        if function is functional.linear and self._keeps_inputs and made.requires_grad:
            made.grad_fn.metadata["input"] = args[0]
        return made

    def _is_written_out(self, dropout_p: float = 0.0, **_: Any) -> bool:
        """Tell whether torch itself composes this attention, as on a processor with dropout."""
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
        """Attend as the device does; called as torch's function is."""
        if dropout_p and registry.enabled("attention", self._device_type):
            return attention.dropout_attention(query, key, value, attn_mask, dropout_p, is_causal, scale)
        if is_causal and causal_attention.applies(query, key):
            return causal_attention.attention(query, key, value, scale)
        fused: torch.Tensor = _Attention.apply(query, key, value, attn_mask)
        return fused


class _Attention(torch.autograd.Function):
    """Attention as fused kernels do it: kept are the result, a float32 number for each row, and the mask as numbers."""

    @staticmethod
    def forward(
        context: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: torch.Tensor | None
    ) -> torch.Tensor:
        # Kernels lay a token's heads beside each other, so that it need not be copied to be read on.
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
