"""What is taken for a lost connection to a cluster, and what is a fault that must be seen at once."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from engine.cluster import following
from engine.computers.computer import Computer
from engine.errors import ComputerError

pytest.importorskip("ray")

COMPUTER = Computer("lab", "ray", "127.0.0.1:10001")


@pytest.fixture
def work(monkeypatch):
    """Follow nothing that was sent yet, with a connection that ends in an error."""
    runs = SimpleNamespace(open=list, tell=None)

    def work(error):
        def connected(_computer):
            raise error

        monkeypatch.setattr(following, "connected", connected)
        following.Following(COMPUTER, runs).work()

    return work


@pytest.mark.parametrize("error", [ConnectionError("reset"), RuntimeError("the client has stopped")])
def test_a_lost_connection_is_told_as_one(work, error):
    with pytest.raises(ComputerError, match=r"The connection to lab was lost\."):
        work(error)


def test_a_fault_of_ours_is_no_lost_connection(work):
    with pytest.raises(KeyError):
        work(KeyError("entry"))
