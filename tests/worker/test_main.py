"""A worker's first and last words, whatever happens between them."""

import errno
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from engine.errors import AppError, OutOfMemoryError, StorageError
from engine.jobs.events import read_all
from engine.jobs.job import ALREADY_RUNNING, EVENTS_UNWRITTEN, Job, create_job
from engine.system.paths import cache_folder, jobs_folder
from engine.worker import __main__ as worker
from tests.helpers import fake_nvidia_smi
from tests.helpers.processes import wait_for_below, wait_until_gone
from tests.helpers.repository import ROOT
from tests.helpers.systems import signals
from tests.helpers.tiny_runs import as_a_worker, run_in_process, send_now


def job_that(monkeypatch, does):
    """Return a job whose code is `does(channel, request)`."""
    monkeypatch.setitem(worker.JOBS, "models", "job_under_test")
    monkeypatch.setattr(
        worker.importlib, "import_module", lambda _: type("Code", (), {"run": staticmethod(does)})
    )
    return create_job(jobs_folder(), "models", {"action": "list"})


def raising(error):
    def code(channel, request):
        raise error

    return code


def test_a_job_begins_with_who_does_it_and_ends_with_how_it_went(monkeypatch):
    events = run_in_process(
        job_that(monkeypatch, lambda channel, request: channel.result({"asked": request["action"]}))
    )
    assert [event["event"] for event in events] == ["job_accepted", "result_made", "job_ended"]
    assert events[0]["versions"]["python"]
    assert events[1]["result"] == {"asked": "list"}
    assert events[2]["outcome"] == "completed"
    assert {event["attempt"] for event in events} == {1}
    assert all("job" in event and "run" not in event for event in events)


def test_the_settings_of_the_libraries_are_made_before_a_job_imports_them_and_own_ones_stay(monkeypatch):
    for name in (*worker.LIBRARY_SETTINGS, "TORCHINDUCTOR_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LRU_CACHE_CAPACITY", "7")
    seen = {}
    run_in_process(job_that(monkeypatch, lambda channel, request: seen.update(os.environ)))
    # Threads that wait spin for a moment at most, whatever else runs.
    assert (seen["OMP_WAIT_POLICY"], seen["GOMP_SPINCOUNT"]) == ("PASSIVE", "1000")
    assert seen["ONEDNN_PRIMITIVE_CACHE_CAPACITY"] == "128"
    assert seen["LRU_CACHE_CAPACITY"] == "7"
    # No result hangs on whether there is a C++ compiler, and nothing of it lies among the temporary files.
    assert seen["TORCHDYNAMO_DISABLE"] == "1"
    assert seen["PYTORCH_ENABLE_MPS_FALLBACK"] == "1"
    assert Path(seen["TORCHINDUCTOR_CACHE_DIR"]).parent == cache_folder()


def test_ranks_that_wait_for_a_job_too_long_end(monkeypatch):
    ended = threading.Event()
    for name in ("_set_up", "_imported", "start_ranks_ahead"):
        monkeypatch.setattr(worker, name, lambda *_: None)
    monkeypatch.setattr(worker.rank_joining, "end_unused", ended.set)
    monkeypatch.setattr(worker, "IDLE_SECONDS", 0.0)
    # The window goes once they are gone.
    monkeypatch.setattr(worker, "_told", lambda: None if ended.wait() else "")
    assert worker.main(None) == 0
    assert ended.is_set()


def test_a_known_trouble_keeps_its_words_and_its_field(monkeypatch):
    ended = run_in_process(
        job_that(monkeypatch, raising(AppError("What happened.", "What to do.", "data.source")))
    )[-1]
    assert (ended["outcome"], ended["message"], ended["hint"], ended["field"]) == (
        "failed", "What happened.", "What to do.", "data.source",
    )  # fmt: skip


def test_a_bug_is_called_unexpected_and_the_log_has_its_traceback(monkeypatch, capsys):
    ended = run_in_process(job_that(monkeypatch, raising(ZeroDivisionError("by nothing"))))[-1]
    assert ended["message"].startswith("Unexpected: ZeroDivisionError: by nothing")
    assert "Traceback" in capsys.readouterr().err


