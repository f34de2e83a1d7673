"""How fast a device multiplies large matrices right now: the ceiling of what a model can reach on it."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import torch

SIZES = {"cpu": 2048, "cuda": 8192}
REPEATS = 8


def matrix_peak(precision: str, device: torch.device) -> float:
    """Return the floating-point operations a second that a large matrix product reaches in this number format."""
    size = SIZES.get(device.type, SIZES["cpu"])
    kind = getattr(torch, precision)
    left, right = (torch.randn(size, size, device=device).to(kind) for _ in range(2))
    torch.matmul(left, right)
    product = partial(torch.matmul, left, right)
    return float(2 * size**3 / min(_seconds(product) for _ in range(REPEATS)))


def _seconds(work: Callable[[], object]) -> float:
    settle_card()
    began = time.perf_counter()
    work()
    settle_card()
    return time.perf_counter() - began


def settle_card() -> None:
    """Wait until the GPU is idle, if this process computes on one."""
    if torch.cuda.is_initialized():
        torch.cuda.synchronize()
