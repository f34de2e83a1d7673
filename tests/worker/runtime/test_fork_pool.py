"""Forks compute alongside their process, hold nothing of it but its memory, and never outlive it."""

import errno
import gc
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import torch

from engine.errors import WorkerError
from engine.worker.runtime import devices, fork_pool, oom
from engine.worker.runtime.fork_pool import Fork, shared_copies

pytestmark = [pytest.mark.torch, pytest.mark.skipif(not fork_pool.is_supported(), reason="no forks here")]
LONG = 60


def answering(answer):
    """Return a work that answers everything it is given by what a function makes of it."""

    def work(connection):
        while True:
            fork_pool.send(connection, answer(fork_pool.receive(connection)))

    return work


@pytest.fixture
def start():
    made = []

    def make(answer, threads=1):
        made.append(Fork(answering(answer), threads))
        return made[-1]

    yield make
    for each in made:
        each.close()


def gone(process, seconds=LONG):
    """Wait for a process's end; tell whether it came."""
    until = time.monotonic() + seconds
    while psutil.pid_exists(process) and psutil.Process(process).status() != psutil.STATUS_ZOMBIE:
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def test_it_answers_with_tensors_as_they_are(start):
    given = torch.randn(3, 4)
    one = start(lambda seen: seen * 2)
    one.send(given)

    assert torch.equal(one.receive(), given * 2)


@pytest.mark.parametrize("threads", [1, 3])
def test_it_computes_with_its_own_threads_after_its_process_has_computed_with_all(start, threads):
    large = torch.randn(700, 700)
    expected = large @ large
    one = start(lambda _: (torch.get_num_threads(), large @ large, torch.exp(large).sum()), threads)
    one.send(None)
    seen, product, _ = one.receive()

    assert seen == threads
    torch.testing.assert_close(product, expected)


def test_gradients_are_computed_in_it_after_they_were_here(start):
    weight = torch.nn.Parameter(torch.ones(5))

    def gradient(factor):
        weight.grad = None
        (factor * weight).sum().backward()
        return weight.grad

    assert gradient(2).tolist() == [2] * 5
    one = start(gradient)
    one.send(3)
    assert one.receive().tolist() == [3] * 5
    assert weight.grad.tolist() == [2] * 5


def test_shared_copies_are_seen_from_both_sides_and_all_else_is_not(start):
    (shared,) = shared_copies([torch.zeros(3)])
    own = torch.zeros(3)

    def add(number):
        seen = shared.clone()
        shared.add_(number)
        own.add_(number)
        return seen

    one = start(add)
    shared.fill_(7)
    one.send(1)

    assert one.receive().tolist() == [7] * 3
    assert shared.tolist() == [8] * 3
    assert own.tolist() == [0] * 3


def test_shared_copies_keep_their_kinds_shapes_and_values():
    given = [torch.randn(2, 3), torch.tensor(1.5, dtype=torch.bfloat16), torch.arange(5), torch.randn(4, 4).T]

    for before, after in zip(given, shared_copies(given), strict=True):
        assert (before.dtype, before.shape) == (after.dtype, after.shape)
        assert torch.equal(before, after)


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (ValueError("no such thing"), RuntimeError),
        (MemoryError("it is full"), MemoryError),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), MemoryError),
    ],
)
def test_what_it_raises_is_raised_here(start, capfd, raised, expected):
    def fail(_):
        raise raised

    one = start(fail)
    one.send(None)
    with pytest.raises(expected, match=str(raised)):
        one.receive()
    assert "in fail" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("number", "kills", "expected"),
    [
        (signal.SIGKILL, 1, oom.ProcessKilled),
        (signal.SIGKILL, 0, WorkerError),
        (signal.SIGSEGV, 1, RuntimeError),
    ],
)
def test_a_fork_that_ends_is_an_error_and_lack_of_memory_is_told_by_what_the_system_counts(
    start, monkeypatch, number, kills, expected
):
    counted = iter([5, 5 + kills])
    monkeypatch.setattr(fork_pool.memory_kills, "count", lambda: next(counted))
    one = start(lambda _: os.kill(os.getpid(), number))
    one.send(None)
    with pytest.raises(expected):
        one.receive()
    assert fork_pool.taken_bytes() == 0


