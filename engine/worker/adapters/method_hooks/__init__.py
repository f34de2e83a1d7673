"""What a method needs beyond PEFT: one MethodHooks for each PEFT type; most need nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from peft import PeftModel

from engine.worker.adapters.method_hooks.adalora import AdaLoraHooks
from engine.worker.adapters.method_hooks.base import TRAINED, InitContext, MethodHooks, Tensors
from engine.worker.adapters.method_hooks.bottleneck import BottleneckHooks
from engine.worker.adapters.method_hooks.lora import LoraHooks, LowRankHooks
from engine.worker.adapters.method_hooks.shape_constraints import (
    BoftHooks,
    C3aHooks,
    FourierFtHooks,
    GraLoraHooks,
    MissHooks,
    ShiraHooks,
    VbLoraHooks,
)
from engine.worker.adapters.method_hooks.shared_buffers import (
    Ia3Hooks,
    ProjectionHooks,
    RandLoraHooks,
)
from engine.worker.adapters.method_hooks.soft_prompts import SOFT_PROMPTS

__all__ = ["TRAINED", "InitContext", "MethodHooks", "Tensors", "of", "of_config", "of_type"]

USUAL = MethodHooks()
HOOKS: Mapping[str, MethodHooks] = {
    "LORA": LoraHooks(),
    "ADALORA": AdaLoraHooks(),
    "LOHA": LowRankHooks(),
    "LOKR": LowRankHooks(),
    "DELORA": LowRankHooks(),
    "HRA": LowRankHooks(),
    "VBLORA": VbLoraHooks(),
    "MISS": MissHooks(),
    "GRALORA": GraLoraHooks(),
    "BOFT": BoftHooks(),
    "C3A": C3aHooks(),
    "FOURIERFT": FourierFtHooks(),
    "SHIRA": ShiraHooks(),
    "VERA": ProjectionHooks(),
    "RANDLORA": RandLoraHooks(),
    "IA3": Ia3Hooks(),
    "BOTTLENECK": BottleneckHooks(),
    **SOFT_PROMPTS,
}


def of(model: PeftModel) -> MethodHooks:
    """Return the hooks of the adapter in training."""
    return of_config(model.peft_config[TRAINED])


def of_config(config: Any) -> MethodHooks:
    """Return the hooks of a PEFT configuration's type."""
    return of_type(str(config.peft_type.value))


def of_type(peft_type: str) -> MethodHooks:
    """Return the hooks of a PEFT type."""
    return HOOKS.get(peft_type, USUAL)
