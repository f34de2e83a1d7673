"""The fates of a worker, as the window's thread sees them: each ends in one Ending, and nothing is lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import psutil
import pytest

from engine.api import Ending, Job, create_job, read_all
from engine.jobs.events import EventWriter
from gui.workers.engine_thread import EngineThread
from tests.helpers import scripted_worker
from tests.helpers.repository import ROOT

WAIT = 20_000


class Follower:
    """An engine thread on a scripted job, and what it said."""

    def __init__(self, folder: Path, script: list[Any], *, attach: bool = False, kind: str = "check_data"):
        self.job = create_job(folder, kind, {"script": script})
        self.watch(attach)

    def watch(self, attach: bool) -> None:
        self.events: list[dict] = []
        self.endings: list[Ending] = []
        self.thread = EngineThread(
            self.job, attach=attach, niced=False, command=scripted_worker.command(self.job)
        )
        self.thread.events.connect(self.events.extend)
        self.thread.ended.connect(self.endings.append)

    def names(self) -> list[str]:
        return [event["event"] for event in self.events]

    def until(self, qtbot, name: str) -> dict:
        qtbot.waitUntil(lambda: name in self.names(), timeout=WAIT)
        return next(event for event in self.events if event["event"] == name)

    def ending(self, qtbot) -> Ending:
        qtbot.waitUntil(lambda: bool(self.endings), timeout=WAIT)
        assert self.thread.wait(5_000)
        assert len(self.endings) == 1
        return self.endings[0]


@pytest.fixture
def follow(tmp_path, qtbot):
    followers = []

    def start(script: list[Any], **options: Any) -> Follower:
        follower = Follower(tmp_path, script, **options)
        followers.append(follower)
        follower.thread.start()
        return follower

    yield start
    for follower in followers:
        follower.thread.force()
        follower.thread.leave()


def test_a_worker_that_completes(follow, qtbot):
    follower = follow([["emit", {"event": "result_made", "result": {"answer": 42}}]])
    results: list[dict] = []
    follower.thread.result.connect(results.append)

    assert follower.ending(qtbot).outcome == "completed"
    assert follower.names() == ["job_accepted", "result_made", "job_ended"]
    assert results == [{"answer": 42}]


def test_noisy_libraries_and_a_child_that_keeps_the_streams_open(follow, qtbot):
    follower = follow([["noise", 20_000]])

    assert follower.ending(qtbot).outcome == "completed"
    log = follower.job.log_path.read_text()
    assert "prints line 19999" in log
    assert "warns in line 19999" in log
    group = follower.thread.pid
    left = [process for process in psutil.process_iter() if _group(process.pid) == group]
    assert all(process.status() == psutil.STATUS_ZOMBIE for process in left)


def _group(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return None


def test_an_error_with_words_for_the_user(follow, qtbot):
    follower = follow([["fail", {"message": "No column.", "hint": "Name one.", "field": "data.summary"}]])

    ending = follower.ending(qtbot)
    assert (ending.outcome, ending.message, ending.hint, ending.field) == (
        "failed",
        "No column.",
        "Name one.",
        "data.summary",
    )


def test_an_exception_nobody_foresaw(follow, qtbot):
    follower = follow([["error", "seven is not even"]])

    ending = follower.ending(qtbot)
    assert ending.outcome == "failed"
    assert "seven is not even" in ending.message
    assert "Traceback" in ending.log_tail


def test_an_abort(follow, qtbot):
    follower = follow([["steps", {"count": 3, "per_second": 1000}], ["abort", None]])

    ending = follower.ending(qtbot)
    assert ending.outcome == "crashed"
    assert "SIGABRT" in ending.message
    assert follower.names().count("step_finished") == 3


def test_a_kill_from_outside(follow, qtbot):
    follower = follow([["deaf", 60]])
    os.kill(follower.until(qtbot, "job_accepted")["pid"], signal.SIGKILL)

    ending = follower.ending(qtbot)
    assert ending.outcome == "crashed"
    assert "SIGKILL" in ending.message


def test_a_worker_that_stops_when_asked(follow, qtbot):
    follower = follow([["wait_for_stop", 60]])
    follower.until(qtbot, "job_accepted")
    follower.thread.stop()

    assert follower.ending(qtbot).outcome == "stopped"


def test_a_worker_that_is_deaf_to_stop_is_forced(follow, qtbot):
    follower = follow([["deaf", 60]])
    follower.until(qtbot, "job_accepted")
    follower.thread.stop()
    qtbot.wait(300)
    assert follower.thread.isRunning()
    follower.thread.force()

    ending = follower.ending(qtbot)
    assert ending.outcome == "crashed"
    assert "killed" in ending.message


def test_a_program_that_cannot_be_started(tmp_path, qtbot):
    job = create_job(tmp_path, "check_data", {})
    thread = EngineThread(job, command=[str(tmp_path / "nothing")])
    with qtbot.waitSignal(thread.ended, timeout=WAIT) as blocker:
        thread.start()

    assert blocker.args[0].outcome == "failed"
    assert "can't be started" in blocker.args[0].message
    thread.wait()


WINDOW = """
    import sys
    from pathlib import Path
    from PySide6.QtCore import QCoreApplication
    from engine.api import Job
    from gui.workers.engine_thread import EngineThread
    from tests.helpers import scripted_worker

    application = QCoreApplication([])
    job = Job(Path(sys.argv[1]))
    thread = EngineThread(job, command=scripted_worker.command(job))
    thread.events.connect(lambda events: print("events", flush=True))
    thread.start()
    application.exec()
