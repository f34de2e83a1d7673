"""Forks of this process that compute alongside it, each on cores of its own.

Cores that share every operation wait for one another at its end, some thousand times a step, so one that is held up
holds up all; and operations too small to be shared leave all cores but one idle. Forks meet once a step. They share
all memory that none of them writes to: a fork takes memory for its results, and none for a second base model. Knows
nothing of what is computed.
"""

from __future__ import annotations

import mmap
import os
import pickle
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import Any, NoReturn

import psutil
import torch

from engine.errors import WorkerError
from engine.system import forking, memory_kills
from engine.worker.runtime import oom

# They ask a run to stop. Its forks end when it closes them, or is gone itself.
STOP_SIGNALS = ("SIGTERM", "SIGINT", "SIGHUP")
POLL_SECONDS = 0.05
ALIGNMENT = 64

# Called in a fork, with its end of the connection.
Work = Callable[[Connection], None]


def is_supported() -> bool:
    """Return whether a running process can be forked here: other systems can't, or their libraries don't survive it."""
    return sys.platform == "linux"


def taken_bytes() -> int:
    """Return the memory that all forks of this process have taken for themselves."""
    return sum(fork.taken_bytes() for fork in _forks)


def send(connection: Connection, message: Any) -> None:
    """Send a message with its tensors. Raises OSError where the other end is gone."""
    # The connection's own pickling would open a file for every tensor.
    connection.send_bytes(pickle.dumps(message))


def receive(connection: Connection) -> Any:
    """Return the next message. Raises EOFError or OSError where the other end is gone."""
    return pickle.loads(connection.recv_bytes())  # noqa: S301 - from this process's own fork alone


@dataclass(frozen=True)
class _Failure:
    """What went wrong in a fork."""

    message: str
    trace: str
    is_oom: bool


class Fork:
    """A fork of this process that does one work and answers through a connection.

    `work(connection)` is called in the fork, which computes with `threads`. It ends with its work, with this process at
    the latest; `receive` raises what the work raised. Raises OSError where the system allows no fork, as some do for a
    process that is larger than the free memory.
    """

    def __init__(self, work: Work, threads: int) -> None:
        self._connection, theirs = Pipe()
        try:
            # libgomp's threads belong to the thread that made them and are not forked with it; a thread that has none
            # can make its own in the fork.
            with theirs, ThreadPoolExecutor(1) as fresh:
                self._process = fresh.submit(_forked, work, theirs, threads).result()
        except OSError:
            self._connection.close()
            raise
        self._usage = psutil.Process(self._process)
        self._kills_before = memory_kills.count()
        self._bytes_at_start = self._own_bytes()
        _forks.append(self)

    def send(self, message: Any) -> None:
        """Send a message. Raises what `receive` raises where the fork is gone."""
        try:
            send(self._connection, message)
        except OSError:
            self._raise_end()

    def receive(self) -> Any:
        """Return the next answer.

        Raises MemoryError where memory did not suffice, ProcessKilled if the system killed the fork for lack of it,
        WorkerError if anyone else did, and RuntimeError for other errors.
        """
        try:
            answer = receive(self._connection)
        except (EOFError, OSError):
            self._raise_end()
        if isinstance(answer, _Failure):
            sys.stderr.write(answer.trace)
            raise MemoryError(answer.message) if answer.is_oom else RuntimeError(answer.message)
        return answer

    def has_answered(self, seconds: float = POLL_SECONDS) -> bool:
        """Wait for at most `seconds`; return whether `receive` would return or raise at once."""
        return self._connection.poll(seconds)

    def close(self) -> None:
        """End the fork, whatever it does."""
        if self in _forks:
            with suppress(ProcessLookupError):
                os.kill(self._process, signal.SIGKILL)
            self._join()

    def taken_bytes(self) -> int:
        """Return the memory that it has taken for itself."""
        return max(0, self._own_bytes() - self._bytes_at_start)

    def _own_bytes(self) -> int:
        """Return its memory without what it may share with files and other processes; 0 once it is gone."""
        with suppress(psutil.Error):
            memory = self._usage.memory_info()
            return int(memory.rss - memory.shared)
        return 0

    def _raise_end(self) -> NoReturn:
        status = self._join()
        if status == -signal.SIGKILL and memory_kills.count() > self._kills_before:
            raise oom.ProcessKilled("A process that computes a part was killed for lack of memory.")
        if status == -signal.SIGKILL:
            message = "A process that computes a part was killed from outside (SIGKILL)."
            raise WorkerError(message, "Start again; a run resumes from its last checkpoint.")
        raise RuntimeError(f"A process that computes a part ended with status {status}.")

    def _join(self) -> int:
        """Wait for its end and return the exit status."""
        _forks.remove(self)
        self._connection.close()
        return os.waitstatus_to_exitcode(os.waitpid(self._process, 0)[1])


_forks: list[Fork] = []


def start_forks(works: Sequence[Work], threads: int) -> list[Fork]:
    """Return a fork for each work, or none of them. Raises OSError where the system allows no fork."""
    started: list[Fork] = []
    try:
        started.extend(Fork(work, threads) for work in works)
    except OSError:
        for each in started:
            each.close()
        raise
    return started


def _forked(work: Work, connection: Connection, threads: int) -> int:
    """Return the id of a new fork; in the fork, do its work instead."""
    process = forking.fork()
    if not process:
        _run(work, connection, threads)
    return process


def _run(work: Work, connection: Connection, threads: int) -> NoReturn:
    """Work, send what went wrong, and exit without anything that the forked process would do at its end."""
    status = 1
    try:
        _forks.clear()
        for name in STOP_SIGNALS:
            signal.signal(getattr(signal, name), signal.SIG_IGN)
        _close_files_but(connection)
        torch.set_num_threads(threads)
        work(connection)
        status = 0
    except (EOFError, OSError):
        # The other end is gone, so nobody waits for an answer.
        pass
    except BaseException as error:  # noqa: BLE001 - the fork's edge: whatever it is, its process is told
        with suppress(OSError):
            send(connection, _Failure(str(error), traceback.format_exc(), oom.is_oom(error)))
    finally:
        os._exit(status)


def _close_files_but(connection: Connection) -> None:
    """Close the inherited files except the connection and stderr.

    A lock, or the other end of a connection, would outlive its owner otherwise.
    """
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1):
        os.dup2(nothing, stream)
    for file in [int(path.name) for path in Path("/proc/self/fd").iterdir()]:
        if file not in {0, 1, 2, connection.fileno()}:
            # The list itself was one of them.
            with suppress(OSError):
                os.close(file)


def shared_copies(tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """Return copies of tensors in memory that this process and the forks made from now on all write to.

    It has no file: torch's own shared memory is limited by /dev/shm, to 64 MB in most containers.
    """
    sizes = [-(-tensor.nbytes // ALIGNMENT) * ALIGNMENT for tensor in tensors]
    memory = mmap.mmap(-1, max(ALIGNMENT, sum(sizes)))
    copies, begin = [], 0
    for tensor, size in zip(tensors, sizes, strict=True):
        flat = torch.frombuffer(memory, dtype=tensor.dtype, count=tensor.numel(), offset=begin)
        copies.append(flat.view(tensor.shape).copy_(tensor))
        begin += size
    return copies
