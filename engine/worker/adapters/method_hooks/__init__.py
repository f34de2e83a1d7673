"""What a method needs beyond what PEFT does by itself: one Handling a PEFT type; most need nothing."""

from __future__ import annotations

from collections.abc import Mapping

from peft import PeftModel

from engine.worker.adapters.method_hooks.adalora import AdaLoraHandling
from engine.worker.adapters.method_hooks.base import TRAINED, Course, Handling, Tensors
from engine.worker.adapters.method_hooks.bottleneck import BottleneckHandling
from engine.worker.adapters.method_hooks.lora import LoraHandling, LowRankHandling
from engine.worker.adapters.method_hooks.shape_constraints import (
    BoftHandling,
    C3aHandling,
    FourierFtHandling,
    GraLoraHandling,
    MissHandling,
    ShiraHandling,
    VbLoraHandling,
)
from engine.worker.adapters.method_hooks.shared_buffers import (
    Ia3Handling,
    ProjectionHandling,
    RandLoraHandling,
)
from engine.worker.adapters.method_hooks.soft_prompts import SOFT_PROMPTS

__all__ = ["TRAINED", "Course", "Handling", "Tensors", "named", "of"]

USUAL = Handling()
HANDLINGS: Mapping[str, Handling] = {
    "LORA": LoraHandling(),
    "ADALORA": AdaLoraHandling(),
    "LOHA": LowRankHandling(),
    "LOKR": LowRankHandling(),
    "DELORA": LowRankHandling(),
    "HRA": LowRankHandling(),
    "VBLORA": VbLoraHandling(),
    "MISS": MissHandling(),
    "GRALORA": GraLoraHandling(),
    "BOFT": BoftHandling(),
    "C3A": C3aHandling(),
    "FOURIERFT": FourierFtHandling(),
    "SHIRA": ShiraHandling(),
    "VERA": ProjectionHandling(),
    "RANDLORA": RandLoraHandling(),
    "IA3": Ia3Handling(),
    "BOTTLENECK": BottleneckHandling(),
    **SOFT_PROMPTS,
}


def of(model: PeftModel) -> Handling:
    """Return how the adapter in training is handled."""
    return named(str(model.peft_config[TRAINED].peft_type.value))


def named(peft_type: str) -> Handling:
    """Return how adapters of a PEFT type are handled."""
    return HANDLINGS.get(peft_type, USUAL)