"""


def run_window_until_it_dies(job: Job) -> None:
    """Let a window start the job, see its first events, and be killed."""
    window = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(WINDOW), str(job.folder)], cwd=ROOT, stdout=subprocess.PIPE
    )
    assert window.stdout is not None
    assert window.stdout.readline() == b"events\n"
    window.kill()
    window.wait()
    window.stdout.close()


def run_job(folder: Path, starter_recipe: str, script: list[Any]) -> Job:
    return create_job(folder, "train", {"script": script}, recipe=starter_recipe)


@pytest.mark.parametrize(("wish", "outcome"), [("finish", "completed"), ("stop", "stopped")])
def test_the_window_dies_first(tmp_path, qtbot, wish, outcome):
    recipe = (
        f'[base_model]\nid = "starter"\n[data]\nsource = "sample"\n[method]\nid = "lora"\n'
        f'[training]\nwhen_window_leaves = "{wish}"\n'
    )
    job = create_job(
        tmp_path, "train", {"script": [["steps", {"count": 40, "per_second": 20}]]}, recipe=recipe
    )
    run_window_until_it_dies(job)

    events: list[dict] = []
    thread = EngineThread(job, attach=True)
    thread.events.connect(events.extend)
    with qtbot.waitSignal(thread.ended, timeout=WAIT) as blocker:
        thread.start()
    thread.wait()

    assert blocker.args[0].outcome == outcome
    steps = [event["step"] for event in events if event["event"] == "step_finished"]
    assert steps == list(range(1, len(steps) + 1))
    assert (len(steps) == 40) == (outcome == "completed")


def test_what_an_attached_worker_is_told_reaches_it(follow, qtbot):
    starter = follow([["wait_for_stop", 60]])
    starter.until(qtbot, "job_accepted")
    second = EngineThread(starter.job, attach=True)
    with qtbot.waitSignal(second.ended, timeout=WAIT) as blocker:
        second.start()
        second.stop()
    second.wait()

    assert blocker.args[0].outcome == "stopped"


def test_an_attached_worker_can_be_forced(follow, qtbot):
    starter = follow([["deaf", 60]])
    starter.until(qtbot, "job_accepted")
    seen: list[dict] = []
    second = EngineThread(starter.job, attach=True)
    second.events.connect(seen.extend)
    second.start()
    qtbot.waitUntil(lambda: bool(seen), timeout=WAIT)
    with qtbot.waitSignal(second.ended, timeout=WAIT) as blocker:
        second.force()
    second.wait()

    assert blocker.args[0].outcome == "crashed"


def test_a_run_that_goes_on_hands_over_its_earlier_attempts_first(follow, qtbot):
    follower = follow([["steps", {"count": 2, "per_second": 1000}]])
    follower.ending(qtbot)
    follower.watch(attach=False)
    follower.thread.start()

    assert follower.ending(qtbot).outcome == "completed"
    assert follower.names().count("step_finished") == 4
    assert follower.events == list(read_all(follower.job.events_path))


def test_an_earlier_attempt_says_nothing_of_a_crash_in_a_later_one(tmp_path, qtbot):
    job = create_job(tmp_path, "train", {})
    for attempt, last in ((1, {"event": "job_ended", "outcome": "stopped"}), (2, {"event": "stage_entered"})):
        writer = EventWriter(job.events_path, {"run": job.id, "attempt": attempt})
        writer.write("job_accepted", pid=1)
        writer.write(**last)
        writer.close()
    thread = EngineThread(job, attach=True)
    with qtbot.waitSignal(thread.ended, timeout=WAIT) as blocker:
        thread.start()
    thread.wait()

    assert blocker.args[0].outcome == "crashed"


def test_a_burst_of_100_000_events_arrives_whole_and_in_order(follow, qtbot):
    follower = follow([["flood", 100_000]])
    qtbot.waitUntil(lambda: bool(follower.endings), timeout=60_000)

    steps = [event["step"] for event in follower.events if event["event"] == "step_finished"]
    assert steps == list(range(1, 100_001))


def test_2_000_events_a_second_arrive_whole(follow, qtbot):
    follower = follow([["steps", {"count": 6_000, "per_second": 2_000}]])
    qtbot.waitUntil(lambda: bool(follower.endings), timeout=60_000)

    steps = [event["step"] for event in follower.events if event["event"] == "step_finished"]
    assert steps == list(range(1, 6_001))
    assert json.loads((follower.job.folder / "job.json").read_text())["kind"] == "check_data"


def test_leaving_lets_the_worker_go_on_and_sends_no_ending(follow, qtbot):
    recipe = '[base_model]\nid = "starter"\n[data]\nsource = "sample"\n[method]\nid = "lora"\n'
    follower = follow([["deaf", 1]])
    (follower.job.folder / "recipe.toml").write_text(recipe)
    follower.until(qtbot, "job_accepted")
    follower.thread.leave()

    assert not follower.thread.isRunning()
    assert follower.endings == []
