"""Work in a process of its own: its results, its errors, and its end at a limit or with its library."""

from __future__ import annotations

import mmap
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from engine.errors import DataError
from engine.system import limited_process
from engine.system.limited_process import Exceeded, LimitError, Limits
from tests.helpers.processes import wait_until_gone
from tests.helpers.repository import ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the memory of a process")
AMPLE = Limits(256 << 20, 5)


def exceeded(work, limits=AMPLE):
    with pytest.raises(LimitError) as error:
        limited_process.result(work, limits)
    return error.value


def test_results_come_one_by_one_and_the_process_ends_with_their_reader():
    def work():
        yield os.getpid()
        time.sleep(600)
        yield 0

    results = limited_process.results(work, AMPLE)
    process = next(results)
    assert process != os.getpid()
    results.close()
    assert not psutil.pid_exists(process)


STARTS_ONE = """
import os, time
from engine.system import limited_process
from engine.system.limited_process import Limits

def work():
    yield os.getpid()
    while True:
        pass

results = limited_process.results(work, Limits(256 << 20, 600))
print(next(results), flush=True)
time.sleep(600)
"""


def test_the_process_ends_with_a_reader_that_is_killed_whatever_it_computes():
    reader = subprocess.Popen([sys.executable, "-c", STARTS_ONE], cwd=ROOT, stdout=subprocess.PIPE)
    process = psutil.Process(int(reader.stdout.readline()))
    reader.kill()
    reader.communicate()
    wait_until_gone(process)


def test_memory_has_a_limit_of_its_own():
    error = exceeded(lambda: len(bytearray(300 << 20)))
    assert (error.exceeded, str(error)) == (Exceeded.MEMORY, "it takes more than 256 MB of memory")
    assert limited_process.result(lambda: len(bytearray(200 << 20)), AMPLE) == 200 << 20


def test_what_a_library_says_without_memory_is_told_as_lack_of_memory():
    def parse():
        # Mapped, as an allocation may find room that the process has already, and filled, as zeros take none.
        taken = [mmap.mmap(-1, 10 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) for _ in range(24)]
        for room in taken:
            room.write(b"x" * len(room))
        raise ValueError(f"unknown error after {len(taken)}")

    assert exceeded(parse).exceeded == Exceeded.MEMORY


def test_time_is_limited_until_each_result():
    def endless():
        while True:
            pass

    error = exceeded(endless, Limits(256 << 20, 1))
    assert (error.exceeded, str(error)) == (Exceeded.TIME, "it takes more than 1 s of a processor")


def test_a_process_that_breaks_down_is_told():
    assert exceeded(lambda: os.kill(os.getpid(), signal.SIGSYS)).exceeded == Exceeded.CRASH
    assert exceeded(lambda: os._exit(3)).exceeded == Exceeded.CRASH
    assert exceeded(lambda: os.kill(os.getpid(), signal.SIGKILL)).exceeded == Exceeded.MEMORY


def test_errors_are_raised_here_with_what_they_say():
    def fails():
        raise DataError("No rows.", "Choose a file.", "data.source")

    with pytest.raises(DataError) as error:
        limited_process.result(fails, AMPLE)
    assert (error.value.message, error.value.hint, error.value.field) == (
        "No rows.",
        "Choose a file.",
        "data.source",
    )


def test_without_forks_the_work_is_done_here(monkeypatch):
    monkeypatch.setattr(limited_process, "is_supported", lambda: False)
    assert limited_process.result(os.getpid, AMPLE) == os.getpid()
