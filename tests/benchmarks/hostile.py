"""Thousands of files that a stranger may send: does each end in a result or a named error, in 5 s and within 1 GB?

A data set of a million conversations is no attack, nor a run of a million steps: reading may take 0.2 ms for each line.
They are read by the command line, and in the window off screen, whose event loop must stay alive. An argument is a part
of the names of the files to read by the command line, a second one takes every so many-th of them; `window` reads in
the window alone.
"""

import os
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import suppress
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Event, Thread
from typing import Any, Self

import psutil

from engine.system.paths import runs_folder
from tests.helpers.benchmark_report import show
from tests.helpers.fuzz_runner import READY, run_isolated

MAX_SECONDS = 5
MAX_SECONDS_A_LINE = 0.0002
# Reading goes on for so long, to see whether it ends.
HANG_SECONDS = 400
MAX_BYTES = 1 << 30
FILES_A_PROCESS = 100
TEXT_LENGTH = 1_000_000
WATCHED_SECONDS = 0.05
WANTED = sys.argv[1] if len(sys.argv) > 1 else ""
EVERY = int(sys.argv[2]) if len(sys.argv) > 2 else 1
WINDOW = "window"
BOMB_SECONDS = 15
PAGES = ("library", "train", "data")


def main() -> None:
    if WANTED != WINDOW:
        _read_by_command()
    if WANTED in ("", WINDOW):
        _read_in_window()


def _probes() -> list[Any]:
    from tests.helpers import hostile_probes

    probes = [*hostile_probes.troubled(), *hostile_probes.bombs(), *hostile_probes.texts(TEXT_LENGTH)]
    return [probe for probe in probes if WANTED in probe.name][::EVERY]


def _read_by_command() -> None:
    began = time.perf_counter()
    names = [probe.name for probe in _probes()]
    with tempfile.TemporaryDirectory() as place:
        ends = run_isolated(len(names), Path(place), _read_some, FILES_A_PROCESS, HANG_SECONDS)
    kinds = Counter(end.partition(":")[0] for end in ends.values())
    for number, end in sorted(ends.items()):
        if end.partition(":")[0] not in {"result", "named error"}:
            print(f"{names[number]}: {end}")
    rows = [
        ("gave a result", "result", ""),
        ("ended in a named error", "named error", ""),
        ("ended in any other error", "other", "0"),
        (f"took more than {MAX_SECONDS} s of a CPU", "slow", "0"),
        (f"took more than {MAX_BYTES >> 30} GB", "memory", "0"),
        ("crashed the process", "crash", "0"),
        (f"took more than {HANG_SECONDS} s", "hang", "0"),
    ]
    told = [(title, f"{kinds[kind]:,}", goal) for title, kind, goal in rows]
    show(
        f"{len(names):,} hostile files, read by the command line",
        [*told, ("seconds", f"{time.perf_counter() - began:.0f}", "")],
    )


def _read_some(numbers: range, place: Path, theirs: Connection) -> None:
    home = place / "home"
    os.environ |= {"TUNESMITH_HOME": str(home), "HF_HUB_OFFLINE": "1"}
    import transformers  # noqa: F401 - a worker's import is no part of reading

    from tests.helpers import hostile_probes

    probes = _probes()
    # Another process makes the files, so that only reading them counts.
    with ProcessPoolExecutor(1, get_context("spawn")) as maker:
        maker.submit(os.getpid).result()
        theirs.send(READY)
        for number in numbers:
            theirs.send(_end(hostile_probes, maker, probes[number], home, place / f"{number}"))


