"""Frees Python's garbage in the GUI thread alone.

A search for garbage runs in whatever thread has just made an object. Beside the GUI thread it would destroy widgets
that are part of the garbage there, and Qt lets them wait for the GUI thread, which waits for Python.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QTimer

MILLISECONDS = 500


@contextmanager
def freed_in_this_thread() -> Iterator[None]:
    """Have an event loop inside that frees garbage every half a second, and no other thread that does.

    What there is by then stays: searched again and again, it would hold the window up for two frames at a time.
    """
    gc.disable()
    gc.freeze()
    timer = QTimer()
    timer.timeout.connect(search)
    timer.start(MILLISECONDS)
    try:
        yield
    finally:
        timer.stop()
        gc.unfreeze()
        gc.enable()


def search() -> None:
    """Free the garbage of the oldest generation that has grown beyond its threshold, and of all younger ones."""
    counts, thresholds = gc.get_count(), gc.get_threshold()
    for generation in reversed(range(len(counts))):
        if counts[generation] > thresholds[generation]:
            gc.collect(generation)
            return
