"""The sandbox: a process for work on what strangers wrote, with limits of memory and of time, and without torch.

A small file can ask a library for gigabytes or for hours, and some libraries end their process over it. The work is a
function of a module with its arguments. What comes back is read as plain values alone, so that who takes over the
process by a hostile file can send nothing that would run here. One process waits for the next work. None outlives the
one that asks it.
"""

from __future__ import annotations

import atexit
import builtins
import ctypes
import importlib
import io
import math
import os
import pickle
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from functools import partial
from pathlib import Path
from typing import IO, Any, NoReturn, TypeVar

import psutil

from engine import errors
from engine.errors import AppError
from engine.system.paths import program
from engine.system.processes import NO_WINDOW

T = TypeVar("T")
# The option of main.py, and what follows it for a process that may import torch.
OPTION, WITH_TORCH = "--sandbox", "torch"
STOP_SIGNALS = ("SIGTERM", "SIGINT", "SIGHUP")
# Of prctl: the signal that a process gets when the thread that started it is gone, however that ended.
PR_SET_PDEATHSIG = 1
MORE, STOP = b"more", b"stop"
# How often it is looked at what work takes, and how long work that nobody waits for may still take to stop.
WATCH_SECONDS, STOP_SECONDS = 0.1, 0.5
# A process waits for other work so long, and only if the last one left no more memory taken than this.
IDLE_SECONDS, KEPT_BYTES = 60, 64 << 20
# The most memory that a process of Linux had at a time, and what forgets it.
OWN_STATUS, RESET_PEAK = Path("/proc/self/status"), Path("/proc/self/clear_refs")
# A library that lacks memory may say anything. It took nearly all there was, then.
NEARLY_ALL = 0.8


@dataclass(frozen=True)
class Limits:
    """The memory that work may take, in bytes, and the seconds of a processor until its next result, or for all."""

    memory_bytes: int
    seconds: float
    for_all_results: bool = False


# For imports before the work.
STARTING = Limits(4 << 30, 120)


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


def result(work: Callable[[], T], limits: Limits, imports: Sequence[str] = ()) -> T:
    """Return what `work` returns, done in the sandbox, as `results` does."""
    [only] = results(partial(_once, work), limits, imports)
    return only


def _once(work: Callable[[], T]) -> Iterator[T]:
    yield work()


def results(
    work: Callable[[], Iterator[T]], limits: Limits, imports: Sequence[str] = (), *, with_torch: bool = False
) -> Generator[T, None, None]:
    """Yield what `work` yields, done in the sandbox, which stops with this iterator.

    `work` is a function of a module, or a `partial` of one; its paths are absolute. Its results are None, numbers,
    texts, bytes, and lists, tuples, sets and dictionaries of those. The modules in `imports` are no part of what it
    takes. With torch, it has a process of its own. Raises LimitError, and what the work raises: an AppError or one of
    Python's own errors as it is, any other as the nearest of those.
    """
    process = _begun(pickle.dumps((limits, list(imports))) + pickle.dumps(work), limits, with_torch)
    is_fit = False
    try:
        while True:
            match process.receive():
                case ["result", value]:
                    yield value
                case ["end"]:
                    is_fit = True
                    return
                case ["error", str(name), [*arguments]]:
                    is_fit = True
                    raise _rebuilt(name, arguments)
                case ["memory"]:
                    raise LimitError(Exceeded.MEMORY, limits)
                case _:
                    raise LimitError(Exceeded.CRASH, limits)
            process.say(MORE)
    except GeneratorExit:
        is_fit = process.stops()
        raise
    finally:
        is_kept = is_fit and not with_torch and process.rests()
        if not is_kept or _idle.setdefault(os.getpid(), process) is not process:
            process.end()


def _rebuilt(name: str, arguments: list[Any]) -> Exception:
    """Return an error by its name and arguments."""
    made = getattr(errors, name, None) or getattr(builtins, name, None)
    if isinstance(made, type) and issubclass(made, Exception):
        for kind in (made, AppError if issubclass(made, AppError) else ValueError):
            with suppress(TypeError):
                return kind(*arguments)
    return ValueError(name)


# By the process that asks: a fork has none of its parent's.
_idle: dict[int, _Process] = {}
# Linux ends a process with the thread that started it, so that is one that lasts.
_starters: dict[int, ThreadPoolExecutor] = {}


def _begun(request: bytes, limits: Limits, with_torch: bool) -> _Process:
    """Return a process that has begun its work. Raises LimitError if it ends before."""
    idle = None if with_torch else _idle.pop(os.getpid(), None)
    # One that has waited for long may have ended just now.
    if idle is not None and idle.begins(request, limits):
        return idle
    starter = _starters.setdefault(os.getpid(), ThreadPoolExecutor(1, "sandbox"))
    process = starter.submit(_Process, with_torch).result()
    if process.begins(request, limits):
        return process
    raise LimitError(process.exceeded(), limits)


@atexit.register
def end() -> None:
    """End the process that waits for work, if there is one."""
    idle = _idle.pop(os.getpid(), None)
    if idle is not None:
        idle.end()


