"""The sandbox: a process that reads untrusted files, with limits on memory and CPU time, and without torch.

A small file can make a library take gigabytes or hours, or crash its process. The work is a module's function with its
arguments. Results are unpickled as plain values and messages only, so a hostile file that takes over the process can
send nothing that runs here. One idle process is kept for the next work; none outlives its parent.
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
from engine.messages import Message, say
from engine.system.paths import program
from engine.system.processes import NO_WINDOW

T = TypeVar("T")
# The option of main.py, and its argument for a process that may import torch.
OPTION, WITH_TORCH = "--sandbox", "torch"
STOP_SIGNALS = ("SIGTERM", "SIGINT", "SIGHUP")
# Of prctl: the signal that a process gets when the thread that started it ends.
PR_SET_PDEATHSIG = 1
MORE, STOP = b"more", b"stop"
# How often usage is measured, and how long abandoned work may take to stop.
WATCH_SECONDS, STOP_SECONDS = 0.1, 0.5
# An idle process ends after this time, and is kept only if its last work left no more memory in use.
IDLE_SECONDS, KEPT_BYTES = 60, 64 << 20
# Where Linux reports the peak memory of a process, and where it is reset.
OWN_STATUS, RESET_PEAK = Path("/proc/self/status"), Path("/proc/self/clear_refs")
# A library that runs out of memory may raise anything; it is recognised by having used this share of the limit.
NEARLY_ALL = 0.8


@dataclass(frozen=True)
class Limits:
    """The memory of work, in bytes, and its CPU seconds: until the next result, or for all results together."""

    memory_bytes: int
    seconds: float
    for_all_results: bool = False


# For the imports before the work.
STARTING = Limits(4 << 30, 120)


class Exceeded(Enum):
    """Why work was cut short: a limit, or a crash of its library."""

    MEMORY = "memory"
    TIME = "time"
    CRASH = "crash"


class LimitError(Exception):
    """Work that reached a limit, or crashed its process."""

    def __init__(self, exceeded: Exceeded, limits: Limits) -> None:
        texts = {
            Exceeded.MEMORY: say("it takes more than {:,} MB of memory", limits.memory_bytes >> 20),
            Exceeded.TIME: say("it takes more than {:,} s of CPU time", limits.seconds),
            Exceeded.CRASH: "the library that reads it crashes or lacks memory",
        }
        super().__init__(texts[exceeded])
        self.exceeded = exceeded


def result(work: Callable[[], T], limits: Limits, imports: Sequence[str] = ()) -> T:
    """Return what `work` returns in the sandbox; see `results`."""
    [only] = results(partial(_once, work), limits, imports)
    return only


def _once(work: Callable[[], T]) -> Iterator[T]:
    yield work()


def results(
    work: Callable[[], Iterator[T]], limits: Limits, imports: Sequence[str] = (), *, with_torch: bool = False
) -> Generator[T, None, None]:
    """Yield what `work` yields in the sandbox; closing this iterator stops the work.

    `work` is a module's function, or a `partial` of one, with absolute paths. Its results are None, numbers, text,
    bytes, and lists, tuples, sets and dictionaries of those. Importing the modules in `imports` does not count towards
    the limits. With torch, a new process is used and not kept. Raises LimitError, and the errors of the work: AppErrors
    and built-in errors as they are, any other as its nearest built-in base.
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
        # At the interpreter's end, no thread watches how long it takes to stop.
        is_fit = not sys.is_finalizing() and process.stops()
        raise
    finally:
        is_kept = is_fit and not with_torch and process.rests()
        if not is_kept or _idle.setdefault(os.getpid(), process) is not process:
            process.end()


def _rebuilt(name: str, arguments: list[Any]) -> Exception:
    made = getattr(errors, name, None) or getattr(builtins, name, None)
    if isinstance(made, type) and issubclass(made, Exception):
        for kind in (made, AppError if issubclass(made, AppError) else ValueError):
            with suppress(TypeError):
                return kind(*arguments)
    return ValueError(name)


