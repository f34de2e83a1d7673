"""The data page with a worker of its own."""

from collections.abc import Iterator

import pytest

from gui.pages.data.page import DataPage
from gui.workers.worker_manager import WorkerManager


@pytest.fixture
def page(qtbot, home) -> Iterator[DataPage]:
    manager = WorkerManager()
    made = qtbot.place(DataPage(manager), 1232, 860)
    yield made
    manager.leave()
