"""A base model that is shared out over the ranks of a run: each holds a part of every block's frozen weights (FSDP).

A block is gathered when it is computed and dropped afterwards, so all ranks compute the same passes. What is trained
stays whole in every rank: optimizer, checkpoints and adapters know nothing of this. FSDP of version 2, applied by torch
itself: it goes with frozen 4-bit weights, and leaves out parameters by name. accelerate would share out what is trained
too.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, fully_shard

from engine.errors import BaseModelError
from engine.messages import say
from engine.worker.modeling.base_models import LoadedBase, Model
from engine.worker.runtime import devices
from engine.worker.runtime.rank_group import RankGroup


def shard(base: LoadedBase, model: Model, device: torch.device, group: RankGroup) -> None:
    """Share a model's blocks out and move it to a device; `model` is the base with its adapter.

    Raises BaseModelError for a model whose blocks are not known.
    """
    names = set(base.model._no_split_modules or ())
    blocks = [module for module in base.model.modules() if type(module).__name__ in names]
    if not blocks:
        message = say("{} can't be sharded: its blocks are unknown.", base.options.id)
        raise BaseModelError(message, "Train without sharding.", "training.shard")
    mesh = init_device_mesh(device.type, (group.size,))
    for block in blocks:
        trained = {parameter for parameter in block.parameters() if parameter.requires_grad}
        fully_shard(block, mesh=mesh, reshard_after_forward=True, ignored_params=trained)
        block.register_forward_pre_hook(_restore_4bit_weights)
    model.to(device)
    base.device = device
    for block in blocks:
        # Once outside of inference mode, whose tensors can't be trained through.
        assert isinstance(block, FSDPModule)
        block.unshard()
        block.reshard()
    devices.free_unused(device)
    group.is_sharded = True


def _restore_4bit_weights(block: nn.Module, _: Any) -> None:
    """Let gathered 4-bit weights be bitsandbytes' own again: some methods read them before the layer itself does."""
    for module in block.modules():
        if getattr(module, "quant_state", None) is not None:
            from bitsandbytes.nn.modules import fix_4bit_weight_quant_state_from_module

            fix_4bit_weight_quant_state_from_module(module)
