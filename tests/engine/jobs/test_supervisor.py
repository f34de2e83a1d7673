import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from engine.errors import WorkerError
from engine.jobs import supervisor
from engine.jobs.events import EventWriter
from engine.jobs.job import ALREADY_RUNNING, EVENTS_UNWRITTEN, Job, create_job, this_process
from engine.jobs.supervisor import EXIT_FILE, OUT_OF_MEMORY, Ending, ExitRecord, Supervisor, WorkerExit
from engine.system import paths, processes
from tests.helpers import scripted_worker
from tests.helpers.systems import deletable_working_folders, signals

PRELUDE = """
import os, sys, time, signal, subprocess
from pathlib import Path
sys.path.insert(0, {root!r})
from engine.jobs.events import EventWriter
from engine.jobs.job import Job
job = Job(Path({folder!r}))
attempt = job.last_attempt() + 1
writer = EventWriter(job.events_path, {{"job": job.id, "attempt": attempt}})
def say(event, **facts): writer.write(event, **facts)
with job.lock():
    say("job_accepted", pid=os.getpid())
"""


@pytest.fixture
def job():
    return create_job(paths.jobs_folder(), "evaluate", {})


@pytest.fixture
def start(job):
    """Start a worker that does what a few lines of Python say."""
    started: list[Supervisor] = []

    def begin(lines: str) -> Supervisor:
        prelude = PRELUDE.format(root=str(paths.application_root()), folder=str(job.folder))
        body = "".join(f"    {line}\n" for line in lines.strip().splitlines())
        supervisor = Supervisor(job, command=[sys.executable, "-c", prelude + body])
        supervisor.start()
        started.append(supervisor)
        return supervisor

    yield begin
    for made in started:
        made.force()
        made.detach()


Start = Callable[[str], Supervisor]


def run(made: Supervisor) -> tuple[list[str], Ending]:
    names = [event["event"] for event in made.follow(every_seconds=0.01)]
    return names, made.ending()


def wait_for(made: Supervisor, event: str) -> None:
    for found in made.follow(every_seconds=0.01):
        if found["event"] == event:
            return


@pytest.mark.parametrize(
    ("outcome", "kind", "exit_code"),
    [("stopped", None, 130), ("failed", "DataError", 1), ("failed", "RecipeError", 2)],
)
def test_a_worker_that_says_how_it_ended(start, outcome, kind, exit_code):
    said = f'outcome="{outcome}", kind="{kind}", message="M.", hint="H.", field="data.source"'
    _, ending = run(start(f'say("job_ended", {said})'))
    assert (ending.outcome, ending.message, ending.hint, ending.field) == (outcome, "M.", "H.", "data.source")
    assert ending.exit_code == exit_code


def test_the_noise_of_libraries_goes_to_the_log_alone(start, job):
    noise = 'print("x" * 200_000, flush=True)\nprint("oh", file=sys.stderr)\nos.system("echo child")'
    names, ending = run(start(f'{noise}\nsay("job_ended", outcome="failed")'))
    assert names == ["job_accepted", "job_ended"]
    assert {"oh", "child"} <= set(ending.log_tail.splitlines())
    assert job.log_path.stat().st_size > 200_000


@signals
@pytest.mark.parametrize(
    ("read_only", "room", "told"),
    [
        (True, 1 << 30, "the disk is read-only"),
        (False, 0, "the disk is full"),
        (False, 1 << 30, "can't be written."),
    ],
)
def test_a_worker_without_a_last_word_is_known_by_its_exit_code(start, monkeypatch, read_only, room, told):
    facts = SimpleNamespace(f_flag=os.ST_RDONLY if read_only else 0, f_bavail=room, f_frsize=1)
    monkeypatch.setattr(os, "statvfs", lambda _: facts)
    _, ending = run(start(f"os._exit({EVENTS_UNWRITTEN})"))
    assert (ending.outcome, ending.exit_code) == ("crashed", 1)
    assert ending.message.startswith("Events can't be written")
    assert told in ending.message
    assert "Start it again." in ending.hint


@signals
def test_a_grandchild_that_outlives_the_worker_does_not_hold_up_its_end(start):
    supervisor = start(
        'child = subprocess.Popen(["sleep", "600"])\nsay("notice", message="here", child=child.pid)\n'
        'say("job_ended", outcome="completed")'
    )
    events = list(supervisor.follow(every_seconds=0.01))
    child = psutil.Process(next(event["child"] for event in events if event["event"] == "notice"))
    assert supervisor.ending().outcome == "completed"
    child.kill()


