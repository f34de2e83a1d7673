"""Parts of a work done in several processes give the results of one process, and end together."""

from __future__ import annotations

import itertools
import os
import signal
import time

import pytest
import torch

from engine.errors import WorkerError
from engine.worker.runtime import fork_pool
from engine.worker.runtime.parallel_map import no_tick, parallel_map

pytestmark = [
    pytest.mark.torch,
    pytest.mark.skipif(not fork_pool.is_supported(), reason="no forks here"),
]
PARTS = [range(3), range(10, 11), range(20, 26)]


@pytest.fixture(autouse=True)
def all_are_gone():
    """See that no fork outlives its work."""
    yield
    assert not fork_pool._forks


def squares(part, emit, tick):
    for number in part:
        tick()
        emit((os.getpid(), number * number))


def test_what_every_part_gives_is_taken_here():
    taken, ticks = [], []
    parallel_map(squares, PARTS, taken.append, lambda: ticks.append(1))

    assert sorted(square for _, square in taken) == [n * n for part in PARTS for n in part]
    assert len({process for process, _ in taken}) == len(PARTS)
    assert {square for process, square in taken if process == os.getpid()} == {0, 1, 4}
    assert len(ticks) >= len(PARTS[0])


def test_one_part_is_done_here():
    taken = []
    parallel_map(squares, PARTS[:1], taken.append, no_tick)
    assert taken == [(os.getpid(), 0), (os.getpid(), 1), (os.getpid(), 4)]


def test_where_the_system_allows_no_fork_all_are_done_here(monkeypatch, capfd):
    def refuse():
        raise OSError("no room for another process")

    monkeypatch.setattr(os, "fork", refuse)
    taken = []
    parallel_map(squares, PARTS, taken.append, no_tick)

    assert [square for _, square in taken] == [n * n for part in PARTS for n in part]
    assert "no room for another process" in capfd.readouterr().err


def test_no_part_keeps_gradients():
    weight = torch.ones(2, requires_grad=True)
    taken = []
    parallel_map(lambda part, emit, _: emit((weight * len(part)).requires_grad), PARTS, taken.append, no_tick)
    assert taken == [False] * len(PARTS)


@pytest.mark.parametrize("index", [0, 1], ids=["here", "in a fork"])
def test_what_a_part_raises_ends_the_others(index):
    def fail(part, emit, tick):
        if part == PARTS[index]:
            raise ValueError("a part failed")
        while index == 0 or os.getpid() != here:
            time.sleep(0.01)

    here = os.getpid()
    with pytest.raises((ValueError, RuntimeError), match="a part failed"):
        parallel_map(fail, PARTS, print, no_tick)


def test_what_is_raised_between_ends_all():
    def leave():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        parallel_map(squares, PARTS, print, leave)


@pytest.mark.parametrize(("kills", "error"), [(1, MemoryError), (0, WorkerError)])
def test_one_that_is_killed_lacked_memory_if_the_system_counts_it(monkeypatch, kills, error):
    here, counted = os.getpid(), itertools.count(5, kills)
    monkeypatch.setattr(fork_pool.memory_kills, "count", lambda: next(counted))

    def die(part, emit, tick):
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(error):
        parallel_map(die, PARTS, print, no_tick)
