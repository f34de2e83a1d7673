"""A stand-in for nvidia-smi on the PATH, which answers as the driver of any number of cards would."""

import os
import shlex
from collections.abc import Sequence
from pathlib import Path

import pytest

from engine.system.graphics import nvidia_smi, visible_cards
from engine.worker.runtime import device_problems
from tests.helpers.systems import SHELL_SCRIPT, WINDOWS

VARIABLES = (
    visible_cards.DEVICE, visible_cards.USERS_CARDS, visible_cards.CUDA_CARDS, visible_cards.ROCM_CARDS,
    visible_cards.ROCM_LOWER_CARDS, visible_cards.XPU_CARDS, visible_cards.ORDER, visible_cards.RANK,
)  # fmt: skip


def row(
    index: int,
    name: str = "NVIDIA RTX 3060",
    total: str = "12288",
    used: str = "300",
    load: str = "0",
    driver: str = "580.65.06",
    capability: str = "8.6",
) -> str:
    """Return a card's line as nvidia-smi prints it, in MiB and percent."""
    return f"{index}, {uuid(index)}, {name}, {total}, {used}, {load}, {driver}, {capability}"


def uuid(index: int) -> str:
    return f"GPU-{index:08x}-aaaa-bbbb-cccc-0123456789ab"


def process(card: int, pid: int, name: str = "/usr/bin/python3", used: str = "9000") -> str:
    return f"{pid}, {name}, {used}, {uuid(card)}"


def install(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    cards: Sequence[str] = (),
    processes: Sequence[str] = (),
    *,
    code: int = 0,
    hangs: bool = False,
) -> None:
    """Put an nvidia-smi first on the PATH that prints these lines, which this process awaits as long as it takes.

    The user has set no variable.
    """
    if WINDOWS:
        pytest.skip(SHELL_SCRIPT)
    texts = {}
    for name, lines in (("cards", cards), ("processes", processes)):
        texts[name] = folder / f"{name}.csv"
        texts[name].write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    answer = "exec sleep 60" if hangs else f"cat {shlex.quote(str(texts['cards']))}"
    program = folder / "nvidia-smi"
    program.write_text(
        "#!/bin/sh\n"
        f'case "$1" in --query-compute-apps*) cat {shlex.quote(str(texts["processes"]))};; *) {answer};; esac\n'
        f"exit {code}\n",
        encoding="utf-8",
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    if not hangs:
        monkeypatch.setitem(nvidia_smi.ask.__kwdefaults__, "timeout", None)
    without_variables(monkeypatch)


def without_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what chooses cards, and forget earlier answers of the driver."""
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    device_problems.forget()
