"""What is taken for a lost connection to a cluster, and what is a fault that must be seen at once."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace
from typing import cast

import pytest

from engine.cluster import following
from engine.cluster.sent_run import SentRun
from engine.cluster.store_client import ClusterHttp
from engine.computers.computer import Computer
from engine.errors import ComputerError

COMPUTER = Computer("lab", "ray", "127.0.0.1:8265")


@pytest.fixture
def work(monkeypatch):
    """Follow nothing that was sent yet, with a connection that ends in an error."""

    def work(error):
        def connected(_computer):
            raise error

        monkeypatch.setattr(following, "connected", connected)
        following.Following(COMPUTER, {}, {}).work()

    return work


def test_a_lost_connection_is_told_as_one(work):
    with ClusterHttp("lab", "127.0.0.1:9", "") as http, pytest.raises(ComputerError) as lost:
        http.ask("GET", "/")
    with pytest.raises(ComputerError, match=r"The connection to lab was lost"):
        work(lost.value)


def test_a_fault_of_ours_is_no_lost_connection(work):
    with pytest.raises(KeyError):
        work(KeyError("entry"))


class Liar:
    """A job store that knows every run, and tells of none."""

    def known(self, entry_ids):
        return entry_ids

    def poll(self, _):
        return {}


def test_a_cluster_that_never_answers_as_it_should_is_given_up(monkeypatch):
    told, clock = [], iter(range(0, 10_000, 100))
    sent = SimpleNamespace(
        entry_id="entry", is_sent=True, offset=0, job=SimpleNamespace(id="run"), ended=False, is_open=False
    )
    sent.notice = lambda *said: told.append(said)
    monkeypatch.setattr(following, "connected", lambda _: nullcontext(Liar()))
    monkeypatch.setattr(
        following, "time", SimpleNamespace(monotonic=lambda: next(clock), sleep=lambda _: None)
    )
    with pytest.raises(ComputerError, match="has forgotten run"):
        following.Following(COMPUTER, {"run": cast(SentRun, sent)}, {}).work()
    assert len(told) == 1
