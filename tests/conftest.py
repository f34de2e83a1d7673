"""Fixtures of all tests: a home per test, loopback connections only, a check for leaked processes and windows."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import psutil


def _temporary_folder():
    """Make the folder for all that the tests write, in memory where it has room: on a disk a file costs ten times."""
    memory = Path("/dev/shm")
    suits = memory.is_dir() and os.access(memory, os.W_OK) and not os.statvfs(memory).f_flag & os.ST_NOEXEC
    roomy = suits and min(psutil.virtual_memory().available, shutil.disk_usage(memory).free) > ROOM_BYTES
    return Path(tempfile.mkdtemp(prefix="tunesmith-tests-", dir=memory if roomy else None))


# More than all tests together leave behind.
ROOM_BYTES = 8 << 30
# The processes of pytest-xdist have those of the one that they report to.
_SESSION_FOLDER = None if "PYTEST_XDIST_WORKER" in os.environ else _temporary_folder()
if _SESSION_FOLDER:
    os.environ.update(
        TMPDIR=str(_SESSION_FOLDER),
        TUNESMITH_HOME=str(_SESSION_FOLDER / "tunesmith"),
        HF_HOME=str(_SESSION_FOLDER / "huggingface"),
    )
    tempfile.tempdir = None
# The libraries read them at import, so they are set first; workers inherit them.
os.environ.update(
    HF_HUB_OFFLINE="1",
    HF_DATASETS_OFFLINE="1",
    OMP_WAIT_POLICY="PASSIVE",
    # Tiny models have no work for two threads: synchronisation would take ten times the CPU time.
    OMP_NUM_THREADS="1",
    OMP_THREAD_LIMIT="1",
    TOKENIZERS_PARALLELISM="false",
    # As in a worker (engine/worker/__main__.py).
    TORCHDYNAMO_DISABLE="1",
    HF_HUB_DISABLE_SYMLINKS_WARNING="1",
)
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# The tests start hundreds of workers: none compiles anew what another has compiled, nor do the next tests.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

import gc
import ipaddress
import itertools
import signal
import socket
import subprocess
from collections import Counter, defaultdict

import hypothesis
import pytest
import quick_tests

from engine.system import sandbox
from tests.helpers import zygote
from tests.helpers.systems import WINDOWS

# In the background of a shell script it is ignored, and so it would be by every program that a test interrupts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Only what a test leaves behind takes so long.
GRACE_SECONDS = 240.0
# Read by packaging/quick_tests.py.
DURATIONS = "tunesmith/durations"
_durations = defaultdict(lambda: defaultdict(float))


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """Import the tests without a search for garbage, and set aside for good what they imported, as a worker does."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_addoption(parser):
    parser.addoption("--slow", action="store_true", help="run the tests marked slow too")
    parser.addoption(
        "--quick", action="store_true", help="leave them out of the files that are named as well"
    )
    parser.addoption("--lag", action="store_true", help="let window tests that are red by chance fail")


def pytest_configure(config):
    """Let Hypothesis try the same few examples every time, so that no run is red by chance; new ones with --slow."""
    settings = hypothesis.settings
    settings.register_profile("few", settings.get_profile("ci"), max_examples=25)
    settings.register_profile("many", settings.get_profile("default"), deadline=None)
    settings.load_profile("many" if config.getoption("slow") else "few")
    if _SESSION_FOLDER and config.getoption("numprocesses", None) and hasattr(os, "fork"):
        zygote.share()


def pytest_unconfigure():
    if _SESSION_FOLDER:
        shutil.rmtree(_SESSION_FOLDER, ignore_errors=True)


def pytest_collection_modifyitems(config, items):
    """Leave slow tests out of a run of everything, unless the code that they are about has changed."""
    everything = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    if config.getoption("slow") or not (everything or config.getoption("quick")):
        return
    changed = quick_tests.changed_files(config.rootpath)
    cases, slow = Counter(), []
    for item in items:
        mark = item.get_closest_marker("slow")
        if mark and not _concerns(mark, changed):
            cases[test := item.nodeid.partition("[")[0]] += 1
            slow += [item] if cases[test] > mark.kwargs.get("quick", 0) else []
    config.hook.pytest_deselected(items=slow)
    items[:] = [item for item in items if item not in set(slow)]


def _concerns(mark, changed):
    return any(path.startswith(mark.args) for path in changed)


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable():
    """Escape lone surrogates, which pytest-xdist can't send: a failure that quoted one would end the whole run."""
    return _encodable((yield))


