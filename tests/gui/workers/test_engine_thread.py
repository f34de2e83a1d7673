import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from engine.api import Ending, Job, create_job
from gui.workers.engine_thread import EngineThread
from tests.helpers import scripted_worker
from tests.helpers.repository import ROOT

RECIPE = '[base_model]\nid = "starter"\n[data]\nsource = "sample"\n[method]\nid = "lora"\n'


class Follower:
    """An engine thread on a scripted run, and what it said."""

    def __init__(self, folder: Path, script: list[Any]):
        self.job = create_job(folder, "train", {"script": script}, recipe=RECIPE)
        self.events: list[dict] = []
        self.endings: list[Ending] = []
        self.thread = EngineThread(self.job, niced=False, command=scripted_worker.command(self.job))
        self.thread.events.connect(self.events.extend)
        self.thread.ended.connect(self.endings.append)

    def until_accepted(self, qtbot) -> None:
        qtbot.waitUntil(lambda: "job_accepted" in [event["event"] for event in self.events])


@pytest.fixture
def follow(tmp_path, qtbot):
    followers = []

    def start(script: list[Any]) -> Follower:
        follower = Follower(tmp_path, script)
        followers.append(follower)
        follower.thread.start()
        return follower

    yield start
    for follower in followers:
        follower.thread.force()
        follower.thread.leave()


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


@pytest.mark.parametrize(
    ("wish", "count", "outcome"), [("finish", 30, "completed"), ("stop", 10**6, "stopped")]
)
def test_the_window_dies_first(tmp_path, qtbot, wish, count, outcome):
    recipe, dead = f'{RECIPE}[training]\nwhen_window_leaves = "{wish}"\n', tmp_path / "dead"
    script = [["wait_for_file", str(dead)], ["steps", {"count": count, "per_second": 100}]]
    job = create_job(tmp_path, "train", {"script": script}, recipe=recipe)
    run_window_until_it_dies(job)
    dead.touch()
    events: list[dict] = []
    thread = EngineThread(job, attach=True)
    thread.events.connect(events.extend)
    with qtbot.waitSignal(thread.ended) as blocker:
        thread.start()
    thread.wait()
    assert blocker.args[0].outcome == outcome
    steps = [event["step"] for event in events if event["event"] == "step_finished"]
    assert steps == list(range(1, (30 if outcome == "completed" else len(steps)) + 1))


@pytest.mark.parametrize(
    ("script", "act", "outcome"), [("wait_for_stop", "stop", "stopped"), ("deaf", "force", "crashed")]
)
def test_an_attached_worker_can_be_stopped_and_forced(follow, qtbot, script, act, outcome):
    starter = follow([[script, None]])
    starter.until_accepted(qtbot)
    seen: list[dict] = []
    second = EngineThread(starter.job, attach=True)
    second.events.connect(seen.extend)
    second.start()
    qtbot.waitUntil(lambda: bool(seen))
    with qtbot.waitSignal(second.ended) as blocker:
        getattr(second, act)()
    second.wait()
    assert blocker.args[0].outcome == outcome
    assert ("checkpoint" in blocker.args[0].hint) == (act == "force")


def test_a_burst_of_30_000_events_arrives_whole_and_in_order(follow, qtbot):
    follower = follow([["flood", 30_000]])
    qtbot.waitUntil(lambda: bool(follower.endings))
    steps = [event["step"] for event in follower.events if event["event"] == "step_finished"]
    assert steps == list(range(1, 30_001))


def test_leaving_lets_the_worker_go_on_and_sends_no_ending(follow, qtbot):
    follower = follow([["deaf", None]])
    follower.until_accepted(qtbot)
    follower.thread.leave()
    assert not follower.thread.isRunning()
    assert follower.job.is_running()
    assert follower.endings == []
