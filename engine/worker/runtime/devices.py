"""Which device computes, in which number format, with how many threads, and why.

Knows nothing of models.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import torch

from engine.config.recipe import Precision
from engine.errors import DeviceError
from engine.worker.runtime import fork_pool

LOOK_SECONDS = 0.001
# When a step is computed in several processes: the fewest examples for each, and the fewest numbers of a model.
MIN_EXAMPLES = 2
MIN_PARAMETERS = 1_000_000
MAX_PROCESSES = 4
# What Linux lets a container's processes have, and what they take of it.
GROUP_LIMIT, GROUP_TAKEN, GROUP_PARTS = (
    Path("/sys/fs/cgroup") / f"memory.{name}" for name in ("max", "current", "stat")
)


@dataclass(frozen=True)
class Format:
    """A number format and the reason for it, in words for the user."""

    dtype: torch.dtype
    reason: str

    @property
    def name(self) -> str:
        """The format's name as recipes write it."""
        return str(self.dtype).removeprefix("torch.")


def reserve(device: str) -> None:
    """Make one CUDA card the only visible one, or none for a processor, before CUDA is touched.

    torch would train on a second card too.
    """
    index = device.partition(":")[2] or "0"
    if device == "auto" or device.startswith("cuda"):
        os.environ.setdefault("CUDA_VISIBLE_DEVICES", index)
    if device == "cpu":
        # With a card in sight torch keeps threads for it, and then computes no gradients in a fork.
        os.environ["CUDA_VISIBLE_DEVICES"] = ""


def choose(device: str) -> torch.device:
    """Return the device that a recipe's `training.device` means. Raises DeviceError if it is not there.

    After `reserve`, the chosen CUDA card is `cuda:0` to torch.
    """
    available = {
        "cuda": torch.cuda.is_available(),
        "xpu": hasattr(torch, "xpu") and torch.xpu.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    kind = device.partition(":")[0]
    if kind == "auto":
        kind = next(name for name, there in available.items() if there)
    if not available[kind]:
        raise DeviceError(
            f"This computer has no {kind.upper()} device that torch can use.",
            'Choose "auto" or "cpu"; `main.py doctor` says what is there.',
            "training.device",
        )
    return torch.device(kind, 0) if kind in ("cuda", "xpu") else torch.device(kind)


def threads(device: torch.device) -> int:
    """Return how many threads to compute with: all cores on a CPU, one fewer beside another device.

    A limit that OpenMP was given is kept: told of more threads than it gets, bfloat16 kernels leave parts uncomputed.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    limit = os.environ.get("OMP_THREAD_LIMIT", "")
    wanted = cores if device.type == "cpu" else max(1, cores - 1)
    return min(wanted, max(1, int(limit))) if limit.isdecimal() else wanted


def replicas(device: torch.device, examples: int, numbers: int) -> int:
    """Return in how many processes side by side a step of so many examples is best computed; 1: in the worker alone.

    `numbers` are the base model's. A processor's cores do more apart than together, but replicas wait for the slowest
    and each takes memory of its own; and a step of a very small model is over before another process has heard of it.
    """
    if (
        device.type != "cpu"
        or not fork_pool.possible()
        or numbers < MIN_PARAMETERS
        or torch.xpu.is_available()
    ):
        return 1
    return max(1, min(MAX_PROCESSES, threads(device), examples // MIN_EXAMPLES))


def threads_each(processes: int) -> int:
    """Return with how many threads each of some processes side by side computes, so that together they have all."""
    return max(1, torch.get_num_threads() // processes)


@contextmanager
def computing_with(threads: int) -> Iterator[None]:
    """Let operations inside be computed with so many threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def number_format(precision: Precision, device: torch.device) -> Format:
    """Return the format of the frozen weights on `device`."""
    if precision != "auto":
        return Format(getattr(torch, precision), "chosen in the recipe")
    if device.type == "cuda":
        if torch.cuda.is_bf16_supported(including_emulation=False):
            return Format(torch.bfloat16, "this card computes in bfloat16")
        return Format(torch.float32, "this card does not compute in bfloat16")
    if device.type == "xpu":
        return Format(torch.bfloat16, "this device computes in bfloat16")
    if device.type == "cpu" and _cpu_has_bfloat16():
        return Format(torch.bfloat16, "this processor multiplies matrices faster in bfloat16")
    return Format(torch.float32, "bfloat16 is not faster here")


def _cpu_has_bfloat16() -> bool:
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16") or capabilities.get("bf16"))


def card(device: torch.device) -> dict[str, Any]:
    """Return name and memory of a graphics card as `run_started` carries them; nothing for other devices."""
    if device.type != "cuda":
        return {}
    facts = torch.cuda.get_device_properties(device)
    return {"device_name": facts.name, "device_memory_bytes": facts.total_memory}


def capacity_bytes(device: torch.device) -> int:
    """Return how much memory the device has in all; where it shares the computer's, that."""
    if device.type in ("cuda", "xpu"):
        return int(getattr(torch, device.type).get_device_properties(device).total_memory)
    import psutil

    return int(psutil.virtual_memory().total)


def memory_bytes(device: torch.device) -> int:
    """Return the most memory that the work has taken so far on the device; on a CPU, what its processes have now."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    import psutil

    return int(psutil.Process().memory_info().rss) + fork_pool.taken_bytes()


def room_bytes(device: torch.device) -> int:
    """Return how much memory this process could have on the device now, what it has already included."""
    if device.type in ("cuda", "xpu"):
        card = getattr(torch, device.type)
        return int(card.mem_get_info(device)[0]) + int(card.memory_reserved(device))
    import psutil

    return memory_bytes(device) + min(int(psutil.virtual_memory().available), _left_in_group())


def _left_in_group() -> int:
    """Return what a container's limit leaves; what is there for files only can be had too. Endless without a limit."""
    try:
        limit, taken = int(GROUP_LIMIT.read_text()), int(GROUP_TAKEN.read_text())
        parts = dict(line.split() for line in GROUP_PARTS.read_text().splitlines())
    except (OSError, ValueError):
        return 1 << 62
    return max(0, limit - taken + int(parts.get("inactive_file", 0)))


class Peak:
    """The most memory that the work takes while inside; `bytes` is right afterwards. Of a CPU it is looked at often."""

    def __init__(self, device: torch.device) -> None:
        self.bytes = 0
        self._device = device
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        if self._device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self._device)
        else:
            self._watch.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        if self._watch.is_alive():
            self._watch.join()
        self.bytes = max(self.bytes, memory_bytes(self._device))

    def _look(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            self.bytes = max(self.bytes, memory_bytes(self._device))