# By parent process: a fork must not use its parent's.
_idle: dict[int, _Process] = {}
# PDEATHSIG is tied to the thread that started a process, so one lasting thread starts them all.
_starters: dict[int, ThreadPoolExecutor] = {}


def _begun(request: bytes, limits: Limits, with_torch: bool) -> _Process:
    """Return a process that has begun the work. Raises LimitError if it ends before that."""
    idle = None if with_torch else _idle.pop(os.getpid(), None)
    # An idle process may have just timed out.
    if idle is not None and idle.begins(request, limits):
        return idle
    starter = _starters.setdefault(os.getpid(), ThreadPoolExecutor(1, "sandbox"))
    process = starter.submit(_Process, with_torch).result()
    if process.begins(request, limits):
        return process
    raise LimitError(process.exceeded(), limits)


@atexit.register
def end() -> None:
    """End the idle process, if there is one."""
    idle = _idle.pop(os.getpid(), None)
    if idle is not None:
        idle.end()


class _Process:
    """A sandbox process, and the thread that enforces its limits where the system does not."""

    def __init__(self, with_torch: bool) -> None:
        self._popen = subprocess.Popen(
            [*program(), OPTION, *([WITH_TORCH] if with_torch else [])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # Not a job's folder, or Windows could not delete it.
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
        # Guards the limits and the usage that they are compared with.
        self._lock = threading.Lock()
        self._ended = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def begins(self, request: bytes, limits: Limits) -> bool:
        """Give it work, and tell whether it has begun; if not, the process has ended."""
        self.say(request)
        with suppress(LimitError):
            match self.receive():
                case ["begun", int(number)]:
                    # In a virtual environment on Windows, Python is a child of the launcher that was started.
                    self._number = number
                    self._count_anew(limits)
                    return True
        self.end()
        return False

    def say(self, message: bytes) -> None:
        """Send a message. That the process has ended is noticed when its answer is read."""
        with suppress(OSError):
            self._outbox.write(pickle.dumps(message))
            self._outbox.flush()

    def receive(self) -> Any:
        """Return its next message. Raises LimitError if it ended, or sent anything unreadable."""
        try:
            message = _PlainUnpickler(self._inbox).load()
        except _UNREADABLE:
            # It is ending, or no longer speaks the protocol.
            self._stop_at = time.monotonic() + STOP_SECONDS
            self._popen.wait()
            self.end()
            raise LimitError(self.exceeded(), self._limits) from None
        if not self._limits.for_all_results:
            self._count_anew(self._limits, memory_too=False)
        return message

    def stops(self) -> bool:
        """Ask it to stop its work, and tell whether it did and is ready for other work."""
        self._stop_at = time.monotonic() + STOP_SECONDS
        self.say(STOP)
        with suppress(LimitError):
            return bool(self.receive() == ["end"])
        return False

    def rests(self) -> bool:
        """Let it wait for other work; tell whether it can: it is alive and has released its memory."""
        self._stop_at = math.inf
        with self._lock, suppress(psutil.Error):
            self._limits = STARTING
            return self._taken()[0] - self._own_bytes < KEPT_BYTES and self._popen.poll() is None
        return False

    def end(self) -> None:
        """Kill it and wait until it is gone."""
        self._ended.set()
        self._popen.kill()
        self._popen.wait()
        for stream in (self._inbox, self._outbox):
            with suppress(OSError):
                stream.close()

    def exceeded(self) -> Exceeded:
        if self._exceeded is None and os.name != "nt":
            # If memory runs out, the kernel kills the largest process.
            by_signal = {-signal.SIGXCPU: Exceeded.TIME, -signal.SIGKILL: Exceeded.MEMORY}
            return by_signal.get(self._popen.returncode, Exceeded.CRASH)
        return self._exceeded or Exceeded.CRASH

    def _watch(self) -> None:
        """Measure its usage until it ends, and kill it at a limit."""
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
        """Measure usage from now on."""
        with self._lock, suppress(psutil.Error):
            taken_bytes, self._own_seconds = self._taken()
            self._own_bytes = taken_bytes if memory_too else self._own_bytes
            self._limits = limits

    def _taken(self) -> tuple[int, float]:
        """Return its memory in bytes and its CPU seconds. Raises psutil.Error."""
        process = psutil.Process(self._number)
        memory, used = process.memory_info(), process.cpu_times()
        # On Windows, including memory that is paged out.
        return getattr(memory, "private", memory.rss), used.user + used.system


class _PlainPickler(pickle.Pickler):
    def reducer_override(self, value: Any) -> Any:
        """Refuse what is neither plain nor a message: this is not called for plain values."""
        if value is Message or isinstance(value, Message):
            return NotImplemented
        raise TypeError(repr(type(value)))


class _PlainUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str, /) -> type[Message]:
        """Refuse all names but that of messages: a pickle can call nothing else."""
        if (module, name) == (Message.__module__, Message.__name__):
            return Message
        raise pickle.UnpicklingError(module, name)


# Raised by an unpickler for a damaged or truncated pickle.
_UNREADABLE = (
    pickle.UnpicklingError, OSError, EOFError, ValueError, LookupError, TypeError, AttributeError,
    OverflowError, MemoryError,
)  # fmt: skip


# ------------------------------------------------------------------------------------- in the sandbox process


def main(*, with_torch: bool) -> NoReturn:
    """Do the work that arrives on standard input, until that is closed or idle for long."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))
    for name in STOP_SIGNALS:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    if not with_torch:
        # Libraries for which torch is optional do without it.
        sys.modules.setdefault("torch", None)  # type: ignore[arg-type]
    os.environ |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_NO_ADVISORY_WARNINGS": "1"}
    # Keep what libraries read and print out of the messages.
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
    except BaseException:  # noqa: BLE001 - some libraries raise no Exception when they crash
        traceback.print_exc()
        os._exit(1)


def _listen(stream: IO[bytes], inbox: queue.SimpleQueue[bytes]) -> None:
    """Receive messages while work is done, and end the process when the stream ends."""
    with suppress(EOFError):
        while True:
            inbox.put(pickle.load(stream))  # noqa: S301 - from the process that started this one
    os._exit(0)


def _serve(request: bytes, inbox: queue.SimpleQueue[bytes], outbox: IO[bytes]) -> None:
    """Do one piece of work, and send each result on request; the next one is computed meanwhile."""
    _rlimit("RLIMIT_DATA", None)
    _rlimit("RLIMIT_CPU", None)
    stream = io.BytesIO(request)
    limits, imports = pickle.load(stream)  # noqa: S301 - from the process that started this one
    try:
        for name in imports:
            importlib.import_module(name)
        work = pickle.load(stream)  # noqa: S301
    except Exception as error:  # noqa: BLE001 - raised again in the parent
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
    """Yield the messages with results and the final one, within the limits."""
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
    except Exception as error:  # noqa: BLE001 - raised again in the parent
        ended = _plain(["memory"]) if _most_bytes() > enough else _told(error)
    yield ended


def _plain(message: list[Any]) -> bytes:
    """Return a message as bytes. Raises TypeError for values that are not plain."""
    stream = io.BytesIO()
    _PlainPickler(stream).dump(message)
    return stream.getvalue()


def _told(error: Exception) -> bytes:
    """Return an error as a message; a library's error becomes its nearest built-in base with the same text."""
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
    """Set a resource limit of this process; None lifts it as far as the hard limit allows. Windows has none."""
    try:
        import resource
    except ImportError:
        return
    which = getattr(resource, name)
    hard = resource.getrlimit(which)[1]
    most = math.inf if hard == resource.RLIM_INFINITY else hard
    resource.setrlimit(which, (hard if value is None else int(min(value, most)), hard))


def _most_bytes() -> int:
    """Return the peak memory of this process in bytes, 0 where the system does not tell."""
    if sys.platform != "linux":
        return 0
    peak = re.search(r"VmHWM:\s+(\d+) kB", OWN_STATUS.read_text("ascii"))
    return 1024 * int(peak[1]) if peak else 0
