"""The optimizer and the learning rate's schedule of a run: those of torch, bitsandbytes and transformers.

Settings are the ones that transformers' Trainer gives them: no weight decay for biases and norms, and with an 8-bit
optimizer embeddings keep their state in 32 bits, as bitsandbytes advises. An 8-bit optimizer can go on from the state
that torch's AdamW left in a checkpoint.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from itertools import chain
from typing import Any

import torch
import transformers
from torch import nn

from engine.config.training import TrainingOptions

# Parameters with such a name, and those of LayerNorm modules, have no weight decay.
NO_DECAY = re.compile(r"bias|layernorm|rmsnorm|(?:^|\.)norm(?:$|\.)|_norm(?:$|\.)")
SCHEDULES = {"linear": "linear", "cosine": "cosine", "constant": "constant_with_warmup"}
EIGHT_BIT = ("adamw_8bit", "paged_adamw_8bit")
# bitsandbytes' AdamW: how many values share a scale, and what torch calls its two states.
BLOCK = 256
STATES = (("exp_avg", "state1", "1"), ("exp_avg_sq", "state2", "2"))


def make_optimizer(
    model: nn.Module, training: TrainingOptions, learning_rate: float
) -> torch.optim.Optimizer:
    """Return the recipe's optimizer over a model's trainable parameters.

    Parameters that the model lists in `learning_rate_factors` get groups of their own with that many times the rate.
    """
    groups = _by_rate(
        _by_decay(model, training.weight_decay, learning_rate),
        getattr(model, "learning_rate_factors", {}),
        model,
    )
    optimizer = _optimizer_class(training.optimizer)(groups, lr=learning_rate)
    if training.optimizer in EIGHT_BIT:
        from bitsandbytes.optim import GlobalOptimManager

        manager = GlobalOptimManager.get_instance()
        for module in model.modules():
            if isinstance(module, nn.Embedding):
                manager.register_module_override(module, "weight", {"optim_bits": 32})
    return optimizer


def make_schedule(
    optimizer: torch.optim.Optimizer, training: TrainingOptions, total_steps: int
) -> torch.optim.lr_scheduler.LRScheduler:
    """Return the recipe's schedule of the learning rate over all steps of a run."""
    return transformers.get_scheduler(
        SCHEDULES[training.schedule],
        optimizer=optimizer,
        num_warmup_steps=math.ceil(total_steps * training.warmup),
        num_training_steps=total_steps,
    )


def load_optimizer_state(optimizer: Any, stored: dict[str, Any]) -> None:
    """Give an optimizer a stored state: its own, or that of torch's AdamW to an 8-bit one."""
    is_eight_bit = type(optimizer.optimizer).__module__.startswith("bitsandbytes")
    if is_eight_bit and any("exp_avg" in state for state in stored["state"].values()):
        _load_adamw_state(optimizer.optimizer, stored)
    else:
        optimizer.load_state_dict(stored)


def _optimizer_class(name: str) -> Callable[..., torch.optim.Optimizer]:
    if name == "adamw":
        return partial(torch.optim.AdamW, betas=(0.9, 0.999), eps=1e-8, fused=True)
    if name == "adafactor":
        return partial(transformers.Adafactor, scale_parameter=False, relative_step=False)
    from bitsandbytes.optim import AdamW

    paged = name == "paged_adamw_8bit"
    return partial(AdamW, betas=(0.9, 0.999), eps=1e-8, optim_bits=8, is_paged=paged)


def _by_decay(model: nn.Module, weight_decay: float, learning_rate: float) -> list[dict[str, Any]]:
    """Return two parameter groups: with and without weight decay."""
    layer_norms = [module for module in model.modules() if isinstance(module, nn.LayerNorm)]
    norms = {id(parameter) for module in layer_norms for parameter in module.parameters()}
    with_decay: list[nn.Parameter] = []
    without: list[nn.Parameter] = []
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            has_decay = id(parameter) not in norms and not NO_DECAY.search(name.lower())
            (with_decay if has_decay else without).append(parameter)
    return [
        {"params": with_decay, "weight_decay": weight_decay, "lr": learning_rate},
        {"params": without, "weight_decay": 0.0, "lr": learning_rate},
    ]


def _by_rate(
    groups: Iterable[dict[str, Any]], factors: Mapping[str, float], model: nn.Module
) -> list[dict[str, Any]]:
    """Return groups split by learning rate; those at the run's own rate stay first, since reports show the first."""
    if not factors:
        return list(groups)
    by_parameter = {id(each): factors.get(name, 1.0) for name, each in model.named_parameters()}
    split = []
    for group in groups:
        group_factors = {by_parameter[id(each)] for each in group["params"]}
        for factor in sorted(group_factors, key=lambda rate: (rate != 1.0, rate)):
            members = [each for each in group["params"] if by_parameter[id(each)] == factor]
            split.append({**group, "params": members, "lr": group["lr"] * factor})
    return split


@torch.no_grad()
def _load_adamw_state(optimizer: Any, stored: dict[str, Any]) -> None:
    """Give a new 8-bit AdamW of bitsandbytes the state of torch's, for the same parameters in the same groups."""
    ids = chain.from_iterable(group["params"] for group in stored["param_groups"])
    for index, group in enumerate(optimizer.param_groups):
        for name in ("lr", "initial_lr"):
            group[name] = stored["param_groups"][index][name]
        for number, parameter in enumerate(group["params"]):
            averages = stored["state"].get(next(ids))
            if averages:
                optimizer.init_state(group, parameter, index, number)
                _convert(averages, optimizer.state[parameter], parameter.device)


def _convert(averages: dict[str, Any], state: dict[str, Any], device: torch.device) -> None:
    from bitsandbytes import functional

    state["step"] = int(averages["step"])
    for torch_name, name, number in STATES:
        average = averages[torch_name].to(device, torch.float32)
        if state[name].dtype is not torch.uint8:
            state[name].copy_(average)
            continue
        quantized, scales = functional.quantize_blockwise(
            average, code=state[f"qmap{number}"], blocksize=BLOCK
        )
        state[name].copy_(quantized)
        state[f"absmax{number}"].copy_(scales.absmax)
