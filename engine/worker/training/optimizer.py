"""An optimizer that goes on with what another one has gathered: AdamW's averages, as its 8-bit forms keep them."""

from __future__ import annotations

from itertools import chain
from typing import Any

import torch

EIGHT_BIT = ("adamw_bnb_8bit", "paged_adamw_8bit")
# bitsandbytes' AdamW: how many numbers share a scale.
BLOCK = 256
AVERAGES = (("exp_avg", "1"), ("exp_avg_sq", "2"))


def let_inherit(optimizer: Any) -> None:
    """Let a fresh 8-bit AdamW take a stored state of torch's where it is given one, as well as its own."""
    own = optimizer.load_state_dict

    def load(stored: dict[str, Any], *more: Any) -> None:
        if is_adamw(stored):
            inherit(optimizer, stored)
        else:
            own(stored, *more)

    optimizer.load_state_dict = load


def is_adamw(stored: dict[str, Any]) -> bool:
    """Tell whether a stored state is that of torch's AdamW."""
    return any("exp_avg" in state for state in stored["state"].values())


@torch.no_grad()
def inherit(optimizer: Any, stored: dict[str, Any]) -> None:
    """Give a fresh 8-bit AdamW of bitsandbytes the state of torch's, for the same parameters in the same groups."""
    ids = chain.from_iterable(group["params"] for group in stored["param_groups"])
    for place, group in enumerate(optimizer.param_groups):
        for name in ("lr", "initial_lr"):
            group[name] = stored["param_groups"][place][name]
        for number, parameter in enumerate(group["params"]):
            gathered = stored["state"].get(next(ids))
            if gathered:
                optimizer.init_state(group, parameter, place, number)
                _take_over(optimizer.state[parameter], gathered, parameter.device)


def _take_over(state: dict[str, Any], gathered: dict[str, Any], device: torch.device) -> None:
    from bitsandbytes import functional

    state["step"] = int(gathered["step"])
    for name, number in AVERAGES:
        kept, average = state[f"state{number}"], gathered[name].to(device, torch.float32)
        if kept.dtype is not torch.uint8:
            kept.copy_(average)
            continue
        small, scales = functional.quantize_blockwise(average, code=state[f"qmap{number}"], blocksize=BLOCK)
        kept.copy_(small)
        state[f"absmax{number}"].copy_(scales.absmax)