@signals
def test_force_ends_a_deaf_worker_and_what_it_started(start):
    supervisor = start(
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        'child = subprocess.Popen(["sleep", "600"])\nsay("notice", message="here", child=child.pid)\ntime.sleep(600)'
    )
    child = next(
        event["child"] for event in supervisor.follow(every_seconds=0.01) if event["event"] == "notice"
    )
    supervisor.force()
    names, ending = run(supervisor)
    assert names == []
    assert ending.outcome == "crashed"
    while _lives(child):
        time.sleep(0.01)


@signals
@pytest.mark.parametrize(("place", "is_killed"), [("another-computer", False), (this_process().place, True)])
def test_a_worker_on_another_computer_is_no_process_here(job, place, is_killed):
    """Its id may be that of any process of the person."""
    with subprocess.Popen(["sleep", "600"], start_new_session=True) as unrelated, job.lock():
        writer = EventWriter(job.events_path, {"job": job.id, "attempt": 1})
        writer.write("job_accepted", pid=unrelated.pid, place=place)
        writer.close()
        found = Supervisor(job)
        found.poll()
        found.force()
        unrelated.terminate()
        assert unrelated.wait() == (-signal.SIGKILL if is_killed else -signal.SIGTERM)


def _lives(pid: int) -> bool:
    """Tell whether a process runs; one that nobody has collected yet is dead all the same."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_leaving_closes_the_worker_s_input_and_lets_it_go_on(start):
    supervisor = start(
        'sys.stdin.read()\nsay("notice", message="alone")\nsay("job_ended", outcome="completed")'
    )
    wait_for(supervisor, "job_accepted")
    supervisor.detach()
    names, ending = run(supervisor)
    assert names == ["notice", "job_ended"]
    assert ending.outcome == "completed"


def test_a_new_attempt_is_read_whole_after_a_torn_line(start, job):
    assert run(start('os.write(writer._descriptor, b\'{"event":"ha\')\nos._exit(1)'))[1].outcome == "crashed"
    names, ending = run(start('say("job_ended", outcome="completed")'))
    assert names == ["job_accepted", "job_ended"]
    assert ending.outcome == "completed"


def test_a_worker_found_running_is_followed_to_its_end(start, job):
    supervisor = start(
        'while not job.take_commands(): time.sleep(0.01)\nsay("job_ended", outcome="completed")'
    )
    wait_for(supervisor, "job_accepted")
    found = Supervisor(job)
    assert found.alive()
    found.send("stop")
    names = [event["event"] for event in found.follow(every_seconds=0.01)]
    assert names == ["job_accepted", "job_ended"]
    assert found.ending().outcome == "completed"


def test_of_two_at_once_the_second_follows_the_first(start, job):
    first = start('while not job.take_commands(): time.sleep(0.01)\nsay("job_ended", outcome="stopped")')
    second = Supervisor(job, command=[sys.executable, "-c", f"import os; os._exit({ALREADY_RUNNING})"])
    second.process = subprocess.Popen([sys.executable, "-c", f"raise SystemExit({ALREADY_RUNNING})"])
    wait_for(first, "job_accepted")
    second.process.wait()
    assert second.alive()
    first.send("stop")
    events = list(second.follow(every_seconds=0.01))
    assert [event["event"] for event in events if event["event"] != "notice"] == ["job_accepted", "job_ended"]
    assert [event["message"] for event in events if event["event"] == "notice"] == [supervisor.SECOND]
    assert second.ending().outcome == "stopped"
    list(first.follow(every_seconds=0.01))
    assert first.ending().outcome == "stopped"


def test_a_worker_that_cannot_be_started_is_told(job):
    with pytest.raises(WorkerError, match="can't be started"):
        Supervisor(job, command=["/nowhere/python"]).start()


KILLED_WHEN_TOLD = """
say("notice", message="here")
while not job.take_commands(): time.sleep(0.01)
os.kill(os.getpid(), signal.SIGKILL)
"""


@deletable_working_folders
def test_a_folder_that_goes_under_a_worker_ends_it_with_the_reason(tmp_path):
    job = create_job(tmp_path, "train", {"script": [["steps", {"count": 10**6, "per_second": 50}]]})
    supervisor = Supervisor(job, command=scripted_worker.command(job))
    supervisor.start()
    for event in supervisor.follow():
        if event["event"] == "step_finished":
            shutil.rmtree(job.folder, ignore_errors=True)
            break
    assert not list(supervisor.follow())
    supervisor.close()
    assert not job.folder.exists()
    assert supervisor.ending().outcome == "crashed"
    assert "moved or deleted" in supervisor.ending().message


def counted(tmp_path: Path, kills: int) -> Path:
    counts = tmp_path / "memory.events"
    counts.write_text(f"oom_kill {kills}\n", encoding="utf-8")
    return counts


def looked_at_later(job: Job) -> Ending:
    """How a job that nobody follows any more has ended, as who opens it later is told."""
    later = Supervisor(job)
    assert not later.alive()
    while later.poll():
        pass
    return later.ending()


def killed_for_memory(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Supervisor:
    """Start a job, and let its worker die while the system counts one more that it killed for memory."""
    counts = counted(tmp_path, 2)
    monkeypatch.setattr(processes, "kill_count_source", lambda: counts)
    monkeypatch.setattr(supervisor, "_available_fraction", lambda: 0.9)
    made = start(KILLED_WHEN_TOLD)
    wait_for(made, "notice")
    counted(tmp_path, 3)
    made.send("die")
    return made


@signals
@pytest.mark.parametrize("seen", [True, False])
def test_a_kill_for_memory_is_known_to_who_opens_the_job_later(start, tmp_path, monkeypatch, seen):
    supervisor = killed_for_memory(start, tmp_path, monkeypatch)
    if seen:
        told = run(supervisor)[1].message
        assert "probably out of memory" in told
    while supervisor.alive():
        time.sleep(0.01)
    later = looked_at_later(supervisor.job)
    assert later.kind == OUT_OF_MEMORY
    assert (told if seen else "while memory was short") in later.message
    # What is counted afterwards has nothing to do with it, neither has what is free by then.
    counted(tmp_path, 9)
    assert looked_at_later(supervisor.job).kind == OUT_OF_MEMORY


def test_a_service_is_followed_through_all_its_files():
    job = create_job(paths.jobs_folder(), "summarize", {})
    lines = f"""
