import subprocess
import sys
from contextlib import suppress
from typing import Any

import psutil
import pytest

from engine.jobs import worker_process
from engine.jobs.job import Job, create_job
from engine.jobs.supervisor import Supervisor
from engine.jobs.worker_process import WarmWorker, worker_environment
from engine.system import paths
from tests.helpers import scripted_worker
from tests.helpers.systems import WINDOWS

SCRIPT = [["noise", 3], ["emit", {"event": "notice", "message": "done"}]]


@pytest.fixture
def job():
    return create_job(paths.jobs_folder(), "train", {"script": SCRIPT})


@pytest.fixture
def warm_worker():
    made = WarmWorker(command=scripted_worker.warm_worker_command())
    yield made
    made.end()


def test_the_environment_says_whether_there_is_a_net_and_who_goes_first(monkeypatch):
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    online = worker_environment(niced=False)
    assert "TUNESMITH_NICE" not in online
    assert "HF_HUB_OFFLINE" not in online
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    offline = worker_environment(niced=True)
    assert offline["HF_HUB_OFFLINE"] == offline["HF_DATASETS_OFFLINE"] == "1"
    assert int(offline["TUNESMITH_NICE"]) > 0


def test_ctrl_c_in_a_terminal_does_not_reach_a_worker(monkeypatch, tmp_path):
    asked: dict[str, Any] = {}
    monkeypatch.setattr(worker_process.subprocess, "Popen", lambda *_, **options: asked.update(options))
    worker_process.launch(["worker"], 1, tmp_path, {}, niced=False)
    assert asked["creationflags"] == 0x8000200 if WINDOWS else asked["start_new_session"]


def run(job: Job, warm_worker: WarmWorker | None) -> tuple[int | None, list[str]]:
    """Let a job be done; return the process that did it and its events' names."""
    supervisor = Supervisor(job, command=scripted_worker.command(job), warm_worker=warm_worker)
    supervisor.start()
    names = [event["event"] for event in supervisor.follow(every_seconds=0.01)]
    supervisor.close()
    assert supervisor.ending().outcome == "completed"
    return supervisor.pid, names


def test_a_warm_worker_does_the_job_as_one_does_that_was_started_for_it(job, warm_worker):
    pid, names = run(job, warm_worker)
    assert pid == warm_worker.pid
    assert not warm_worker.alive()
    assert names == ["job_accepted", "notice", "job_ended"]
    assert "a library warns in line 0" in job.log_tail()
    assert run(create_job(paths.jobs_folder(), "train", {"script": SCRIPT}), None)[1] == names


def test_a_warm_worker_that_is_dead_is_replaced_by_one_for_the_job(job, warm_worker):
    warm_worker.process.kill()
    warm_worker.process.wait()
    pid, names = run(job, warm_worker)
    assert pid != warm_worker.pid
    assert names[-1] == "job_ended"


def test_a_warm_worker_does_one_job(job, warm_worker):
    run(job, warm_worker)
    assert warm_worker.assign(job, worker_process.visible_to("auto")) is None


STARTS_ONE = """
import sys, os
sys.path.insert(0, {root!r})
from engine.jobs.worker_process import WarmWorker
print(WarmWorker(command={command!r}).pid, flush=True)
os._exit(9)
"""


def test_a_warm_worker_dies_with_whoever_started_it_and_has_no_time_for_a_word():
    code = STARTS_ONE.format(
        root=str(paths.application_root()), command=scripted_worker.warm_worker_command()
    )
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=False)
    with suppress(psutil.NoSuchProcess):
        psutil.Process(int(done.stdout)).wait()


def test_a_supervisor_that_never_starts_ends_its_warm_worker(job, warm_worker):
    Supervisor(job, warm_worker=warm_worker).detach()
    assert not warm_worker.alive()
