"""Measures memory and load of this computer every two seconds, without torch, for the meter in the rail.

While a run trains on another device than the CPU, its memory is that reported by the worker. Knows no widget.
"""

from __future__ import annotations

import platform
import re
from pathlib import Path

import psutil
from PySide6.QtCore import QObject, QTimer, Signal

from gui.look.language import tr
from gui.workers.run_model import RunModel

EVERY_MILLISECONDS = 2_000


class SystemLoad(QObject):
    """`measured(name, device, used, total, load)`: sizes in bytes, load 0 to 1, None if unknown."""

    measured = Signal(str, str, object, object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model: RunModel | None = None
        self._name = processor_name()
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY_MILLISECONDS)
        self._timer.timeout.connect(self._measure)

    def start(self) -> None:
        """Start measuring."""
        psutil.cpu_percent(None)
        self._measure()
        self._timer.start()

    def stop(self) -> None:
        """Stop measuring."""
        self._timer.stop()

    def watch(self, model: RunModel | None) -> None:
        """Report the device of a run; None: of the computer."""
        self._model = model

    def _measure(self) -> None:
        started = (self._model.state.started if self._model else None) or {}
        device = str(started.get("device", "cpu"))
        if self._model is None or device == "cpu":
            memory = psutil.virtual_memory()
            used, total = float(memory.total - memory.available), float(memory.total)
            self.measured.emit(self._name, "cpu", used, total, psutil.cpu_percent(None) / 100)
            return
        step = self._model.state.last_step or {}
        self.measured.emit(
            str(started.get("device_name", device)),
            device,
            step.get("memory_bytes"),
            started.get("device_memory_bytes"),
            None,
        )


def processor_name() -> str:
    """Return the processor's name without trademark signs."""
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text("utf-8"), re.MULTILINE)
    except OSError:
        found = None
    name = found[1] if found else platform.processor() or platform.machine()
    name = re.sub(r"\((R|TM|tm|r)\)|\bCPU\b|\bProcessor\b|@.*$", "", name)
    return " ".join(name.split()) or tr("Processor")
