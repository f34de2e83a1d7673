"""A model whose blocks are shared out over the processes of a run: each holds a part of every block's frozen weights.

FSDP gathers a block when it is computed and drops it afterwards. All processes must gather the same block at the same
time, but each computes what it was ordered to: other lengths, more batches, or nothing. So before a block is gathered
its number is agreed: the lowest that any process asks for. Whoever is not at that block only lends its part. What is
trained stays whole in every process, so optimizer, checkpoints and adapters know nothing of this.

FSDP of version 2, applied by torch itself: it goes with frozen 4-bit weights, and leaves out parameters by name.
accelerate would share out what is trained too. Nothing is gathered ahead of time, which costs speed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
import torch.distributed as dist
from torch import nn
from torch.distributed.device_mesh import DeviceMesh
from torch.distributed.fsdp import FSDPModule, fully_shard
from torch.distributed.tensor import DTensor
from torch.utils._pytree import tree_leaves

from engine.errors import BaseModelError
from engine.worker.modeling.base_models import LoadedBase, Model
from engine.worker.runtime import devices
from engine.worker.runtime.process_group import ProcessGroup

# Asks for no block; greater than any number of one.
NOTHING = 1 << 30


class ShardedBlocks:
    """The blocks of a model in one process. `on_need` is called before any other process is needed."""

    def __init__(
        self, group: ProcessGroup, blocks: Sequence[FSDPModule], on_need: Callable[[], None] = lambda: None
    ) -> None:
        self._group = group
        self._blocks = blocks
        self._on_need = on_need
        self._computed: set[int] = set()
        for number, block in enumerate(blocks):
            assert isinstance(block, nn.Module)
            # Before FSDP's own hooks, which then have nothing to gather.
            block.register_forward_pre_hook(
                partial(self._before_forward, number), prepend=True, with_kwargs=True
            )
            block.register_forward_hook(partial(self._after_forward, number), prepend=True)

    def follow(self) -> None:
        """Lend parts of blocks until no process asks for one. What an error left gathered is dropped first."""
        for number in self._computed:
            self._blocks[number].reset_iter_state()
        self._computed.clear()
        while (number := self._group.lowest(NOTHING)) != NOTHING:
            self._lend(number)

    def _before_forward(self, number: int, _: nn.Module, *given: Any) -> None:
        self._computed.add(number)
        self._gather(number)
        learned = [each for each in tree_leaves(given) if _is_learned(each)]
        if learned and torch.is_grad_enabled():
            # The states that a block changes come first. Their gradient is the last one that it computes.
            learned[0].register_hook(partial(self._after_backward, number))

    def _after_forward(self, number: int, module: nn.Module, inputs: Any, outputs: Any) -> None:
        """Gather the block again before its backward pass."""
        for output in tree_leaves(outputs):
            if _is_learned(output):
                output.register_hook(partial(self._before_backward, number))

    def _before_backward(self, number: int, gradient: torch.Tensor) -> torch.Tensor:
        self._gather(number)
        return gradient

    def _after_backward(self, number: int, gradient: torch.Tensor) -> torch.Tensor:
        self._blocks[number].reshard()
        return gradient

    def _gather(self, number: int) -> None:
        """Have the whole of a block, once it is its turn."""
        if not _is_sharded(self._blocks[number]):
            return
        self._on_need()
        while (turn := self._group.lowest(number)) != number:
            self._lend(turn)
        self._unshard(number)

    def _lend(self, number: int) -> None:
        """Take part in gathering a block that others need; one that is whole here is gathered anew."""
        block = self._blocks[number]
        is_needed_here = not _is_sharded(block)
        if is_needed_here:
            block.reshard()
        self._unshard(number)
        if not is_needed_here:
            block.reshard()

    def _unshard(self, number: int) -> None:
        block = self._blocks[number]
        with self._group.watched():
            block.unshard()
        _restore_4bit_weights(block)


def _is_learned(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.requires_grad


class _Hidden:
    """A block's arguments on their way past FSDP.

    It would send all tensors through a function of its own, to see when a block's backward pass is done. Gradients of a
    tensor that several blocks read would then be added in another order than with a whole base model.
    """

    def __init__(self, positional: tuple[Any, ...], named: dict[str, Any]) -> None:
        self.positional, self.named = positional, named


def _hide(_: nn.Module, positional: tuple[Any, ...], named: dict[str, Any]) -> Any:
    return (_Hidden(positional, named),), {}


def _show(_: nn.Module, positional: tuple[_Hidden], __: dict[str, Any]) -> Any:
    return positional[0].positional, positional[0].named


def _is_sharded(block: FSDPModule) -> bool:
    assert isinstance(block, nn.Module)
    return any(isinstance(parameter, DTensor) for parameter in block.parameters())


def _restore_4bit_weights(block: FSDPModule) -> None:
    """Let gathered 4-bit weights be bitsandbytes' own again: some methods read them before the layer itself does."""
    assert isinstance(block, nn.Module)
    for module in block.modules():
        if getattr(module, "quant_state", None) is not None:
            from bitsandbytes.nn.modules import fix_4bit_weight_quant_state_from_module

            fix_4bit_weight_quant_state_from_module(module)


def shard(base: LoadedBase, model: Model, device: torch.device, group: ProcessGroup) -> list[FSDPModule]:
    """Share a model's blocks out and move it to a device; return the blocks. `model` is the base with its adapter.

    Raises BaseModelError for a model whose blocks are not known.
    """
    blocks = _blocks_of(base)
    mesh = DeviceMesh.from_group(_whole(group), device.type)
    for block in blocks:
        trained = {parameter for parameter in block.parameters() if parameter.requires_grad}
        # Each goes before those that are there: FSDP's own is between them. It takes each block for a whole model, of
        # which it would drop nothing after the forward pass.
        block.register_forward_pre_hook(_show, prepend=True, with_kwargs=True)
        fully_shard(block, mesh=mesh, reshard_after_forward=True, ignored_params=trained)
        block.register_forward_pre_hook(_hide, prepend=True, with_kwargs=True)
    model.to(device)
    base.device = device
    sharded: list[FSDPModule] = [block for block in blocks if isinstance(block, FSDPModule)]
    for block in sharded:
        # Once outside of inference mode, whose tensors can't be trained through.
        block.unshard()
        block.reshard()
    devices.free_unused(device)
    return sharded


def _whole(group: ProcessGroup) -> dist.ProcessGroup:
    """Return torch's group of all processes, which `group` has opened."""
    assert dist.get_world_size() == group.size
    whole = dist.group.WORLD
    assert whole is not None
    return whole


def _blocks_of(base: LoadedBase) -> list[nn.Module]:
    names = set(base.model._no_split_modules or ())
    blocks = [module for module in base.model.modules() if type(module).__name__ in names]
    if not blocks:
        message = f"The blocks of {base.options.id} are not known, so it can't be sharded."
        raise BaseModelError(message, "Train without sharding.", "training.shard")
    return blocks
