"""What happens once, a while after it was last asked for: redrawing, reading again, letting go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QTimer, SignalInstance


def once(parent: QObject, milliseconds: int, act: Callable[[], Any] | SignalInstance) -> QTimer:
    """Return a timer of `parent` that calls or emits `act` once, so long after it was started last."""
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(milliseconds)
    timer.timeout.connect(act)
    return timer