def test_one_that_is_gone_can_be_sent_nothing(start):
    one = start(lambda _: os._exit(3))
    one.send(None)
    assert one.has_answered(LONG)
    with pytest.raises(RuntimeError, match="status 3"):
        one.receive()


def test_a_wish_to_stop_is_left_to_its_process(start):
    one = start(lambda _: os.getpid())
    one.send(None)
    process = one.receive()
    for number in (signal.SIGTERM, signal.SIGINT):
        os.kill(process, number)
    one.send(None)

    assert one.receive() == process


def test_closed_it_ends_whatever_it_does(start):
    before = psutil.Process().children()
    one = start(lambda _: time.sleep(LONG))
    one.send(None)
    (child,) = [each for each in psutil.Process().children() if each not in before]
    one.close()

    assert not child.is_running()
    one.close()


def test_it_holds_no_file_of_its_process(start, tmp_path):
    def files(_):
        return [str(path.readlink()) for path in Path("/proc/self/fd").iterdir() if path.exists()]

    with (tmp_path / "locked").open("w"):
        start(lambda _: None)
        one = start(files)
        one.send(None)
        seen = one.receive()

    assert not [name for name in seen if "locked" in name]
    assert len([name for name in seen if name.startswith("socket")]) == 1


def test_what_was_garbage_before_it_is_not_freed_in_it(start, tmp_path):
    class Garbage:
        def __init__(self):
            self.itself = self

        def __del__(self):
            # What waits for a thread of its own, as a group of processes or a window does, would wait for ever.
            (tmp_path / str(os.getpid())).touch()

    gc.disable()
    try:
        Garbage()
        one = start(lambda _: gc.collect())
        one.send(0)
        one.receive()
    finally:
        gc.enable()
    assert not [*tmp_path.iterdir()]
    gc.collect()
    assert [path.name for path in tmp_path.iterdir()] == [str(os.getpid())]


def test_it_ends_when_its_process_is_killed(tmp_path):
    code = (
        "import sys, time, os\n"
        "from engine.worker.runtime.fork_pool import Fork, receive, send\n"
        "def work(connection):\n"
        "    send(connection, os.getpid()); receive(connection)\n"
        "both = [Fork(work, 1) for _ in range(2)]\n"
        "print(*(each.receive() for each in both), flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        children = [int(word) for word in process.stdout.readline().split()]
        process.kill()
    assert len(children) == 2
    assert all(map(gone, children))


def test_where_no_fork_is_allowed_none_is_left(monkeypatch):
    fork, forks = os.fork, []

    def refused():
        forks.append(None)
        if len(forks) == 2:
            raise OSError(errno.ENOMEM, "Cannot allocate memory")
        return fork()

    monkeypatch.setattr(os, "fork", refused)
    with pytest.raises(OSError, match="Cannot allocate"):
        fork_pool.start_forks([answering(lambda _: None)] * 2, 1)
    assert not fork_pool._forks


def test_the_memory_it_takes_counts_as_its_processs(start):
    kept = []
    size = 200_000_000

    def take(_):
        kept.append(torch.ones(size // 4))

    device = torch.device("cpu")
    one = start(take)
    before = devices.memory_bytes(device)
    one.send(None)
    one.receive()

    assert devices.memory_bytes(device) - before == pytest.approx(size, rel=0.1)
    one.close()
    assert devices.memory_bytes(device) - before < size / 2


@pytest.mark.parametrize(
    ("device", "examples", "numbers", "threads", "expected"),
    [
        ("cpu", 8, 10**7, 2, 2),
        ("cpu", 8, 10**7, 1, 1),
        ("cpu", 3, 10**7, 2, 1),
        ("cpu", 4, 10**7, 16, 2),
        ("cpu", 64, 10**7, 16, 4),
        ("cpu", 8, 10**5, 2, 1),
        ("cuda", 8, 10**7, 2, 1),
    ],
)
def test_how_many_processes_compute_a_step(monkeypatch, device, examples, numbers, threads, expected):
    monkeypatch.setattr(devices, "threads", lambda _: threads)

    assert devices.process_count(torch.device(device), examples, numbers) == expected


def test_elsewhere_there_are_none(monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")

    assert devices.process_count(torch.device("cpu"), 64, 10**9) == 1
