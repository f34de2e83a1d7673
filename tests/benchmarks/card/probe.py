"""Looks at the device in a process of its own, and says what the machine lacks: torch is not loaded by the runner.

python -m tests.benchmarks.card.probe auto|cuda|cpu|pretend        prints a line of JSON
"""

import importlib.metadata
import os
import shutil
import sys
import tempfile
import warnings
from typing import Any

from engine.system.graphics import nvidia_smi
from tests.helpers.benchmark_report import machine
from tests.helpers.line_process import answer, own_output

LIBRARIES = ("torch", "transformers", "peft", "accelerate", "bitsandbytes")
LEAST_TORCH = (2, 11)
NAMES = {"cpu": "", "pretend": "pretend card on "}
# What the shape of a Llama 7B takes in bfloat16.
DISK_BYTES = 15e9


def main(asked: str) -> None:
    output = own_output()
    warnings.simplefilter("ignore")
    import torch

    has_card = torch.cuda.is_available()
    kind = asked if asked != "auto" else "cuda" if has_card else "cpu"
    if kind == "cuda" and not has_card:
        answer(output, {"problem": f"torch {torch.__version__} finds no CUDA card. {_driver()}".strip()})
    else:
        answer(output, {"kind": kind, **_device(kind, torch)})


def _device(kind: str, torch: Any) -> dict[str, Any]:
    """Return name and facts of the device, with the versions of the libraries and what the machine lacks."""
    name, facts = _card(torch) if kind == "cuda" else (NAMES[kind] + machine(), {})
    facts |= {library: _version(library) for library in LIBRARIES}
    facts |= {"machine": machine(), "lacking": "; ".join(lacking(facts)) or "nothing"}
    return {"name": name, "facts": facts}


def _card(torch: Any) -> tuple[str, dict[str, str]]:
    """Return the name of the first visible card, and what driver and torch say of it."""
    # Before this process is on the card itself.
    driver = _driver()
    facts = torch.cuda.get_device_properties(0)
    free, total = torch.cuda.mem_get_info(0)
    told = {
        "memory": f"{total / 1e9:.1f} GB, {free / 1e9:.1f} GB free",
        "compute capability": f"{facts.major}.{facts.minor}, {facts.multi_processor_count} multiprocessors",
        "bfloat16": "yes" if torch.cuda.is_bf16_supported(including_emulation=False) else "no",
        "driver": driver or "unknown",
        "CUDA of torch": str(torch.version.cuda or torch.version.hip),
        "cards": str(torch.cuda.device_count()),
    }
    return facts.name, told


def _driver() -> str:
    """Return what the driver says: its version and who else uses the cards, or why it doesn't respond."""
    found = nvidia_smi.ask()
    others = [f"{each.name or each.pid} is on it" for card in found.cards for each in card.processes]
    versions = {card.driver for card in found.cards if card.driver}
    return ", ".join([*sorted(versions), *others, *filter(None, [found.problem])])


def _version(library: str) -> str:
    try:
        return importlib.metadata.version(library)
    except importlib.metadata.PackageNotFoundError:
        return "missing"


def lacking(facts: dict[str, str]) -> list[str]:
    """Return what this machine lacks for all parts to be measured."""
    number = tuple(int(part) for part in facts["torch"].split("+")[0].split(".")[:2] if part.isdecimal())
    free = shutil.disk_usage(tempfile.gettempdir()).free
    checks = (
        (number < LEAST_TORCH, f"torch {facts['torch']} is older than {'.'.join(map(str, LEAST_TORCH))}"),
        (facts["bitsandbytes"] == "missing", "bitsandbytes is not installed"),
        (not shutil.which(nvidia_smi.PROGRAM), "there is no nvidia-smi"),
        (facts.get("bfloat16") == "no", "the card does not compute in bfloat16"),
        (
            free < DISK_BYTES,
            f"{free / 1e9:.0f} GB free among the temporary files, {DISK_BYTES / 1e9:.0f} wanted",
        ),
        ((os.cpu_count() or 1) < 2, "one processor core"),
    )
    return [words for found, words in checks if found]


if __name__ == "__main__":
    main(sys.argv[1])