def _encodable(value):
    if isinstance(value, dict):
        return {name: _encodable(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        # The place of a skip is a tuple, as pytest sums skips up.
        return type(value)(map(_encodable, value))
    if isinstance(value, str) and not value.isascii():
        return value.encode("utf-8", "backslashreplace").decode()
    return value


def pytest_runtest_logreport(report):
    """Add a phase of a test to its duration."""
    path, _, test = report.nodeid.partition("::")
    _durations[path][test] += report.duration


def pytest_sessionfinish(session):
    """Save the durations of the tests that ran; those of earlier runs stay unless all tests ran."""
    config = session.config
    if not hasattr(config, "cache") or hasattr(config, "workerinput"):
        return
    everything = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    saved = {} if everything else config.cache.get(DURATIONS, {})
    for path, tests in _durations.items():
        rounded = {test: round(seconds, 3) for test, seconds in tests.items()}
        saved[path] = saved.get(path, {}) | rounded
    config.cache.set(DURATIONS, saved)


@pytest.fixture(scope="session")
def _home_numbers():
    return itertools.count()


@pytest.fixture(autouse=True)
def home(tmp_path_factory, _home_numbers, monkeypatch):
    """Set a Tunesmith home for this test alone; return its folder.

    It is not in `tmp_path`: creating that costs more than most tests, and few use it.
    """
    folder = tmp_path_factory.getbasetemp() / f"home-{next(_home_numbers)}" / "home"
    folder.parent.mkdir()
    monkeypatch.setenv("TUNESMITH_HOME", str(folder))
    return folder


@pytest.fixture(autouse=True, scope="session")
def _loopback_only():
    """Refuse other connections in this process; workers run offline."""
    patch = pytest.MonkeyPatch()
    connect, connect_ex, getaddrinfo = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo
    patch.setattr(socket.socket, "connect", lambda own, address: connect(own, _local(own, address)))
    patch.setattr(socket.socket, "connect_ex", lambda own, address: connect_ex(own, _local(own, address)))
    patch.setattr(
        socket, "getaddrinfo", lambda host, *rest, **named: getaddrinfo(_local_host(host), *rest, **named)
    )
    yield
    patch.undo()


def _local(own, address):
    if own.family in {socket.AF_INET, socket.AF_INET6}:
        _local_host(address[0])
    return address


def _local_host(host):
    name = host.decode() if isinstance(host, bytes) else host
    if name in {None, "", "localhost", socket.gethostname()}:
        return host
    try:
        local = ipaddress.ip_address(name).is_loopback
    except ValueError:
        local = False
    if not local:
        raise AssertionError(f"a test tried to connect to {name}")
    return host


@pytest.fixture(autouse=True, scope="session")
def _forked_programs():
    """Start Python programs as forks of a process that has the libraries, where the system can; wait for no disk."""
    patch = pytest.MonkeyPatch()
    if hasattr(os, "fork"):
        patch.setattr(subprocess, "Popen", zygote.ForkedPopen)
    patch.setattr(os, "fsync", zygote.left_unsynced)
    yield
    patch.undo()


@pytest.fixture(autouse=True, scope="session")
def _missing_rights():
    """Skip a test that makes a link or a pipe where a user can't, as on Windows."""
    patch = pytest.MonkeyPatch()
    if WINDOWS:
        patch.setattr(
            os, "mkfifo", lambda *_, **__: pytest.skip("pipes have no place in a folder"), raising=False
        )
    if not _can_link():
        patch.setattr(Path, "symlink_to", _skip_own(Path.symlink_to))
        patch.setattr(os, "symlink", _skip_own(os.symlink))
    yield
    patch.undo()


def _can_link():
    with tempfile.TemporaryDirectory() as folder:
        try:
            Path(folder, "link").symlink_to(folder)
        except OSError:
            return False
    return True


def _skip_own(link):
    def made(*arguments, **named):
        if sys._getframe(1).f_globals["__name__"].startswith("tests."):
            pytest.skip("links need a right that users lack")
        return link(*arguments, **named)

    return made


# What a worker answers otherwise than a test does.
SIGNALS = (signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else []))


@pytest.fixture(autouse=True)
def _no_leaks(home):
    """Fail a test that leaves a process, an open window or a signal's handler behind."""
    before, handlers = _children(), {number: signal.getsignal(number) for number in SIGNALS}
    yield
    # What a test changed in its sandbox is none of the next one's.
    sandbox.end()
    left = [*_leaked_programs(), *_leaked_processes(before)]
    left += [*_leaked_windows(), *_leaked_handlers(handlers)]
    assert not left, f"the test left behind: {', '.join(left)}"


def _children():
    if _has_no_children():
        return set()
    return set(psutil.Process().children(recursive=True))


def _has_no_children():
    """Ask with one system call where there is one: psutil walks over all processes."""
    if not hasattr(os, "waitid"):
        return False
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return True
    return False


def _leaked_programs():
    left = []
    for program in zygote.running():
        try:
            program.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            left.append(" ".join(map(str, program.args)))
            program.kill()
    return left


def _leaked_processes(before):
    processes = [process for process in _children() - before if not _belongs_to_python(process)]
    _, alive = psutil.wait_procs(processes, timeout=GRACE_SECONDS) if processes else ([], [])
    names = [_command_line(process) for process in alive]
    for process in alive:
        process.kill()
    return names


def _belongs_to_python(process):
    return "resource_tracker" in _command_line(process)


def _command_line(process):
    try:
        return " ".join(process.cmdline()) or process.name()
    except psutil.NoSuchProcess:
        return ""


def _leaked_handlers(before):
    """Name the signals that are answered otherwise than before, and put their answers back."""
    changed = [number for number in SIGNALS if signal.getsignal(number) is not before[number]]
    for number in changed:
        signal.signal(number, before[number])
    return [f"a handler of {number.name}" for number in changed]


def _leaked_windows():
    if "PySide6.QtWidgets" not in sys.modules:
        return []
    from PySide6.QtCore import QCoreApplication, QEvent
    from PySide6.QtWidgets import QApplication

    if QApplication.instance() is None:
        return []
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    windows = [each for each in QApplication.topLevelWidgets() if each.isVisible() and each.parent() is None]
    names = [type(each).__name__ for each in windows]
    for window in windows:
        window.close()
    return names
