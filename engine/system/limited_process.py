"""Does work on what others wrote in a process of its own, with limits of memory and of time.

A small file can ask a library for gigabytes or for hours, and some libraries end their process over it. On systems that
can't fork, the work is done in this process, without limits. No such process outlives the one that waits for it.
"""

from __future__ import annotations

import ctypes
import faulthandler
import os
import pickle
import signal
import sys
import traceback
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import IO, Any, NoReturn, TypeVar

from engine.system import forking

T = TypeVar("T")
STOP_SIGNALS = ("SIGTERM", "SIGINT", "SIGHUP")
# Of prctl: the signal that a process gets when the one that forked it is gone, however that ended.
PR_SET_PDEATHSIG = 1
# What a limited process had of its own at its start is a part of no limit.
OWN_MEMORY = Path("/proc/self/statm")
USED_FIELD, DATA_FIELD = 1, 5
# A library that lacks memory may say anything. It took nearly all there was, then.
NEARLY_ALL = 0.8


@dataclass(frozen=True)
class Limits:
    """The memory that work may take, in bytes, and the seconds of a processor until its next result, or for all."""

    memory_bytes: int
    seconds: int
    for_all_results: bool = False


class Exceeded(Enum):
    """How work ended that was ended: at a limit, or by the library that did it."""

    MEMORY = "memory"
    TIME = "time"
    CRASH = "crash"


class LimitError(Exception):
    """Work that reached a limit, or ended its process."""

    def __init__(self, exceeded: Exceeded, limits: Limits) -> None:
        super().__init__(_in_words(exceeded, limits))
        self.exceeded = exceeded


def _in_words(exceeded: Exceeded, limits: Limits) -> str:
    match exceeded:
        case Exceeded.MEMORY:
            return f"it takes more than {limits.memory_bytes >> 20:,} MB of memory"
        case Exceeded.TIME:
            return f"it takes more than {limits.seconds:,} s of a processor"
    return "the library that reads it breaks down, or lacks memory"


def is_supported() -> bool:
    """Return whether work can have limits here."""
    return sys.platform == "linux"


def results(work: Callable[[], Iterator[T]], limits: Limits) -> Generator[T, None, None]:
    """Yield what `work` yields, done in a fork of this process, which ends with this iterator.

    Raises what the work raises, and LimitError. `work` must not need other threads or a graphics card.
    """
    if not is_supported():
        yield from work()
        return
    process, stream = _forked(work, limits)
    status: int | None = None
    try:
        with stream:
            while True:
                try:
                    kind, value = pickle.load(stream)  # noqa: S301 - from this process's own fork alone
                except (EOFError, pickle.UnpicklingError):
                    status = _joined(process)
                    raise LimitError(_exceeded(status), limits) from None
                if kind == "end":
                    return
                if kind == "error":
                    raise value
                if kind == "memory":
                    raise LimitError(Exceeded.MEMORY, limits)
                yield value
    finally:
        if status is None:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
            _joined(process)


def result(work: Callable[[], T], limits: Limits) -> T:
    """Return what `work` returns, done in a fork of this process. Raises what it raises, and LimitError."""

    def once() -> Iterator[T]:
        yield work()

    [only] = results(once, limits)
    return only


def _joined(process: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def _exceeded(status: int) -> Exceeded:
    if status == -signal.SIGXCPU:
        return Exceeded.TIME
    # The system ends the largest process where memory runs out.
    return Exceeded.MEMORY if status == -signal.SIGKILL else Exceeded.CRASH


def _forked(work: Callable[[], Iterator[Any]], limits: Limits) -> tuple[int, IO[bytes]]:
    """Return the id of a new fork, and what it writes; in the fork, do its work instead."""
    reading, writing = os.pipe()
    parent = os.getpid()
    process = forking.fork()
    if not process:
        # Else it would outlive this process while its pipe has a reader: itself.
        os.close(reading)
        _end_with(parent)
        _work(work, limits, writing)
    os.close(writing)
    return process, os.fdopen(reading, "rb")


def _end_with(parent: int) -> None:
    """Let the system kill this process when `parent` is gone, even while a library computes and looks at nothing."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))
    if os.getppid() != parent:
        os._exit(1)


def _work(work: Callable[[], Iterator[Any]], limits: Limits, writing: int) -> NoReturn:
    """Do the work within its limits, and exit without anything that the forked process would do at its end."""
    import resource

    try:
        for name in STOP_SIGNALS:
            signal.signal(getattr(signal, name), signal.SIG_IGN)
        # The end of this process is told by who waits for it.
        faulthandler.disable()
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        _limit(resource.RLIMIT_DATA, _own_bytes(DATA_FIELD) + limits.memory_bytes)
        with os.fdopen(writing, "wb") as stream:
            _send_all(work, limits, stream)
    except BrokenPipeError:
        # Nobody waits for more.
        pass
    except BaseException:  # noqa: BLE001 - the fork's edge: nothing of this process may go on in it
        traceback.print_exc()
    finally:
        os._exit(1)


def _send_all(work: Callable[[], Iterator[Any]], limits: Limits, stream: IO[bytes]) -> None:
    enough = _own_bytes(USED_FIELD) + NEARLY_ALL * limits.memory_bytes
    try:
        # A result may be a promise, which only its first use keeps.
        _limit_time(limits)
        for value in work():
            pickle.dump(("result", value), stream)
            stream.flush()
            if not limits.for_all_results:
                _limit_time(limits)
        end: tuple[str, Any] = ("end", None)
    except MemoryError:
        end = ("memory", None)
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 - it is raised again where the result is wanted
        end = ("memory", None) if _most_bytes() > enough else ("error", _portable(error))
    stream.write(pickle.dumps(end))
    stream.flush()


def _portable(error: Exception) -> Exception:
    """Return an error as it can be sent: itself, or for those of libraries that can't, one with its words."""
    error.__traceback__ = error.__cause__ = error.__context__ = None
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - made here
    except (pickle.PickleError, AttributeError, LookupError, TypeError, ValueError):
        return ValueError(f"{type(error).__name__}: {error}")
    return error


def _most_bytes() -> int:
    """Return the most memory that this process has used at a time."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _limit_time(limits: Limits) -> None:
    import resource

    used = os.times()
    _limit(resource.RLIMIT_CPU, round(used.user + used.system) + limits.seconds)


def _limit(which: int, value: int) -> None:
    """Set a limit of this process, unless a lower one is set for good."""
    import resource

    hard = resource.getrlimit(which)[1]
    resource.setrlimit(which, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


def _own_bytes(field: int) -> int:
    """Return the bytes of this process's memory: those in use, or those that it may write to, as the limit counts."""
    return int(OWN_MEMORY.read_text("ascii").split()[field]) * os.sysconf("SC_PAGE_SIZE")
