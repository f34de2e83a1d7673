"""Chooses the device, its number format, threads and processes; reports memory. Knows nothing of models."""

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

POLL_SECONDS = 0.001
# For a step computed in several processes: examples of each process, and parameters of the model.
MIN_EXAMPLES = 2
MIN_PARAMETERS = 1_000_000
MAX_PROCESSES = 4
# A container's memory limit, what its processes use, and how that is made up.
CGROUP_LIMIT, CGROUP_USED, CGROUP_PARTS = (
    Path("/sys/fs/cgroup") / f"memory.{name}" for name in ("max", "current", "stat")
)


@dataclass(frozen=True)
class Format:
    """A number format, and the reason for it as text for the user."""

    dtype: torch.dtype
    reason: str

    @property
    def name(self) -> str:
        """The format's name, as in recipes."""
        return str(self.dtype).removeprefix("torch.")


def reserve(device: str) -> None:
    """Make one CUDA card the only visible one, or none for a CPU, before CUDA is initialised.

    torch would train on a second card too.
    """
    index = device.partition(":")[2] or "0"
    if device == "auto" or device.startswith("cuda"):
        os.environ.setdefault("CUDA_VISIBLE_DEVICES", index)
    if device == "cpu":
        # With a visible card torch starts threads for it, and then computes no gradients in a fork.
        os.environ["CUDA_VISIBLE_DEVICES"] = ""


def choose(device: str) -> torch.device:
    """Return the device of a recipe's `training.device`. Raises DeviceError if this computer has none such.

    After `reserve`, the chosen CUDA card is `cuda:0` for torch.
    """
    available = {
        "cuda": torch.cuda.is_available(),
        "xpu": hasattr(torch, "xpu") and torch.xpu.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    kind = device.partition(":")[0]
    if kind == "auto":
        kind = next(name for name, is_available in available.items() if is_available)
    if not available[kind]:
        raise DeviceError(
            f"This computer has no {kind.upper()} device that torch can use.",
            'Choose "auto" or "cpu"; `main.py doctor` says what is there.',
            "training.device",
        )
    return torch.device(kind, 0) if kind in ("cuda", "xpu") else torch.device(kind)


def threads(device: torch.device) -> int:
    """Return the number of threads to compute with: all cores on a CPU, one fewer beside another device.

    OpenMP's own limit holds: with more threads than it grants, bfloat16 kernels leave parts uncomputed.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    limit = os.environ.get("OMP_THREAD_LIMIT", "")
    wanted = cores if device.type == "cpu" else max(1, cores - 1)
    return min(wanted, max(1, int(limit))) if limit.isdecimal() else wanted


def process_count(device: torch.device, examples: int, parameters: int) -> int:
    """Return in how many processes a batch of examples is best computed; 1: in the worker alone.

    `parameters` counts the base model's. A CPU's cores do more in processes of their own, but the processes wait for
    the slowest one and each takes memory; and a step of a very small model ends before another process has its input.
    """
    if (
        device.type != "cpu"
        or not fork_pool.is_supported()
        or parameters < MIN_PARAMETERS
        or torch.xpu.is_available()
    ):
        return 1
    return max(1, min(MAX_PROCESSES, threads(device), examples // MIN_EXAMPLES))


def threads_per_process(processes: int) -> int:
    """Return the number of threads of each process, so that together they use all."""
    return max(1, torch.get_num_threads() // processes)


@contextmanager
def using_threads(threads: int) -> Iterator[None]:
    """Compute operations inside with so many threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def number_format(precision: Precision, device: torch.device) -> Format:
    """Return the number format of the frozen weights on `device`."""
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
    """Return name and memory of a graphics card, as `run_started` reports them; {} for other devices."""
    if device.type != "cuda":
        return {}
    facts = torch.cuda.get_device_properties(device)
    return {"device_name": facts.name, "device_memory_bytes": facts.total_memory}


def capacity_bytes(device: torch.device) -> int:
    """Return the device's total memory; the computer's where it shares that."""
    if device.type in ("cuda", "xpu"):
        return int(getattr(torch, device.type).get_device_properties(device).total_memory)
    import psutil

    return int(psutil.virtual_memory().total)


def memory_bytes(device: torch.device) -> int:
    """Return the peak memory on the device so far; on a CPU, what this process and its forks have now."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    import psutil

    return int(psutil.Process().memory_info().rss) + fork_pool.taken_bytes()


def available_bytes(device: torch.device) -> int:
    """Return the memory that this process can have on the device now, including what it has already."""
    if device.type in ("cuda", "xpu"):
        card = getattr(torch, device.type)
        return int(card.mem_get_info(device)[0]) + int(card.memory_reserved(device))
    import psutil

    return memory_bytes(device) + min(int(psutil.virtual_memory().available), _left_in_cgroup())


def _left_in_cgroup() -> int:
    """Return what a container's limit leaves, with the file cache, which can be reclaimed; endless without a limit."""
    try:
        limit, used = int(CGROUP_LIMIT.read_text()), int(CGROUP_USED.read_text())
        parts = dict(line.split() for line in CGROUP_PARTS.read_text().splitlines())
    except (OSError, ValueError):
        return 1 << 62
    return max(0, limit - used + int(parts.get("inactive_file", 0)))


class PeakMemory:
    """Measures the peak memory while inside; `bytes` is valid afterwards. On a CPU it polls."""

    def __init__(self, device: torch.device) -> None:
        self.bytes = 0
        self._device = device
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._poll, daemon=True)

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

    def _poll(self) -> None:
        while not self._over.wait(POLL_SECONDS):
            self.bytes = max(self.bytes, memory_bytes(self._device))