class _Process:
    """A process of the sandbox, and what watches over it: not every system keeps limits by itself."""

    def __init__(self, with_torch: bool) -> None:
        self._popen = subprocess.Popen(
            [*program(), OPTION, *([WITH_TORCH] if with_torch else [])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # Not the folder of a job, which Windows could not delete then.
            cwd=tempfile.gettempdir(),
            creationflags=NO_WINDOW,
        )
        assert self._popen.stdin
        assert self._popen.stdout
        self._outbox, self._inbox = self._popen.stdin, self._popen.stdout
        self._number = self._popen.pid
        self._limits, self._stop_at = STARTING, math.inf
        self._own_bytes, self._own_seconds = 0, 0.0
        self._exceeded: Exceeded | None = None
        # Held while it is looked at, or what it is looked at for changes.
        self._lock = threading.Lock()
        self._ended = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def begins(self, request: bytes, limits: Limits) -> bool:
        """Give it work, and return whether it has begun; if not, it has ended."""
        self.say(request)
        with suppress(LimitError):
            match self.receive():
                case ["begun", int(number)]:
                    # On Windows, that is a child of what a virtual environment has in the place of Python.
                    self._number = number
                    self._count_anew(limits)
                    return True
        self.end()
        return False

    def say(self, message: bytes) -> None:
        """Send a message; a process that has ended does not hear it, which shows when it has to answer."""
        with suppress(OSError):
            self._outbox.write(pickle.dumps(message))
            self._outbox.flush()

    def receive(self) -> Any:
        """Return its next message. Raises LimitError where it ended, or sent anything else."""
        try:
            message = _PlainUnpickler(self._inbox).load()
        except _UNREADABLE:
            # It is ending, or goes on with something else.
            self._stop_at = time.monotonic() + STOP_SECONDS
            self._popen.wait()
            self.end()
            raise LimitError(self.exceeded(), self._limits) from None
        if not self._limits.for_all_results:
            self._count_anew(self._limits, memory_too=False)
        return message

    def stops(self) -> bool:
        """Ask it to leave its work, and return whether it did so, and waits for other work."""
        self._stop_at = time.monotonic() + STOP_SECONDS
        self.say(STOP)
        with suppress(LimitError):
            return bool(self.receive() == ["end"])
        return False

    def rests(self) -> bool:
        """Let it wait for other work; return whether it is fit for that: it lives, and no memory is left taken."""
        self._stop_at = math.inf
        with self._lock, suppress(psutil.Error):
            self._limits = STARTING
            return self._taken()[0] - self._own_bytes < KEPT_BYTES and self._popen.poll() is None
        return False

    def end(self) -> None:
        """Kill it, and wait until it is gone."""
        self._ended.set()
        self._popen.kill()
        self._popen.wait()
        for stream in (self._inbox, self._outbox):
            with suppress(OSError):
                stream.close()

    def exceeded(self) -> Exceeded:
        """Return how it ended."""
        if self._exceeded is None and os.name != "nt":
            # The system ends the largest process where memory runs out.
            by_signal = {-signal.SIGXCPU: Exceeded.TIME, -signal.SIGKILL: Exceeded.MEMORY}
            return by_signal.get(self._popen.returncode, Exceeded.CRASH)
        return self._exceeded or Exceeded.CRASH

    def _watch(self) -> None:
        """Look again and again at what it takes, until it ends; kill it at a limit."""
        with suppress(psutil.Error):
            while not self._ended.wait(WATCH_SECONDS):
                with self._lock:
                    taken_bytes, seconds = self._taken()
                    if taken_bytes - self._own_bytes > self._limits.memory_bytes:
                        self._exceeded = Exceeded.MEMORY
                    elif seconds - self._own_seconds > self._limits.seconds:
                        self._exceeded = Exceeded.TIME
                    elif time.monotonic() > self._stop_at:
                        self._exceeded = Exceeded.CRASH
                    else:
                        continue
                    self._popen.kill()
                    return

    def _count_anew(self, limits: Limits, *, memory_too: bool = True) -> None:
        """Count from now on what it takes."""
        with self._lock, suppress(psutil.Error):
            taken_bytes, self._own_seconds = self._taken()
            self._own_bytes = taken_bytes if memory_too else self._own_bytes
            self._limits = limits

    def _taken(self) -> tuple[int, float]:
        """Return the memory and the seconds of a processor that it has taken. Raises psutil.Error."""
        process = psutil.Process(self._number)
        memory, used = process.memory_info(), process.cpu_times()
        # What Windows has moved out of memory counts too.
        return getattr(memory, "private", memory.rss), used.user + used.system


class _PlainPickler(pickle.Pickler):
    def reducer_override(self, value: Any) -> NoReturn:
        """Refuse what is no plain value, for which alone this is asked."""
        raise TypeError(repr(type(value)))


class _PlainUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str, /) -> NoReturn:
        """Refuse all names: without one, a pickle calls nothing."""
        raise pickle.UnpicklingError(module, name)


# What an unpickler raises for what is no pickle, or breaks off.
_UNREADABLE = (
    pickle.UnpicklingError, OSError, EOFError, ValueError, LookupError, TypeError, AttributeError,
    OverflowError, MemoryError,
)  # fmt: skip