def test_asking_to_stop_is_an_outcome(monkeypatch):
    def code(channel, request):
        send_now(channel, "stop")
        channel.check_stop()

    assert run_in_process(job_that(monkeypatch, code))[-1]["outcome"] == "stopped"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (MemoryError(), OutOfMemoryError),
        (
            RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"),
            OutOfMemoryError,
        ),
        (RuntimeError("DefaultCPUAllocator: not enough memory: you tried"), OutOfMemoryError),
        (RuntimeError("CUDA out of memory. Tried to allocate"), OutOfMemoryError),
        (OSError(errno.ENOSPC, "No space left on device"), StorageError),
        (OSError(errno.EROFS, "Read-only file system"), StorageError),
        (OSError(errno.EIO, "Input/output error"), StorageError),
        (ValueError("something else"), AppError),
    ],
)
def test_what_libraries_raise_is_told_in_our_words(error, kind):
    found = worker.known_trouble(error, "train")
    assert type(found) is kind
    assert found.hint


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left"), RuntimeError("CUDA error: GPU is lost")]
)
def test_only_a_run_is_resumed_from_a_checkpoint(error):
    assert worker.known_trouble(error, "train").hint.endswith("Resume continues from the last checkpoint.")
    assert worker.known_trouble(error, "export").hint.endswith("Start it again.")


def test_a_last_event_that_a_full_disk_refuses_is_in_the_log(monkeypatch, capsys):
    def code(channel, request):
        def refuse(line):
            raise StorageError(
                "The run's events can't be written: the disk is full.", "Free some disk space."
            )

        monkeypatch.setattr(channel._writer, "_append", refuse)

    job = job_that(monkeypatch, code)
    with as_a_worker():
        assert worker.main(job.folder) == EVENTS_UNWRITTEN
    assert [event["event"] for event in read_all(job.events_path)] == ["job_accepted"]
    assert capsys.readouterr().err == (
        "The job ended as completed. The run's events can't be written: the disk is full. "
        "Free some disk space.\n"
    )


class Full:
    """A log on a disk that takes no more."""

    def write(self, text):
        raise OSError(errno.EROFS, "Read-only file system")


def test_a_log_that_takes_no_more_changes_no_ending(monkeypatch):
    def refuse(line):
        raise StorageError("The run's events can't be written.", "Check the disk.")

    def code(channel, request):
        monkeypatch.setattr(channel._writer, "_append", refuse)

    monkeypatch.setattr(sys, "stderr", Full())
    assert (
        run_in_process(job_that(monkeypatch, raising(ZeroDivisionError("by nothing"))))[-1]["outcome"]
        == "failed"
    )
    job = job_that(monkeypatch, code)
    with as_a_worker():
        assert worker.main(job.folder) == EVENTS_UNWRITTEN


TELLS_ITS_CARDS = """
import os, sys
from pathlib import Path
from engine.worker import __main__ as worker
worker.do_job = lambda job, rank: print(os.environ["CUDA_VISIBLE_DEVICES"], os.environ["TUNESMITH_DEVICE"])
worker.main(Path(sys.argv[1]))
assert "torch" not in sys.modules
"""


def test_a_worker_that_is_started_by_hand_shows_itself_its_card(monkeypatch):
    fake_nvidia_smi.without_variables(monkeypatch)
    models = create_job(jobs_folder(), "models", {"action": "list"})
    plan = create_job(jobs_folder(), "plan", {}, recipe='[training]\ndevice = "cuda:1"\n')
    for folder, expected in ((models.folder, "cpu"), (plan.folder, "1 cuda:1")):
        command = [sys.executable, "-c", TELLS_ITS_CARDS, str(folder)]
        told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        assert told.stdout.strip() == expected


def test_a_job_that_another_worker_has_is_left_to_it(tmp_path, monkeypatch):
    job = create_job(tmp_path, "evaluate", {})
    lock = Job.lock
    monkeypatch.setattr(Job, "lock", lambda self: lock(self, wait_seconds=0))
    with lock(job), as_a_worker():
        assert worker.main(job.folder) == ALREADY_RUNNING
    assert list(read_all(job.events_path)) == []


