"""Chooses the device, its dtype and threads; reports memory. Knows nothing of models."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from engine.config.recipe import Precision
from engine.errors import DeviceError
from engine.messages import say
from engine.system.graphics import visible_cards
from engine.system.ranks import Rank
from engine.worker.runtime import device_problems, rank_group, rank_joining, rank_meeting

# Kinds of devices with memory of their own, which torch counts.
GPUS = ("cuda", "xpu")
# As the driver writes it, where torch leaves it out.
UUID_PREFIX = "GPU-"
# Compute capability of the first NVIDIA GPUs with bfloat16 and TF32.
AMPERE = (8, 0)
# A container's memory limit, what its processes use, and how that is made up.
CGROUP_LIMIT, CGROUP_USED, CGROUP_PARTS = (
    Path("/sys/fs/cgroup") / f"memory.{name}" for name in ("max", "current", "stat")
)


@dataclass(frozen=True)
class Format:
    """A dtype, and the reason for it as text for the user."""

    dtype: torch.dtype
    reason: str

    @property
    def name(self) -> str:
        """The format's name, as in recipes."""
        return str(self.dtype).removeprefix("torch.")


def choose(device: str) -> torch.device:
    """Return the device of a recipe's `training.device`. Raises DeviceError if this computer has none such.

    A worker sees one GPU alone, which is number 0 for torch whatever number it has in the recipe; of a run's processes
    on one computer, each takes the GPU of its own number there.
    """
    available = {
        "cuda": torch.cuda.is_available(),
        "xpu": torch.xpu.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    kind, _, number = device.partition(":")
    if kind in ("auto", visible_cards.ALL):
        kind = next(name for name, is_available in available.items() if is_available)
    elif not available[kind] or not _is_visible(kind, int(number or 0)):
        raise device_problems.missing(device)
    if kind not in GPUS:
        return torch.device(kind)
    process = rank_meeting.place()
    if process is not None:
        return _card_of(process, kind, number)
    return torch.device(kind, 0 if _reserved_kind() == kind else int(number or 0))


def _card_of(process: Rank, kind: str, number: str) -> torch.device:
    """Return the GPU of one of a run's processes. Raises DeviceError where there is none for each of them."""
    module = getattr(torch, kind)
    count = int(module.device_count())
    if number and process.local_size > 1:
        message = say("{} processes can't all use {}:{}.", process.local_size, kind, number)
        raise DeviceError(message, "Choose auto; each process takes its own GPU.", device_problems.FIELD)
    if process.local_size > count:
        message = say("{} processes share {} GPUs; each needs its own.", process.local_size, count)
        raise DeviceError(message, "Start one process per GPU.", device_problems.FIELD)
    chosen = torch.device(kind, process.local_rank)
    # Libraries ask for the current GPU, FSDP and NCCL among them.
    module.set_device(chosen)
    return chosen


def processes_on(device: str) -> int:
    """Return how many processes a run on a recipe's `training.device` is started with here: on all GPUs one for each.

    It takes up to a second to look for GPUs.
    """
    if device != visible_cards.ALL:
        return 1
    return max(1, visible_cards.count(visible_cards.users_environment(os.environ)))


def usable(device: str) -> torch.device:
    """Return the device of a recipe's `training.device`.

    Raises DeviceError also for a GPU that is full, or that torch has no kernels for.
    """
    chosen = choose(device)
    # A GPU that this process computes on already is filled by itself.
    is_new = chosen.type == "cuda" and not torch.cuda.memory_reserved(chosen)
    problem = device_problems.of_card(name(chosen)) if is_new else None
    if problem is not None:
        raise problem
    return chosen


def notices(device: torch.device) -> list[dict[str, str]]:
    """Return remarks on a device, each with message, hint and level: who else uses a GPU."""
    return device_problems.notices(name(device)) if device.type == "cuda" else []


def _is_visible(kind: str, number: int) -> bool:
    """Tell whether torch sees a GPU, or whether this worker was started for it."""
    if kind not in GPUS:
        return True
    if _reserved_kind() == kind:
        return visible_cards.reserved(os.environ) == f"{kind}:{number}"
    return number < int(getattr(torch, kind).device_count())


def _reserved_kind() -> str:
    """Return the kind of GPU that this worker was started for, "" if it was started for no GPU."""
    return visible_cards.reserved(os.environ).partition(":")[0]


def name(device: torch.device) -> str:
    """Return a device's name as in recipes: of the only visible GPU its number among all of the user's."""
    return visible_cards.reserved(os.environ) if _reserved_kind() == device.type else str(device)


def threads(device: torch.device) -> int:
    """Return the number of threads to compute with: all cores on a CPU, one fewer beside another device.

    A run's processes on one computer share its cores.
    """
    cores = max(1, rank_joining.cores() // rank_meeting.local_size())
    return within_limit(cores if device.type == "cpu" else max(1, cores - 1))


def within_limit(threads: int) -> int:
    """Return so many threads, or as many as OpenMP grants: with more, kernels leave parts uncomputed."""
    limit = os.environ.get("OMP_THREAD_LIMIT", "")
    return min(threads, max(1, int(limit))) if limit.isdecimal() else threads


@contextmanager
def using_threads(threads: int) -> Iterator[None]:
    """Compute operations inside with so many threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def number_format(precision: Precision, device: torch.device, *, overflows: bool = False) -> Format:
    """Return the dtype of the frozen weights on `device`; `overflows`: the model does in float16."""
    if precision != "auto":
        return Format(getattr(torch, precision), "chosen in the recipe")
    if device.type == "cuda":
        if has_bfloat16(device):
            return Format(torch.bfloat16, "this device supports bfloat16")
        reason = "this GPU doesn't support bfloat16"
        if overflows:
            return Format(torch.float32, say("{}, and this model overflows in float16", reason))
        return Format(torch.float16, reason)
    if device.type == "xpu":
        return Format(torch.bfloat16, "this device supports bfloat16")
    known = torch.cpu.get_capabilities() if device.type == "cpu" else {}
    is_faster = any(known.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))
    reason = "this CPU is faster in bfloat16" if is_faster else "bfloat16 is not faster here"
    return Format(torch.bfloat16 if is_faster else torch.float32, reason)


def has_bfloat16(device: torch.device) -> bool:
    """Tell whether a device multiplies matrices in bfloat16 by itself, as NVIDIA's GPUs do from Ampere on.

    `torch.cuda.is_bf16_supported` answers for the current device alone.
    """
    if device.type != "cuda" or torch.version.hip:
        return True
    return torch.cuda.get_device_capability(device) >= AMPERE


def refuse_bfloat16(dtype: torch.dtype, device: torch.device) -> None:
    """Raise DeviceError for bfloat16 on a GPU that only emulates it, and slowly."""
    if dtype is torch.bfloat16 and not has_bfloat16(device):
        raise DeviceError(
            say("{} doesn't support bfloat16.", torch.cuda.get_device_name(device)),
            "Choose auto.",
            "base_model.precision",
        )


def refuse_eight_bits(optimizer: str, device: torch.device) -> None:
    """Raise DeviceError for an optimizer in 8 bits on Apple's GPUs, which bitsandbytes has no kernel for.

    Quantized weights it has there since 0.50. bfloat16 needs macOS 14, without which torch finds no such GPU.
    """
    if device.type == "mps" and optimizer.endswith("8bit"):
        raise DeviceError(
            "Apple's GPUs have no 8-bit optimizer.",
            "Choose AdamW or Adafactor, or the device cpu.",
            "training.optimizer",
        )


def set_float32_precision(device: torch.device, *, exact: bool) -> None:
    """Let a GPU multiply float32 matrices in TF32 where it has that, or never if they have to be `exact`.

    TF32 has the range of float32 and ten bits of precision; adapters beside a base in bfloat16 gain up to eightfold.
    GPUs before Ampere (compute capability 8.0) have no TF32.
    """
    if device.type == "cuda":
        fast = not exact and torch.cuda.get_device_capability(device) >= AMPERE
        torch.set_float32_matmul_precision("high" if fast else "highest")


def card(device: torch.device) -> dict[str, Any]:
    """Return name, memory and id of a GPU, as `run_started` reports them; {} for other devices."""
    if device.type not in GPUS:
        return {}
    facts = torch.get_device_module(device).get_device_properties(device)
    uuid = getattr(facts, "uuid", None) if device.type == "cuda" else None
    known = {"device_uuid": f"{UUID_PREFIX}{uuid}"} if uuid else {}
    return {"device_name": facts.name, "device_memory_bytes": facts.total_memory, **known}


def capacity_bytes(device: torch.device) -> int:
    """Return the device's total memory; the computer's where it shares that."""
    if device.type in GPUS:
        return int(torch.get_device_module(device).get_device_properties(device).total_memory)
    import psutil

    return int(psutil.virtual_memory().total)


def memory_bytes(device: torch.device) -> int:
    """Return the peak memory on the device so far; on a CPU, what the run's processes here have now."""
    if device.type in GPUS:
        return int(torch.get_device_module(device).max_memory_allocated(device))
    import psutil

    group = rank_group.current()
    beside = sum(peer.private_bytes() for peer in (group.peers if group else ()))
    return int(psutil.Process().memory_info().rss) + beside


def available_bytes(device: torch.device) -> int:
    """Return the memory that this process can have on the device now, including what it has already."""
    if device.type in GPUS:
        card = torch.get_device_module(device)
        return int(card.mem_get_info(device)[0]) + int(card.memory_reserved(device))
    import psutil

    return memory_bytes(device) + min(int(psutil.virtual_memory().available), _left_in_cgroup())


def unused_bytes(device: torch.device) -> int:
    """Return the memory on the device that this process can still fill now.

    Of a GPU, torch keeps what was freed for tensors to come: it is unused too.
    """
    if device.type in GPUS:
        return available_bytes(device) - int(torch.get_device_module(device).memory_allocated(device))
    return available_bytes(device) - memory_bytes(device)


def _left_in_cgroup() -> int:
    """Return what a container's limit leaves, with the file cache, which can be reclaimed; endless without a limit."""
    try:
        limit, used = int(CGROUP_LIMIT.read_text()), int(CGROUP_USED.read_text())
        parts = dict(line.split() for line in CGROUP_PARTS.read_text().splitlines())
    except (OSError, ValueError):
        return 1 << 62
    return max(0, limit - used + int(parts.get("inactive_file", 0)))


def free_unused(device: torch.device) -> None:
    """Give memory back that torch keeps on a device for tensors to come."""
    if device.type in GPUS:
        torch.get_device_module(device).empty_cache()
