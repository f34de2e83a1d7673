"""Replicas of this process: forks of it that compute along with it, each on cores of its own.

Cores that share every operation wait for one another at its end, some thousand times a step, and whoever is held up
holds up all; operations too small to be shared leave all but one idle. Replicas meet once a step. They share all
memory that none of them writes to, so each takes what it makes itself and no second base model. Knows nothing of what
is computed.
"""

from __future__ import annotations

import mmap
import os
import pickle
import signal
import sys
import traceback
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import Any, NoReturn

import torch

from engine.worker.runtime import oom

# They ask a run to stop. Its replicas go when it lets them go, or is gone itself.
ASK_TO_STOP = ("SIGTERM", "SIGINT", "SIGHUP")
LOOK_SECONDS = 0.05
ALIGNMENT = 64


def possible() -> bool:
    """Tell whether this system can copy a process that runs: others can't, or their libraries don't stand it."""
    return sys.platform == "linux"


def taken_bytes() -> int:
    """Return the memory that all replicas of this process have taken for themselves."""
    return sum(replica.taken_bytes() for replica in _ALL)


class Line:
    """One end of the line between a process and its replica; what goes through it is pickled, tensors and all."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def send(self, message: Any) -> None:
        """Hand something over. Raises OSError where the other end is gone."""
        # The connection's own way of pickling would open a file for every tensor.
        self._connection.send_bytes(pickle.dumps(message))

    def receive(self) -> Any:
        """Return what comes next. Raises EOFError where the other end is gone."""
        return pickle.loads(self._connection.recv_bytes())  # noqa: S301 - from this process's own fork alone

    def has_more(self, seconds: float = 0) -> bool:
        """Wait for so long at most; tell whether something has come, the other end's going included."""
        return self._connection.poll(seconds)

    def close(self) -> None:
        """Let go of this end."""
        self._connection.close()

    def close_all_others(self) -> None:
        """Close all files of this process but this line and the error output.

        A lock and the other end of a line would outlive their owner otherwise.
        """
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1):
            os.dup2(nothing, stream)
        for file in [int(path.name) for path in Path("/proc/self/fd").iterdir()]:
            if file not in {0, 1, 2, self._connection.fileno()}:
                # The list itself was one of them.
                with suppress(OSError):
                    os.close(file)


@dataclass(frozen=True)
class _Failed:
    """What went wrong in a replica."""

    message: str
    trace: str
    is_shortage: bool


class Replica:
    """A fork of this process that does one work, given and answering through a line.

    `work(line)` is called in the fork, which computes with `threads`. It ends with its work, with this process at the
    latest; what it raises is raised here by `receive`. Raises OSError where the system allows no fork, as some do for
    a process that is larger than what is free.
    """

    def __init__(self, work: Callable[[Line], None], threads: int) -> None:
        mine, its = Pipe()
        self._line = Line(mine)
        # libgomp's threads belong to the one that made them and are not forked with it; one that has none can make its
        # own on the other side.
        try:
            with ThreadPoolExecutor(1) as fresh:
                self._process = fresh.submit(_forked, work, Line(its), threads).result()
        except OSError:
            mine.close()
            raise
        finally:
            its.close()
        self._own_at_first = _own_bytes(self._process)
        _ALL.append(self)

    def send(self, message: Any) -> None:
        """Hand something over. Raises what `receive` raises where the replica is gone."""
        try:
            self._line.send(message)
        except OSError:
            self._raise_end()

    def receive(self) -> Any:
        """Return the next answer. Raises MemoryError where memory did not suffice, RuntimeError for other troubles."""
        try:
            answer = self._line.receive()
        except (EOFError, OSError):
            self._raise_end()
        if isinstance(answer, _Failed):
            sys.stderr.write(answer.trace)
            raise MemoryError(answer.message) if answer.is_shortage else RuntimeError(answer.message)
        return answer

    def has_answered(self, seconds: float = LOOK_SECONDS) -> bool:
        """Wait for so long at most; tell whether `receive` would return or raise at once."""
        return self._line.has_more(seconds)

    def close(self) -> None:
        """End it, whatever it does."""
        if self in _ALL:
            with suppress(ProcessLookupError):
                os.kill(self._process, signal.SIGKILL)
            self._forget()

    def taken_bytes(self) -> int:
        """Return the memory that it has taken for itself."""
        return max(0, _own_bytes(self._process) - self._own_at_first)

    def _raise_end(self) -> NoReturn:
        status = self._forget()
        if status == -signal.SIGKILL:
            # So the system ends whom it likes where memory is at its end.
            raise MemoryError("A replica was killed: out of memory.")
        raise RuntimeError(f"A replica ended with status {status}.")

    def _forget(self) -> int:
        """Return how it ended, and let go of what is left of it."""
        _ALL.remove(self)
        self._line.close()
        return os.waitstatus_to_exitcode(os.waitpid(self._process, 0)[1])


_ALL: list[Replica] = []


def replicated(works: Sequence[Callable[[Line], None]], threads: int) -> list[Replica]:
    """Return a replica for each work, or none of them. Raises OSError where the system allows no fork."""
    made: list[Replica] = []
    try:
        made.extend(Replica(work, threads) for work in works)
    except OSError:
        for each in made:
            each.close()
        raise
    return made


def _forked(work: Callable[[Line], None], line: Line, threads: int) -> int:
    """Return the number of a fork's process; in the fork, do its work instead."""
    with warnings.catch_warnings():
        # Said where there are other threads: none of a worker's holds a lock that a replica takes.
        warnings.simplefilter("ignore", DeprecationWarning)
        process = os.fork()
    if not process:
        _be_replica(work, line, threads)
    return process


def _be_replica(work: Callable[[Line], None], line: Line, threads: int) -> NoReturn:
    """Work, say what went wrong, and end without anything that the forked process would do at its end."""
    status = 1
    try:
        _ALL.clear()
        for asked in ASK_TO_STOP:
            signal.signal(getattr(signal, asked), signal.SIG_IGN)
        line.close_all_others()
        torch.set_num_threads(threads)
        work(line)
        status = 0
    except (EOFError, OSError):
        # The other end is gone, so that nobody waits for an answer.
        pass
    except BaseException as error:  # noqa: BLE001 - the replica's edge: whatever it is, its process is told
        with suppress(OSError):
            line.send(_Failed(str(error), traceback.format_exc(), oom.is_one(error)))
    finally:
        os._exit(status)


def _own_bytes(process: int) -> int:
    """Return a process's memory beside what files and other processes may have in common with it; 0 once it is gone."""
    with suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("RssAnon:"):
                return 1024 * int(line.split()[1])
    return 0


def in_common(tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """Return copies of tensors in memory that replicas forked from now on have in common, whoever writes to it.

    It has no file, and so no limit of its own.
    """
    sizes = [-(-tensor.nbytes // ALIGNMENT) * ALIGNMENT for tensor in tensors]
    memory = mmap.mmap(-1, max(ALIGNMENT, sum(sizes)))
    copies, begin = [], 0
    for tensor, size in zip(tensors, sizes, strict=True):
        place = torch.frombuffer(memory, dtype=tensor.dtype, count=tensor.numel(), offset=begin)
        copies.append(place.view(tensor.shape).copy_(tensor))
        begin += size
    return copies
