"""Parts of a work that are done side by side give what they give one after the other, and end together."""

from __future__ import annotations

import os
import signal
import time

import pytest
import torch

from engine.worker.runtime import fork_pool
from engine.worker.runtime.parallel_map import nothing, side_by_side

pytestmark = [
    pytest.mark.torch,
    pytest.mark.skipif(not fork_pool.possible(), reason="no forks here"),
]
PARTS = [range(3), range(10, 11), range(20, 26)]


@pytest.fixture(autouse=True)
def all_are_gone():
    """See that no replica outlives its work."""
    yield
    assert not fork_pool._ALL


def squares(part, give, look):
    for number in part:
        look()
        give((os.getpid(), number * number))


def test_what_every_part_gives_is_taken_here():
    taken, looks = [], []
    side_by_side(PARTS, squares, taken.append, lambda: looks.append(1))

    assert sorted(square for _, square in taken) == [n * n for part in PARTS for n in part]
    assert len({process for process, _ in taken}) == len(PARTS)
    assert {square for process, square in taken if process == os.getpid()} == {0, 1, 4}
    assert len(looks) >= len(PARTS[0])


def test_one_part_is_done_here():
    taken = []
    side_by_side(PARTS[:1], squares, taken.append, nothing)
    assert taken == [(os.getpid(), 0), (os.getpid(), 1), (os.getpid(), 4)]


def test_where_the_system_allows_no_fork_all_are_done_here(monkeypatch, capfd):
    def refuse():
        raise OSError("no room for another process")

    monkeypatch.setattr(os, "fork", refuse)
    taken = []
    side_by_side(PARTS, squares, taken.append, nothing)

    assert [square for _, square in taken] == [n * n for part in PARTS for n in part]
    assert "no room for another process" in capfd.readouterr().err


def test_no_part_keeps_gradients():
    weight = torch.ones(2, requires_grad=True)
    taken = []
    side_by_side(PARTS, lambda part, give, _: give((weight * len(part)).requires_grad), taken.append, nothing)
    assert taken == [False] * len(PARTS)


@pytest.mark.parametrize("place", [0, 1], ids=["here", "in a replica"])
def test_what_a_part_raises_ends_the_others(place):
    def fail(part, give, look):
        if part == PARTS[place]:
            raise ValueError("a part failed")
        while place == 0 or os.getpid() != here:
            time.sleep(0.01)

    here = os.getpid()
    with pytest.raises((ValueError, RuntimeError), match="a part failed"):
        side_by_side(PARTS, fail, print, nothing)


def test_what_is_raised_between_ends_all():
    def leave():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        side_by_side(PARTS, squares, print, leave)


def test_one_that_is_killed_lacked_memory():
    here = os.getpid()

    def die(part, give, look):
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(MemoryError):
        side_by_side(PARTS, die, print, nothing)
