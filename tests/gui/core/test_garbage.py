import gc
import threading
import weakref
from typing import ClassVar

import pytest
from PySide6.QtCore import QObject

from gui import app
from gui.core.background_tasks import BackgroundTasks


class Circular(QObject):
    """What only a search for garbage frees; notes the threads in which that happens."""

    freed_in: ClassVar[list[threading.Thread]] = []

    def __init__(self):
        super().__init__()
        self.itself = self
        weakref.finalize(self, note_thread)


def note_thread():
    Circular.freed_in.append(threading.current_thread())


@pytest.fixture
def made(qtbot):
    Circular.freed_in.clear()
    # None of it must be freed before the test begins.
    gc.collect()
    return Circular.freed_in


def much():
    return [[] for _ in range(10 * gc.get_threshold()[0])]


def test_only_the_gui_thread_frees_garbage(made, qtbot):
    tasks, done = BackgroundTasks(), []
    with app.freed_in_this_thread():
        Circular()
        tasks.run(much, done.append)
        qtbot.waitUntil(lambda: bool(done and made))
    assert made == [threading.main_thread()]
    assert gc.isenabled()
