"""Measures memory and load of the device in use every two seconds, without torch, for the meter in the rail.

While a run trains on a GPU, or a base model is loaded on one for summaries, it is that card; otherwise the
computer. NVIDIA's driver is asked in the background, since it may not answer; what it does not know is as the worker
reported it. Knows no widget.
"""

from __future__ import annotations

import platform
import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import psutil
from PySide6.QtCore import QObject, QTimer, Signal

from engine.api import nvidia_smi
from gui.core.background_tasks import BackgroundTasks
from gui.look.language import tr
from gui.workers.run_model import RunModel
from gui.workers.summarizer import Summarizer

EVERY_MILLISECONDS = 2_000
# The driver is awake where a card is in use. A window that closes waits as long at most.
TIMEOUT_SECONDS = 3.0


class SystemLoad(QObject):
    """`measured(name, device, used, total, load)`: sizes in bytes, load 0 to 1, None if unknown."""

    measured = Signal(str, str, object, object, object)

    def __init__(self, summarizer: Summarizer | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._summarizer = summarizer
        self._model: RunModel | None = None
        self._name = processor_name()
        self.background, self._is_asking = BackgroundTasks(self), False
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY_MILLISECONDS)
        self._timer.timeout.connect(self.measure)

    def start(self) -> None:
        psutil.cpu_percent(None)
        self.measure()
        self._timer.start()

    def stop(self) -> None:
        self._timer.stop()

    def watch(self, model: RunModel | None) -> None:
        """Report the device of a run; None: that of the summaries, or the computer."""
        self._model = model

    def _device(self) -> Mapping[str, Any]:
        """Return device, name, memory and id of the card in use as its worker reported them; empty: the computer."""
        found: Mapping[str, Any] = {}
        if self._model is not None:
            found = self._model.state.started or {}
        elif self._summarizer is not None and self._summarizer.state == "ready":
            found = self._summarizer.card
        return {} if found.get("device", "cpu") == "cpu" else found

    def measure(self) -> None:
        device = self._device()
        if not device:
            memory = psutil.virtual_memory()
            used, total = float(memory.total - memory.available), float(memory.total)
            self.measured.emit(self._name, "cpu", used, total, psutil.cpu_percent(None) / 100)
        elif "device_uuid" not in device:
            self._show_card(device, nvidia_smi.Answer())
        elif not self._is_asking:
            self._is_asking = True
            self.background.run(
                partial(nvidia_smi.ask, with_processes=False, timeout=TIMEOUT_SECONDS),
                partial(self._take_answer, device),
            )

    def _take_answer(self, device: Mapping[str, Any], answer: nvidia_smi.Answer) -> None:
        self._is_asking = False
        if self._device() == device:
            self._show_card(device, answer)

    def _show_card(self, device: Mapping[str, Any], answer: nvidia_smi.Answer) -> None:
        step = (self._model.state.last_step if self._model else None) or {}
        used, total, load = step.get("memory_bytes"), device.get("device_memory_bytes"), None
        for card in answer.cards:
            if card.uuid == device.get("device_uuid"):
                used = used if card.used_bytes is None else card.used_bytes
                total = total if card.total_bytes is None else card.total_bytes
                load = card.load
        name = str(device["device"])
        self.measured.emit(str(device.get("device_name", name)), name, used, total, load)


def processor_name() -> str:
    """Return the processor's name without trademark signs."""
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text("utf-8"), re.MULTILINE)
    except OSError:
        found = None
    name = found[1] if found else platform.processor() or platform.machine()
    name = re.sub(r"\((R|TM|tm|r)\)|\bCPU\b|\bProcessor\b|@.*$", "", name)
    return " ".join(name.split()) or tr("CPU")
