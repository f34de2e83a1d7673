import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from engine.errors import DataError
from engine.system import sandbox
from engine.system.sandbox import Exceeded, LimitError, Limits
from tests.helpers import sandbox_works
from tests.helpers.processes import lives, wait_until_gone
from tests.helpers.repository import ROOT
from tests.helpers.systems import memory_limits

AMPLE = Limits(256 << 20, 5)


def exceeded(work: Callable[[], Any], limits: Limits = AMPLE) -> LimitError:
    with pytest.raises(LimitError) as error:
        sandbox.result(work, limits)
    return error.value


def process_now() -> int:
    return sandbox.result(sandbox_works.process, AMPLE)


def test_results_come_one_by_one_from_another_process():
    found = list(sandbox.results(partial(sandbox_works.counted, 3), AMPLE))
    assert [number for _, number in found] == [0, 1, 2]
    assert len({process for process, _ in found} - {os.getpid()}) == 1


@pytest.mark.parametrize(
    "value",
    [
        None, True, 2**70, 1.5, float("inf"), "", "漢 \0 \n", {"a": [{}, []]},
        "half a character: \udcff, \ud83d\ude00", (b"bytes", {1, "a"}),
    ],
)  # fmt: skip
def test_plain_values_arrive_as_they_are(value):
    assert sandbox.result(partial(sandbox_works.twice, value), AMPLE) == [value, value]


def test_a_result_that_is_not_plain_is_an_error():
    with pytest.raises(TypeError, match="Path"):
        sandbox.result(partial(sandbox_works.twice, Path("a")), AMPLE)


def test_one_process_does_one_work_after_another():
    first = process_now()
    assert process_now() == first
    # It leaves work that nobody wants more of.
    some = sandbox.results(partial(sandbox_works.counted, 1000), AMPLE)
    assert next(some) == [first, 0]
    some.close()
    assert process_now() == first


def test_after_an_error_it_does_the_next_work():
    first = process_now()
    with pytest.raises(ValueError, match="unknown error"):
        sandbox.result(sandbox_works.confused, AMPLE)
    assert process_now() == first


def test_after_a_crash_another_process_does_the_next_work():
    first = process_now()
    assert exceeded(sandbox_works.exiting).exceeded == Exceeded.CRASH
    assert process_now() != first


def test_a_process_that_keeps_memory_does_no_other_work():
    first = process_now()
    assert sandbox.result(partial(sandbox_works.kept, 100), AMPLE) == first
    assert process_now() != first


def test_a_process_that_died_while_it_waited_is_no_loss():
    first = psutil.Process(process_now())
    first.kill()
    wait_until_gone(first)
    assert process_now() != first.pid


def test_a_process_waits_for_work_no_longer_than_a_while():
    asked = (
        "import sys; from engine.system import sandbox\n"
        "sandbox.IDLE_SECONDS = 0.1\n"
        "sandbox.main(with_torch=False)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", asked], cwd=ROOT, check=False, stdin=subprocess.PIPE, capture_output=True
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"", b"")


def test_several_threads_have_processes_of_their_own():
    together = threading.Barrier(3)
    found: list[int] = []

    def ask() -> None:
        results = sandbox.results(partial(sandbox_works.counted, 3), AMPLE)
        process, _ = next(results)
        together.wait()
        found.append(process)
        results.close()

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(set(found)) == 3
    # One of them goes on, although the thread that asked it first is gone.
    assert process_now() in found


def test_work_that_nobody_waits_for_is_ended_whatever_it_does():
    for work in (sandbox_works.begun_and_asleep, sandbox_works.begun_and_endless):
        results = sandbox.results(work, AMPLE)
        process = psutil.Process(next(results))
        results.close()
        assert not lives(process)


def test_the_last_process_ends_when_it_is_told():
    process = psutil.Process(process_now())
    sandbox.end()
    assert not lives(process)


STARTS_ONE = """
import sys, time
from engine.system import sandbox
from engine.system.sandbox import Limits
from tests.helpers import sandbox_works

results = sandbox.results(getattr(sandbox_works, sys.argv[1]), Limits(256 << 20, 600))
print(next(results), flush=True)
time.sleep(float(sys.argv[2]))
"""


@pytest.mark.parametrize("work", ["begun_and_asleep", "begun_and_endless"])
def test_the_process_ends_with_one_that_is_killed_whatever_it_does(work):
    asking = subprocess.Popen(
        [sys.executable, "-c", STARTS_ONE, work, "600"], cwd=ROOT, stdout=subprocess.PIPE
    )
    process = psutil.Process(int(asking.stdout.readline()))
    asking.kill()
    asking.communicate()
    wait_until_gone(process)


