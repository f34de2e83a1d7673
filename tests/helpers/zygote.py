"""Starts the tests' Python programs as forks of a process that has imported the libraries already.

A scripted worker takes 0.2 s to import what it needs and a real one 3 s; a fork takes 10 ms. What a program does is the
same, but for what a library reads of its environment while it is imported: a program that gets other variables of
that kind has a fresh interpreter, as has any whose start is the subject (`-c`, and every module not in `PROGRAMS`).

The processes of pytest-xdist are such forks too, and fork from the same zygotes: `share` starts these in the process
that they report to.

    python -m tests.helpers.zygote LISTENER LIFE MODULE …       serves until LIFE ends; both are descriptors
"""

import atexit
import gc
import importlib
import inspect
import json
import os
import runpy
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
import weakref
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

from engine.worker.__main__ import LIBRARY_SETTINGS
from tests.helpers.repository import ROOT

HELPERS = ROOT / "tests" / "helpers"
SCRIPTED = ("engine.worker.__main__", "engine.config.run_identity", "engine.config.recipe", "engine.api")
REAL = (
    "engine.worker.jobs.train", "engine.worker.jobs.score", "engine.commands.cli", "engine.cluster.bridge",
)  # fmt: skip
# What is imported before they are forked: a fork of all libraries takes longer than a scripted worker's work.
PROGRAMS = {
    str(ROOT / "main.py"): REAL,
    str(HELPERS / "scripted_program.py"): SCRIPTED,
    str(HELPERS / "scripted_summarizer.py"): SCRIPTED,
    str(HELPERS / "scripted_worker.py"): SCRIPTED,
}
# What libraries read when they are imported.
READ_AT_IMPORT = ("HF_", "TRANSFORMERS_", "TORCH", "OMP_", "MKL_", "PYTHON", "LD_", "TUNESMITH_PATCHES")
# Where libraries keep what they read of HF_….
READ_AGAIN = {"huggingface_hub.constants", "datasets.config"}
# What a worker sets for itself.
SET_BY_WORKERS = {"PYTHONUNBUFFERED": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "HF_EVALUATE_OFFLINE": "1"}
# torch sets the last one itself, in the tests' own process too.
SET_LATER = LIBRARY_SETTINGS.keys() | SET_BY_WORKERS.keys() | {"TORCHINDUCTOR_CACHE_DIR"}
MODULE = "tests.helpers.zygote"
# Names the sockets of the zygotes that the processes of pytest-xdist share, by the first of their modules.
SHARED = "TUNESMITH_TESTS_ZYGOTES"
# What starts one of these processes, by execnet.
XDIST = ["-u", "-c", "import sys;exec(eval(sys.stdin.readline()))"]
PLAIN = subprocess.Popen
NUMBER_BYTES = 8


class ForkedPopen(subprocess.Popen):
    """`subprocess.Popen`, whose program is a fork of the zygote where that is the same."""

    _status: socket.socket | None = None

    def _execute_child(self, *arguments: Any) -> None:
        asked = inspect.signature(PLAIN._execute_child).bind(self, *arguments).arguments
        if not _can_be_forked(asked):
            super()._execute_child(*arguments)
            return
        streams = [asked[name] for name in ("p2cread", "c2pwrite", "errwrite")]
        message = {
            "arguments": [os.fspath(each) for each in asked["args"][1:]],
            "folder": os.fspath(asked["cwd"] or Path.cwd()),
            "environment": dict(asked["env"] if asked["env"] is not None else os.environ),
            "session": bool(asked["start_new_session"]),
        }
        self._status = socket.socket(socket.AF_UNIX)
        self._status.connect(_address(PROGRAMS.get(os.fspath(asked["args"][1]), REAL)))
        given = [own if stream == -1 else stream for own, stream in enumerate(streams)]
        text = json.dumps(message).encode()
        socket.send_fds(self._status, [len(text).to_bytes(NUMBER_BYTES)], given)
        self._status.sendall(text)
        self.pid = int.from_bytes(self._status.recv(NUMBER_BYTES, socket.MSG_WAITALL))
        self._child_created = True
        _alive.add(self)
        pipes = ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")
        self._close_pipe_fds(*(asked[name] for name in pipes))

    def _internal_poll(self, *arguments: Any, **named: Any) -> int | None:
        if self._status is None:
            return super()._internal_poll(*arguments, **named)
        self._has_ended(0)
        return self.returncode

    def _wait(self, timeout: float | None) -> int:
        if self._status is None:
            return super()._wait(timeout)
        if not self._has_ended(timeout):
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return self.returncode

    def _has_ended(self, timeout: float | None) -> bool:
        assert self._status
        if self.returncode is None and not select.select([self._status], [], [], timeout)[0]:
            return False
        with self._waitpid_lock:
            if self.returncode is None:
                # Without a word the zygote itself has ended.
                self.returncode = int(self._status.recv(16) or -signal.SIGKILL)
        return True

    def __del__(self, *arguments: Any, **named: Any) -> None:
        super().__del__(*arguments, **named)
        if self._status is not None:
            self._status.close()


def _can_be_forked(asked: dict[str, Any]) -> bool:
    command = asked["args"]
    plain = not asked["pass_fds"] and asked["preexec_fn"] is None and not asked["shell"]
    if not plain or isinstance(command, str | bytes | os.PathLike) or list(command[:1]) != [sys.executable]:
        return False
    if list(command[1:]) == XDIST:
        return True
    if not command[1:2] or os.fspath(command[1]) not in PROGRAMS:
        return False
    # Without arguments main.py opens the window.
    differs = _read_at_import(asked["env"] or os.environ).items() ^ OWN.items()
    return command[2:3] != [] and all(name.startswith("HF_") for name, _ in differs)


