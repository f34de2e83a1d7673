"""Waits for what a page or a reader does off the GUI thread."""

from PySide6.QtCore import QObject

from gui.core.background_tasks import BackgroundTasks


def wait_for(owner: QObject) -> None:
    """Wait until the background tasks of an object and of its children are done.

    Results still arrive through the event loop.
    """
    for tasks in owner.findChildren(BackgroundTasks):
        tasks.wait()
