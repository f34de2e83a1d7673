"""Measures the time that the training loop takes outside the model and the optimizer, and a device's own ceiling."""

import functools
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import torch
from accelerate import Accelerator
from accelerate.optimizer import AcceleratedOptimizer

from engine.worker.dataset.collator import Collator
from engine.worker.runtime.rank_group import RankGroup
from engine.worker.training import step_gradients, training_loop

# The model's own time, whoever trains it, and two parts of the rest.
MODEL, REPORTS = "model", "reports"
TIMED: tuple[tuple[Any, str, str], ...] = (
    (step_gradients, "token_loss_sum", MODEL),
    (Accelerator, "backward", MODEL),
    (Accelerator, "clip_grad_norm_", MODEL),
    (AcceleratedOptimizer, "step", MODEL),
    (torch.nn.Module, "zero_grad", MODEL),
    # The time that another rank takes longer than this one.
    (RankGroup, "largest", MODEL),
    (RankGroup, "sum_", MODEL),
    (Collator, "__call__", "batches"),
    (training_loop, "report_step", REPORTS),
)


def measured(train: Callable[[], object], device: torch.device) -> dict[str, float]:
    """Train to the end; return the seconds from the first step's report to the last's, in all and by part."""
    parts: defaultdict[str, float] = defaultdict(float)
    looks: list[dict[str, float]] = []

    def spent(part: str, seconds: float) -> None:
        parts[part] += seconds
        if part == REPORTS:
            looks.append({"seconds": time.perf_counter(), **parts})

    with ExitStack() as stack:
        for owner, name, part in TIMED:
            stack.enter_context(_timed(owner, name, functools.partial(spent, part), device))
        train()
    return {name: looks[-1][name] - looks[0].get(name, 0.0) for name in looks[-1]} | {"steps": len(looks) - 1}


@contextmanager
def _timed(owner: Any, name: str, spent: Callable[[float], None], device: torch.device) -> Iterator[None]:
    plain = getattr(owner, name)

    @functools.wraps(plain)
    def timed(*given: Any, **named: Any) -> Any:
        began = time.perf_counter()
        try:
            return plain(*given, **named)
        finally:
            # A GPU runs asynchronously: its work counts where it was started.
            if device.type == "cuda":
                torch.cuda.synchronize(device)
            spent(time.perf_counter() - began)

    with patch.object(owner, name, timed):
        yield


# The sides of the matrices, by kind of device.
SIZES = {"cpu": 2048, "cuda": 8192}
REPEATS = 8


def matrix_peak(precision: str, device: torch.device) -> float:
    """Return the floating-point operations a second that a large matrix product reaches in this number format."""
    size = SIZES.get(device.type, SIZES["cpu"])
    kind = getattr(torch, precision)
    left, right = (torch.randn(size, size, device=device).to(kind) for _ in range(2))
    torch.matmul(left, right)
    product = functools.partial(torch.matmul, left, right)
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