def _read_at_import(environment: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in environment.items()
        if name.startswith(READ_AT_IMPORT) and name not in SET_LATER
    }


OWN = _read_at_import(os.environ)


_alive: weakref.WeakSet[ForkedPopen] = weakref.WeakSet()


def left_unsynced(fd: Any) -> None:
    """Do nothing in the place of `os.fsync`: a test's files need not survive a power cut."""


def running() -> list[ForkedPopen]:
    """Return the programs of this process that the zygote has started and that run."""
    return [each for each in list(_alive) if each.poll() is None]


def share() -> None:
    """Start the zygotes for the processes of pytest-xdist, and these as forks."""
    os.environ[SHARED] = json.dumps({imports[0]: _address(imports) for imports in (REAL, SCRIPTED)})
    subprocess.Popen = ForkedPopen


@cache
def _address(imports: tuple[str, ...]) -> str:
    """Start a zygote that has imported these modules, until this process ends; return the address of its socket."""
    if SHARED in os.environ:
        return str(json.loads(os.environ[SHARED])[imports[0]])
    address = str(Path(tempfile.mkdtemp(prefix="zygote-")) / "socket")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(64)
    # Nobody writes to it: its end tells the zygote that this process has ended.
    ours, theirs = socket.socketpair()
    descriptors = [listener.fileno(), theirs.fileno()]
    command = [sys.executable, "-m", MODULE, *map(str, descriptors), *imports]
    # It is a child of nobody here, so that a test's own children are all that this process has.
    PLAIN(
        command, pass_fds=descriptors, cwd=ROOT, env=os.environ | LIBRARY_SETTINGS | SET_BY_WORKERS | OWN,
        start_new_session=True, stdin=subprocess.DEVNULL,
    ).wait()  # fmt: skip
    for each in (listener, theirs):
        each.close()
    atexit.register(ours.close)
    return address


def main(listener: socket.socket, life: socket.socket, imports: list[str]) -> None:
    """Fork when asked, and tell how each program ended, until `life` ends."""
    for name in imports:
        importlib.import_module(name)
    os.fsync = left_unsynced
    gc.collect()
    gc.freeze()
    woken, wakes = socket.socketpair()
    wakes.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.set_wakeup_fd(wakes.fileno())
    children: dict[int, socket.socket] = {}
    while True:
        ready = select.select([listener, life, woken], [], [])[0]
        if life in ready:
            shutil.rmtree(Path(listener.getsockname()).parent, ignore_errors=True)
            return
        if woken in ready:
            woken.recv(1024)
            _tell_ended(children)
        if listener in ready:
            connection = listener.accept()[0]
            streams, message = _request(connection)
            pid = os.fork()
            if pid == 0:
                for each in (listener, life, woken, wakes, *children.values()):
                    each.close()
                _become(streams, message, connection)
            for stream in streams:
                os.close(stream)
            children[pid] = connection


def _request(connection: socket.socket) -> tuple[list[int], dict[str, Any]]:
    length, streams, _, _ = socket.recv_fds(connection, NUMBER_BYTES, 3)
    return streams, json.loads(connection.recv(int.from_bytes(length), socket.MSG_WAITALL))


def _tell_ended(children: dict[int, socket.socket]) -> None:
    for pid in list(children):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            with children.pop(pid) as connection, suppress(OSError):
                connection.sendall(str(os.waitstatus_to_exitcode(status)).encode())


def _become(streams: list[int], message: dict[str, Any], connection: socket.socket) -> NoReturn:
    """Be the program that was asked for, from its first line to its exit."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if message["session"]:
        os.setsid()
    # Only now: who hears of it may kill its group at once.
    with connection, suppress(OSError):
        connection.sendall(os.getpid().to_bytes(NUMBER_BYTES))
    for own, stream in enumerate(streams):
        os.dup2(stream, own)
        os.close(stream)
    os.environ.clear()
    os.environ.update(message["environment"])
    os.chdir(message["folder"])
    if _read_at_import(os.environ) != OWN:
        for name in READ_AGAIN & sys.modules.keys():
            importlib.reload(sys.modules[name])
    _open_streams()
    code = 1
    try:
        sys.argv = message["arguments"]
        if sys.argv == XDIST:
            exec(XDIST[-1], {"__name__": "__main__"})
        else:
            sys.path[0] = str(Path(sys.argv[0]).parent)
            runpy.run_path(sys.argv[0], run_name="__main__")
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        if isinstance(ended.code, str):
            print(ended.code, file=sys.stderr)
    except BaseException:  # noqa: BLE001 - as the interpreter does
        traceback.print_exc()
    finally:
        threading._shutdown()
        atexit._run_exitfuncs()
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _open_streams() -> None:
    unbuffered = bool(os.environ.get("PYTHONUNBUFFERED"))
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
    sys.stdout.reconfigure(line_buffering=unbuffered or sys.stdout.isatty(), write_through=unbuffered)
    sys.stderr.reconfigure(line_buffering=True, write_through=unbuffered)


def start(listener: str, life: str, *imports: str) -> None:
    """Go on as nobody's child."""
    if os.fork():
        os._exit(0)
    main(socket.socket(fileno=int(listener)), socket.socket(fileno=int(life)), list(imports))


if __name__ == "__main__":
    # The module of this name is the one that programs import.
    importlib.import_module(MODULE).start(*sys.argv[1:])