import sys
sys.path.insert(0, {str(paths.application_root())!r})
from pathlib import Path
from engine.jobs import events
from engine.jobs.job import Job
events.ROTATED_BYTES = 2_000
job = Job(Path({str(job.folder)!r}))
with job.lock():
    writer = events.EventWriter(job.events_path, {{"job": job.id, "attempt": 1}}, rotates=job.is_service())
    for number in range(200):
        writer.write("summary_extended", number=number)
    writer.write("job_ended", outcome="completed")
"""
    made = Supervisor(job, command=[sys.executable, "-c", lines])
    made.start()
    found = [event for event in made.follow(every_seconds=0.01) if "number" in event]
    made.close()
    assert [event["number"] for event in found] == list(range(200))
    assert made.ending().outcome == "completed"
    assert len(list(job.folder.glob("events*.jsonl"))) == 1


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ('raise RuntimeError("the reason")', "exit code 1"),
        ("sys.exit(0)", ""),
        pytest.param("os.kill(os.getpid(), signal.SIGABRT)", "SIGABRT", marks=signals),
        pytest.param("os.kill(os.getpid(), signal.SIGKILL)", "from outside (SIGKILL)", marks=signals),
    ],
)
def test_a_worker_that_goes_without_a_word_has_crashed(start, monkeypatch, lines, told):
    monkeypatch.setattr(processes, "kill_count_source", lambda: Path("/nowhere"))
    monkeypatch.setattr(supervisor, "_available_fraction", lambda: 0.9)
    _, ending = run(start(lines))
    assert (ending.outcome, ending.exit_code) == ("crashed", 1)
    assert told in ending.message
    assert "the reason" in ending.log_tail or "the reason" not in lines


def test_one_that_nobody_saw_was_for_memory_if_something_was_killed_for_it_since(job):
    ExitRecord(job).begin(1, 4)
    assert ExitRecord(job).find(1, 5) == WorkerExit(None, True)
    assert ExitRecord(job).find(1, 4) == WorkerExit()


def test_nothing_is_said_of_another_attempt(job):
    ExitRecord(job).begin(1, 4)
    ExitRecord(job).save(1, WorkerExit(-9, True))
    assert ExitRecord(job).find(2, 9) == WorkerExit()


def test_what_was_counted_before_the_computer_started_anew_tells_nothing(job, tmp_path, monkeypatch):
    monkeypatch.setattr(supervisor, "BOOT", tmp_path / "boot")
    (tmp_path / "boot").write_text("first\n")
    ExitRecord(job).begin(1, 0)
    (tmp_path / "boot").write_text("second\n")
    assert ExitRecord(job).find(1, 3) == WorkerExit()


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"attempt": 1, "kills": "4"}', '{"attempt": 1, "for_memory": 3, "returncode": ""}'],
)
def test_a_damaged_file_tells_nothing(job, text):
    (job.folder / EXIT_FILE).write_text(text)
    assert ExitRecord(job).find(1, 5) == WorkerExit()
