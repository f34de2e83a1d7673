"""Asks NVIDIA's driver for its GPUs, through nvidia-smi.

A broken GPU can make nvidia-smi hang for ever, even when killed: after a timeout it is not started again for a minute,
nor while it still hangs.
"""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath, PureWindowsPath
from typing import Any

from engine.messages import say
from engine.system.processes import NO_WINDOW

PROGRAM = "nvidia-smi"
# Its place in WSL, which is not on every PATH.
OF_WSL = Path("/usr/lib/wsl/lib/nvidia-smi")
# Without NVIDIA's persistence daemon the driver initialises every GPU first.
TIMEOUT_SECONDS = 10.0
PAUSE_SECONDS = 60.0
MEBIBYTE = 1024**2
CARD_FIELDS = (
    "index", "uuid", "name", "memory.total", "memory.used", "utilization.gpu", "driver_version", "compute_cap",
)  # fmt: skip
# Unknown to drivers before 510, which then answer nothing at all.
NEW_FIELD = CARD_FIELDS[-1]
PROCESS_FIELDS = ("pid", "process_name", "used_memory", "gpu_uuid")
# Processes that timed out; one that hangs in the driver can't be killed.
hanging: list[subprocess.Popen[str]] = []
_asking = threading.Lock()
_asked_again_at = 0.0


@dataclass(frozen=True)
class CardProcess:
    """A process on a GPU: its id, its program's name, and its GPU memory, None if unknown."""

    pid: int
    name: str
    used_bytes: int | None


@dataclass(frozen=True)
class GraphicsCard:
    """A GPU: `index` is nvidia-smi's, by PCI slot; `load` is 0 to 1; None means that the driver does not say."""

    index: int
    uuid: str
    name: str
    total_bytes: int | None = None
    used_bytes: int | None = None
    load: float | None = None
    driver: str = ""
    capability: tuple[int, int] | None = None
    processes: tuple[CardProcess, ...] = ()

    @property
    def free_bytes(self) -> int | None:
        """The unused memory."""
        if self.total_bytes is None or self.used_bytes is None:
            return None
        return max(0, self.total_bytes - self.used_bytes)


@dataclass(frozen=True)
class Answer:
    """The driver's answer: the GPUs by index, and an error message of nvidia-smi, "" without one."""

    cards: tuple[GraphicsCard, ...] = ()
    problem: str = ""


def ask(*, with_processes: bool = True, timeout: float = TIMEOUT_SECONDS) -> Answer:
    """Return the GPUs; an empty answer if there is no nvidia-smi."""
    program = shutil.which(PROGRAM) or (str(OF_WSL) if OF_WSL.is_file() else "")
    if not program:
        return Answer()
    with _asking:
        rows, problem = _query(program, "--query-gpu", CARD_FIELDS, timeout)
        if NEW_FIELD in problem:
            rows, problem = _query(program, "--query-gpu", CARD_FIELDS[:-1], timeout)
            rows = [[*row, ""] for row in rows]
        cards = [card for card in map(_card, rows) if card is not None]
        if cards and with_processes:
            cards = _with_processes(
                cards, _query(program, "--query-compute-apps", PROCESS_FIELDS, timeout)[0]
            )
    return Answer(tuple(sorted(cards, key=lambda card: card.index)), problem)


def _query(program: str, option: str, fields: Sequence[str], timeout: float) -> tuple[list[list[str]], str]:
    """Return the complete rows of an answer, and the first other line, which is a message."""
    hanging[:] = [process for process in hanging if process.poll() is None]
    if hanging or time.monotonic() < _asked_again_at:
        return [], "nvidia-smi doesn't answer."
    command = [program, f"{option}={','.join(fields)}", "--format=csv,noheader,nounits"]
    text, problem = _output(command, timeout)
    rows = [[value.strip() for value in row] for row in csv.reader(text.splitlines())]
    messages = [" ".join(row) for row in rows if row and len(row) != len(fields)]
    return [row for row in rows if len(row) == len(fields)], problem or next(iter(messages), "")


def _output(command: Sequence[str], timeout: float) -> tuple[str, str]:
    """Return what a program prints, and why that failed, "" if it didn't.

    `subprocess.run` would wait for the killed process, which hangs as long as the driver does.
    """
    global _asked_again_at  # noqa: PLW0603 - there is one driver
    null = subprocess.DEVNULL
    options: dict[str, Any] = {"text": True, "errors": "replace", "creationflags": NO_WINDOW}
    try:
        process = subprocess.Popen(command, stdin=null, stdout=subprocess.PIPE, stderr=null, **options)
    except OSError as error:
        return "", say("nvidia-smi can't be started: {}.", error.strerror or error)
    try:
        return process.communicate(timeout=timeout)[0], ""
    except subprocess.TimeoutExpired:
        process.kill()
        if process.stdout is not None:
            process.stdout.close()
        hanging.append(process)
        _asked_again_at = time.monotonic() + PAUSE_SECONDS
        return "", say("nvidia-smi did not answer within {:g} seconds.", timeout)


def _card(row: Sequence[str]) -> GraphicsCard | None:
    index, uuid, name, total, used, load, driver, capability = row
    if not index.isdecimal():
        return None
    percent = _number(load)
    return GraphicsCard(
        int(index),
        uuid,
        name,
        _bytes(total),
        _bytes(used),
        None if percent is None else min(1.0, percent / 100),
        driver if driver[:1].isdigit() else "",
        _capability(capability),
    )


def _with_processes(cards: Sequence[GraphicsCard], rows: Sequence[Sequence[str]]) -> list[GraphicsCard]:
    processes: dict[str, list[CardProcess]] = {}
    for pid, name, used, uuid in rows:
        if pid.isdecimal():
            processes.setdefault(uuid, []).append(CardProcess(int(pid), _program_name(name), _bytes(used)))
    return [replace(card, processes=tuple(processes.get(card.uuid, ()))) for card in cards]


def _program_name(path: str) -> str:
    """Return a program's name without its folder; "" for answers such as [Not Found]."""
    kind = PureWindowsPath if "\\" in path else PurePath
    return "" if path.startswith("[") else kind(path).name


def _number(text: str) -> float | None:
    """Return a number, None for answers such as [N/A], [Not Supported] and [GPU is lost]."""
    return float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else None


def _bytes(mebibytes: str) -> int | None:
    number = _number(mebibytes)
    return None if number is None else round(number * MEBIBYTE)


def _capability(text: str) -> tuple[int, int] | None:
    match = re.fullmatch(r"(\d+)\.(\d+)", text)
    return (int(match[1]), int(match[2])) if match else None
