"""Single-shot timers that restart with every call: for redrawing, reading again, releasing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QTimer, SignalInstance


def once(parent: QObject, milliseconds: int, act: Callable[[], Any] | SignalInstance) -> QTimer:
    """Return a timer of `parent` that calls or emits `act` once, `milliseconds` after its last start."""
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(milliseconds)
    timer.timeout.connect(act)
    return timer