def test_a_worker_on_a_node_ends_at_once_with_whoever_started_it(monkeypatch, tmp_path):
    end = tmp_path / "input"
    end.write_text("")
    killed = []
    monkeypatch.setattr(worker, "_end_with_all_below", lambda: killed.append("all"))
    channel = SimpleNamespace(window_gone=False, stopping=False)
    with end.open() as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        worker.watch_window(channel, stops=False, ends_at_once=False)
        assert killed == []
        worker.watch_window(channel, stops=False, ends_at_once=True)
    assert killed == ["all"]


BUSY = """
import hashlib, sys, time
from pathlib import Path
from engine.worker import __main__ as worker

def busy(channel, request):
    channel.enter(request["stage"])
    while True:
        {does}

worker.GRACE_SECONDS = 0.1
worker.importlib.import_module = lambda _: type("Code", (), {{"run": staticmethod(busy)}})
sys.exit(worker.main(Path(sys.argv[1])))
"""


def busy_worker(does, stage="read_data"):
    """Return a job of which nothing looks whether it should stop, and its worker, once it is at it."""
    job = create_job(jobs_folder(), "models", {"action": "list", "stage": stage})
    command = [sys.executable, "-c", BUSY.format(does=does), str(job.folder)]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, start_new_session=True)
    while not any(event["event"] == "stage_entered" for event in read_all(job.events_path)):
        time.sleep(0.05)
    return job, process


def signalled(process, job):
    process.send_signal(signal.SIGTERM)


def asked(process, job):
    job.send("stop")


def left(process, job):
    process.stdin.close()


@signals
@pytest.mark.parametrize(
    ("stop", "does"),
    [
        (signalled, "pass"),
        (asked, "hashlib.pbkdf2_hmac('sha256', b'', b'', 2**31 - 1)"),
        (left, "time.sleep(600)"),
    ],
)
def test_a_job_that_looks_at_nothing_ends_when_it_is_stopped(stop, does):
    job, process = busy_worker(does)
    stop(process, job)
    process.wait()
    process.communicate()
    assert [event["outcome"] for event in read_all(job.events_path) if event["event"] == "job_ended"] == [
        "stopped"
    ]
    assert not job.is_running()


@signals
def test_what_a_stopped_worker_started_ends_with_it():
    starts = "import subprocess; subprocess.Popen(['sleep', '600'], start_new_session=True); time.sleep(600)"
    job, process = busy_worker(starts)
    below = wait_for_below(psutil.Process(process.pid), 1)
    signalled(process, job)
    process.wait()
    process.communicate()
    wait_until_gone(*below)


def test_a_job_that_has_something_to_leave_in_order_ends_by_itself(monkeypatch):
    class Silent:
        """A socket on which nothing comes: looked at a few times, then closed."""

        def __init__(self):
            self.looks = 0

        def settimeout(self, _seconds):
            pass

        def recv(self, _count):
            self.looks += 1
            if self.looks > 3:
                return b""
            raise TimeoutError

        __enter__ = __exit__ = lambda self, *_: self

    ended = []
    monkeypatch.setattr(worker, "GRACE_SECONDS", 0)
    monkeypatch.setattr(worker, "_end_with_all_below", lambda: ended.append("all"))
    job = SimpleNamespace(has_command=lambda _name: True)
    for keeps in (True, False):
        channel = SimpleNamespace(
            stopping=False, keeps=keeps, job=job, emit=lambda *_, **__: None, sync=lambda: None
        )
        worker.end_when_asked(channel, Silent())
        assert channel.stopping
        assert ended == ([] if keeps else ["all"])


def test_a_stop_that_is_asked_for_while_commands_are_looked_for_is_kept():
    ours, theirs = socket.socketpair()

    def has_command(_name):
        channel.stopping = True
        theirs.close()
        return False

    channel = SimpleNamespace(stopping=False, keeps=False, job=SimpleNamespace(has_command=has_command))
    worker.end_when_asked(channel, ours)
    assert channel.stopping
