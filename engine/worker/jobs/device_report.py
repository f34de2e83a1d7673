"""The job `devices`: what torch finds to compute with on this computer. Knows nothing of models."""

from __future__ import annotations

from typing import Any

import psutil
import torch

from engine.errors import DeviceError
from engine.messages import say
from engine.system.graphics import visible_cards
from engine.worker.kernels import registry
from engine.worker.runtime import device_problems, devices
from engine.worker.runtime.channel import Channel

Facts = dict[str, Any]


def run(channel: Channel, _: dict[str, Any]) -> None:
    """Hand over torch's build, its devices, the one "auto" means, and whether quantization works there."""
    chosen = _chosen()
    number_format = devices.number_format("auto", chosen)
    problem = _card_problem()
    built_for = say("CUDA {}", torch.version.cuda) if torch.version.cuda else "the CPU"
    if torch.version.hip:
        built_for = say("ROCm {}", torch.version.hip)
    memory = psutil.virtual_memory()
    cpu = {"id": "cpu", "name": "CPU", "memory_bytes": memory.total, "free_bytes": memory.available}
    channel.result(
        {
            "torch": torch.__version__,
            "built_for": built_for,
            "devices": [*_cards(), cpu],
            "chosen": str(chosen),
            "precision": number_format.name,
            "precision_reason": number_format.reason,
            "threads": devices.threads(chosen),
            "quantization_trouble": _quantization_problem(chosen),
            "patches": patch_facts(),
            "card_notices": devices.notices(chosen),
            "card_problem": problem.problems[0].as_dict() if problem is not None else None,
        }
    )


def _chosen() -> torch.device:
    """Return the device that "auto" means: of several GPUs the one that a worker would be given."""
    found = devices.choose("auto")
    cards = device_problems.facts().cards
    if found.type != "cuda" or not cards:
        return found
    best = visible_cards.best(cards, visible_cards.installed_build())
    return torch.device("cpu") if best is None else torch.device("cuda", best.number)


def _card_problem() -> DeviceError | None:
    """Return why an NVIDIA GPU can't be used by a torch that was built for it, None if nothing is wrong."""
    if not torch.version.cuda:
        return None
    if torch.cuda.is_available():
        return device_problems.of_card("cuda:0")
    known = device_problems.facts()
    return device_problems.missing("cuda:0") if known.cards or known.message else None


def patch_facts() -> Facts:
    """Return the patches that are on, those that are off, and doubts on versions."""
    states = registry.states()
    return {
        "on": [state.name for state in states if state.on],
        "off": [state.name for state in states if not state.on],
        "doubts": [doubt.message for doubt in registry.doubts()],
        "tested_with": registry.tested_versions(states),
    }


def _cards() -> list[Facts]:
    """Return the graphics devices with their memory in bytes; shared memory (MPS) has no size of its own."""
    cards = (
        [_cuda_card(index) for index in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
    )
    if torch.xpu.is_available():
        cards += [
            {"id": f"xpu:{index}", "name": torch.xpu.get_device_name(index)}
            for index in range(torch.xpu.device_count())
        ]
    if torch.backends.mps.is_available():
        cards.append({"id": "mps", "name": "Apple graphics"})
    return cards


def _cuda_card(index: int) -> Facts:
    """Return the facts of a GPU; where its driver tells the memory, CUDA need not take some of it to ask."""
    card = next((each.card for each in device_problems.facts().cards if each.number == index), None)
    if card is None or card.free_bytes is None or card.total_bytes is None:
        free, total = torch.cuda.mem_get_info(index)
    else:
        free, total = card.free_bytes, card.total_bytes
    name = torch.cuda.get_device_name(index)
    return {"id": f"cuda:{index}", "name": name, "memory_bytes": total, "free_bytes": free}


def _quantization_problem(device: torch.device) -> str:
    """Return why weights can't be quantized to four bits here, or nothing: it is tried."""
    try:
        from bitsandbytes import functional

        values = torch.ones(64, 64, device=device)
        packed, state = functional.quantize_4bit(values, quant_type="nf4")
        back = functional.dequantize_4bit(packed, state)
    except (ImportError, OSError, RuntimeError, NotImplementedError, AttributeError) as error:
        return str(error).strip().partition("\n")[0] or type(error).__name__
    return "" if torch.allclose(back, values, atol=0.1) else "it gives wrong numbers"