def test_the_process_ends_with_one_that_ends_by_itself():
    command = [sys.executable, "-c", STARTS_ONE, "begun_and_endless", "0"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    assert not ended.stderr
    with suppress(psutil.NoSuchProcess):
        wait_until_gone(psutil.Process(int(ended.stdout)))


def test_memory_has_a_limit_of_its_own():
    error = exceeded(partial(sandbox_works.filled, 400))
    assert (error.exceeded, str(error)) == (Exceeded.MEMORY, "it takes more than 256 MB of memory")
    assert sandbox.result(partial(sandbox_works.filled, 150), AMPLE) == 150 << 20


@memory_limits
def test_memory_that_is_asked_for_counts_before_it_is_used():
    assert exceeded(partial(sandbox_works.taking, 300)).exceeded == Exceeded.MEMORY
    assert sandbox.result(partial(sandbox_works.taking, 200), AMPLE) == 200 << 20


@memory_limits
def test_what_a_library_says_without_memory_is_told_as_lack_of_memory():
    assert exceeded(sandbox_works.confused_without_memory).exceeded == Exceeded.MEMORY


@memory_limits
def test_what_earlier_work_took_is_no_lack_of_memory():
    assert sandbox.result(partial(sandbox_works.filled, 240), AMPLE)
    with pytest.raises(ValueError, match="unknown error"):
        sandbox.result(sandbox_works.confused, AMPLE)


def test_time_is_limited_until_each_result():
    error = exceeded(sandbox_works.endless, Limits(256 << 20, 1))
    assert (error.exceeded, str(error)) == (Exceeded.TIME, "it takes more than 1 s of CPU time")
    # Six tenths of a second each.
    steps = partial(sandbox_works.laborious, 2)
    assert len(list(sandbox.results(steps, Limits(256 << 20, 1)))) == 2
    with pytest.raises(LimitError, match="more than 1 s of CPU time"):
        list(sandbox.results(steps, Limits(256 << 20, 1, for_all_results=True)))


@pytest.mark.slow("engine/system/sandbox")
@pytest.mark.parametrize("system", ["win32", "darwin"])
def test_systems_without_limits_of_their_own_have_the_watch(system):
    """Memory, time, a crash and the work after them, where no limit of the system and no signal helps."""
    asked = f"""
import sys
import engine.system.sandbox as sandbox
sys.modules["resource"] = None
sandbox.sys = type("Pretended", (), {{"platform": {system!r}, "__getattr__": lambda _, name: getattr(sys, name)}})()
sandbox.main(with_torch=False)
"""
    found = run_with_program([sys.executable, "-c", asked])
    assert found == ["memory", "time", "crash", "done"]


def run_with_program(program: list[str]) -> list[str]:
    """Return how work ends whose process is another program, which has the option behind it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandbox, "program", lambda: program)
        # The program finds its modules from there.
        patch.setattr(sandbox, "tempfile", SimpleNamespace(gettempdir=lambda: str(ROOT)))
        works = [partial(sandbox_works.filled_for_ever, 20), sandbox_works.endless, sandbox_works.exiting]
        found = [exceeded(work, Limits(256 << 20, 1)).exceeded.value for work in works]
        return [*found, "done" if process_now() else ""]


def test_a_process_that_breaks_down_is_told():
    assert exceeded(sandbox_works.exiting).exceeded == Exceeded.CRASH
    # Rust's libraries raise what is no Exception.
    assert exceeded(sandbox_works.panicking).exceeded == Exceeded.CRASH


@memory_limits
def test_a_signal_says_how_a_process_ended():
    assert exceeded(partial(sandbox_works.dying_by, "SIGSYS")).exceeded == Exceeded.CRASH
    assert exceeded(partial(sandbox_works.dying_by, "SIGXCPU")).exceeded == Exceeded.TIME
    # So the system ends the largest process where memory runs out.
    assert exceeded(partial(sandbox_works.dying_by, "SIGKILL")).exceeded == Exceeded.MEMORY


def raised(kind: str) -> Exception:
    with pytest.raises(Exception) as error:  # noqa: PT011 - each kind has its own
        sandbox.result(partial(sandbox_works.failing, kind), AMPLE)
    return error.value


def test_errors_are_raised_here_with_what_they_say():
    ours = raised("ours")
    assert isinstance(ours, DataError)
    assert (ours.message, ours.hint, ours.field, ours.choices) == (
        "No rows.", "Choose a file.", "data.source", ["a", "b"],
    )  # fmt: skip
    missing = raised("a file's")
    assert isinstance(missing, FileNotFoundError)
    assert missing.filename == "/nowhere/at/all"
    damaged = raised("a text's")
    assert isinstance(damaged, UnicodeDecodeError)
    assert (damaged.encoding, damaged.start) == ("utf-8", 0)


def test_an_error_of_a_library_is_the_nearest_one_of_python():
    assert repr(raised("a library's")) == "ValueError('Error -3')"
    assert repr(raised("a library's value")) == "ValueError('Expecting value: line 1 column 1 (char 0)')"
    assert repr(raised("nothing that can be sent")) == "ValueError(\"KeyError: <class 'object'>\")"


def test_a_module_that_is_missing_is_told():
    with pytest.raises(ModuleNotFoundError, match="nowhere"):
        sandbox.result(partial(sandbox_works.importing, "nowhere"), AMPLE)


def test_what_a_library_prints_and_reads_is_none_of_what_is_said():
    assert sandbox.result(sandbox_works.printing, AMPLE) == ""


@memory_limits
@pytest.mark.parametrize("frame", ["a call", "nothing", "too long", "another message", "half a pickle"])
def test_who_takes_over_the_process_sends_nothing_that_runs_here(frame, tmp_path):
    made = tmp_path / "made"
    assert exceeded(partial(sandbox_works.taken_over, frame, str(made))).exceeded == Exceeded.CRASH
    assert not made.exists()
    assert process_now()


@pytest.mark.slow("engine/system/sandbox")
def test_a_program_of_its_own_has_no_torch_unless_it_is_asked_for():
    asked = (
        "from engine.system import sandbox; from engine.system.sandbox import Limits\n"
        "from tests.helpers import sandbox_works as works\n"
        "[with_torch] = sandbox.results(works.telling_of_torch, Limits(4 << 30, 60), with_torch=True)\n"
        "print(sandbox.result(works.has_torch, Limits(1 << 30, 60)), with_torch)"
    )
    told = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, check=True, stdout=subprocess.PIPE)
    assert told.stdout == b"False True\n"
