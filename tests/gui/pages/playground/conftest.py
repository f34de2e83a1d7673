"""What the playground's tests share: a page with adapters to compare."""

import pytest

from gui.pages.playground.page import PlaygroundPage
from gui.pages.playground.token_meter import TokenCount
from tests.helpers.playground_stage import make_adapter


@pytest.fixture
def uncounted(monkeypatch):
    """Pages that start no worker to count tokens."""
    monkeypatch.setattr(TokenCount, "count", lambda *_args: None)


@pytest.fixture
def page(workers, uncounted, qtbot):
    for adapter_id in ("a1", "a2", "a3", "a4"):
        make_adapter(adapter_id)
    make_adapter("b1", "google/flan-t5-base")
    return qtbot.place(PlaygroundPage(workers.manager), 1232, 860)