def _end(hostile_probes: Any, maker: Executor, probe: Any, home: Path, folder: Path) -> str:
    """Read a file; one that is slow is read again, since the first of its kind in a process imports libraries."""
    for _ in range(2):
        command = maker.submit(hostile_probes.laid_out_by_name, probe.name, TEXT_LENGTH, folder).result()
        with _Memory() as memory:
            before = sum(os.times()[:4])
            try:
                end = hostile_probes.read(home, command)
            except BaseException as error:  # noqa: BLE001 - whatever else it is, it is what is looked for
                end = f"other: {type(error).__name__}: {str(error)[:300]}"
            seconds = sum(os.times()[:4]) - before
        is_slow = seconds > MAX_SECONDS and seconds > MAX_SECONDS_A_LINE * _lines(Path(command[-1]))
        hostile_probes.remove(folder)
        if memory.most > MAX_BYTES:
            return f"memory: {memory.most / 1e9:.1f} GB, {end}"
        if not is_slow:
            return str(end)
    return f"slow: {seconds:.1f} s, {end}"


def _lines(source: Path) -> int:
    """Return the number of lines of a file, or of the events of all runs."""
    lines = 0
    for path in [source] if source.is_file() else runs_folder().rglob("events.jsonl"):
        with path.open("rb") as stream:
            lines += sum(chunk.count(b"\n") for chunk in iter(partial(stream.read, 1 << 20), b""))
    return lines


class _Memory:
    """The most memory that this process and its children take in a block, beyond what they took before."""

    def __init__(self) -> None:
        self.most = 0
        self._done = Event()
        self._thread = Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._before = _own_bytes()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(WATCHED_SECONDS):
            self.most = max(self.most, _own_bytes() - self._before)


def _own_bytes() -> int:
    """Return the memory of this process and its children; what they share counts once."""
    own = psutil.Process()
    total = 0
    for process in (own, *own.children(recursive=True)):
        with suppress(psutil.Error):
            total += process.memory_full_info().pss
    return total


def _read_in_window() -> None:
    """Open every page on a home of damaged adapters and runs, then check every bomb on the data page."""
    from PySide6.QtCore import QEventLoop, QTimer
    from PySide6.QtWidgets import QApplication

    from gui.core.preferences import Preferences
    from gui.look import style
    from gui.main_window import MainWindow
    from gui.workers.worker_manager import WorkerManager
    from tests.benchmarks.responsiveness import EventLoopLatency
    from tests.helpers import hostile_probes

    application = QApplication.instance() or QApplication([])
    with tempfile.TemporaryDirectory() as place:
        os.environ |= {"TUNESMITH_HOME": str(Path(place, "home")), "HF_HUB_OFFLINE": "1"}
        style.apply(application, "light")
        manager = WorkerManager()
        latency = EventLoopLatency()

        def live(seconds: float) -> None:
            # An application that quits closes its windows.
            loop = QEventLoop()
            QTimer.singleShot(int(seconds * 1000), loop.quit)
            loop.exec()

        window = MainWindow(manager, Preferences())
        window.show()
        # To build a page takes its time, whatever there is to show.
        for page in PAGES:
            window.show_built(page)
            live(1)
        count = hostile_probes.fill_home(Path(place))
        latency.start()
        for page in PAGES:
            window.show_built(page)
            live(2)
        latency.stop()
        show(f"The window on a home of {count:,} damaged adapters and runs", latency.rows(""))
        bombs, told = EventLoopLatency(), 0
        data = window.show_built("data")
        live(1)
        paths = [Path(place, name) for name in hostile_probes.BOMBS]
        for path in paths:
            path.write_bytes(hostile_probes.BOMBS[path.name]())
        bombs.start()
        for path in paths:
            assert window.isVisible()
            data.open(str(path))
            data.check()
            deadline = time.perf_counter() + BOMB_SECONDS
            while data.checker.is_busy and time.perf_counter() < deadline:
                live(0.1)
            told += not data.checker.is_busy
        bombs.stop()
        show(
            f"{len(hostile_probes.BOMBS)} bombs on the data page",
            [(f"told within {BOMB_SECONDS} s", f"{told}", ""), *bombs.rows("")],
        )
        manager.leave()


if __name__ == "__main__":
    main()
