"""How busy this computer is, for the meter in the rail: looked at every two seconds, without torch.

While a run trains on another device than the processor, its memory is what the worker reports. Knows no
widget.
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


class DeviceProbe(QObject):
    """Measure. `measured(name, device, used, total, load)`: bytes, load 0 to 1, None where not known."""

    measured = Signal(str, str, object, object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model: RunModel | None = None
        self._name = processor_name()
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY_MILLISECONDS)
        self._timer.timeout.connect(self._measure)

    def start(self) -> None:
        """Begin to measure."""
        psutil.cpu_percent(None)
        self._measure()
        self._timer.start()

    def stop(self) -> None:
        """Measure no more."""
        self._timer.stop()

    def watch(self, model: RunModel | None) -> None:
        """Report the device of this run; None: of the computer."""
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
    """Return the processor's name without the marks that vendors put around it."""
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text("utf-8"), re.MULTILINE)
    except OSError:
        found = None
    name = found[1] if found else platform.processor() or platform.machine()
    name = re.sub(r"\((R|TM|tm|r)\)|\bCPU\b|\bProcessor\b|@.*$", "", name)
    return " ".join(name.split()) or tr("Processor")