# ------------------------------------------------------------------------------------- in the process itself


def main(*, with_torch: bool) -> NoReturn:
    """Do what the standard input asks for, until it ends or nothing comes for a while."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))
    for name in STOP_SIGNALS:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    if not with_torch:
        # Libraries that could use it do without.
        sys.modules.setdefault("torch", None)  # type: ignore[arg-type]
    os.environ |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_NO_ADVISORY_WARNINGS": "1"}
    # What a library reads or prints is none of what is said here.
    reading, writing = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    inbox: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(reading, inbox), daemon=True).start()
    try:
        _rlimit("RLIMIT_CORE", 0)
        while True:
            _serve(inbox.get(timeout=IDLE_SECONDS), inbox, writing)
    except (queue.Empty, BrokenPipeError):
        os._exit(0)
    except BaseException:  # noqa: BLE001 - some libraries raise what is no Exception where they break down
        traceback.print_exc()
        os._exit(1)


def _listen(stream: IO[bytes], inbox: queue.SimpleQueue[bytes]) -> None:
    """Take what is said while work is done: its end is that of the process."""
    with suppress(EOFError):
        while True:
            inbox.put(pickle.load(stream))  # noqa: S301 - from the process that started this one
    os._exit(0)


def _serve(request: bytes, inbox: queue.SimpleQueue[bytes], outbox: IO[bytes]) -> None:
    """Do a work, and send each result when it is asked for; the next one is done meanwhile."""
    _rlimit("RLIMIT_DATA", None)
    _rlimit("RLIMIT_CPU", None)
    stream = io.BytesIO(request)
    limits, imports = pickle.load(stream)  # noqa: S301 - from the process that started this one
    try:
        for name in imports:
            importlib.import_module(name)
        work = pickle.load(stream)  # noqa: S301
    except Exception as error:  # noqa: BLE001 - it is raised again where the result is wanted
        work = partial(_raise, error)
    is_first = True
    outbox.write(pickle.dumps(["begun", os.getpid()]))
    outbox.flush()
    for message in _messages(work, limits):
        is_wanted = is_first or inbox.get() != STOP
        outbox.write(message if is_wanted else pickle.dumps(["end"]))
        outbox.flush()
        is_first = False
        if not is_wanted:
            return


def _raise(error: Exception) -> NoReturn:
    raise error


def _messages(work: Callable[[], Iterator[Any]], limits: Limits) -> Iterator[bytes]:
    """Yield the results, and how they end, all within the limits."""
    enough = math.inf
    if sys.platform == "linux":
        own = psutil.Process().memory_info()
        enough = own.rss + NEARLY_ALL * limits.memory_bytes
        _rlimit("RLIMIT_DATA", own.data + limits.memory_bytes)
        with suppress(OSError):
            RESET_PEAK.write_text("5", "ascii")
    try:
        _limit_time(limits)
        for value in work():
            yield _plain(["result", value])
            if not limits.for_all_results:
                _limit_time(limits)
        ended = _plain(["end"])
    except MemoryError:
        ended = _plain(["memory"])
    except Exception as error:  # noqa: BLE001 - it is raised again where the result is wanted
        ended = _plain(["memory"]) if _most_bytes() > enough else _told(error)
    yield ended


def _plain(message: list[Any]) -> bytes:
    """Return a message as it is sent. Raises TypeError for what is no plain value."""
    stream = io.BytesIO()
    _PlainPickler(stream).dump(message)
    return stream.getvalue()


def _told(error: Exception) -> bytes:
    """Return an error as a message: of a library's own, the nearest of Python's errors with its words."""
    near = next(each for each in type(error).__mro__ if each.__module__ in (errors.__name__, "builtins"))
    name = (ValueError if near is Exception else near).__name__
    arguments: Sequence[Any] = [str(error) or type(error).__name__]
    if isinstance(error, AppError):
        arguments = [error.message, error.hint, error.field, error.choices]
    elif near is type(error):
        arguments = error.__reduce__()[1]
    with suppress(TypeError, RecursionError):
        return _plain(["error", name, arguments])
    return _plain(["error", ValueError.__name__, [f"{name}: {error}"]])


def _limit_time(limits: Limits) -> None:
    used = os.times()
    _rlimit("RLIMIT_CPU", math.ceil(used.user + used.system + limits.seconds))


def _rlimit(name: str, value: int | None) -> None:
    """Set a limit of this process where the system has any, None: none, unless a lower one is set for good."""
    try:
        import resource
    except ImportError:
        return
    which = getattr(resource, name)
    hard = resource.getrlimit(which)[1]
    most = math.inf if hard == resource.RLIM_INFINITY else hard
    resource.setrlimit(which, (hard if value is None else int(min(value, most)), hard))


def _most_bytes() -> int:
    """Return the most memory that this process has used at a time for its work, 0 where that can't be asked."""
    if sys.platform != "linux":
        return 0
    peak = re.search(r"VmHWM:\s+(\d+) kB", OWN_STATUS.read_text("ascii"))
    return 1024 * int(peak[1]) if peak else 0
