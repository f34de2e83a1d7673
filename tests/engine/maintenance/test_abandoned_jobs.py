"""Folders of short jobs: those whose owner was killed go at the next start, all others stay."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from engine.jobs.job import Job, create_job, this_process
from engine.maintenance import abandoned_jobs
from engine.maintenance.abandoned_jobs import DAY_SECONDS
from engine.system import paths
from tests.helpers.repository import ROOT

MAKES_A_JOB = """
import sys, time
from engine.jobs.job import create_job
from engine.system.paths import jobs_folder
print(create_job(jobs_folder(), "summarize", {}).folder, flush=True)
time.sleep(600)
"""


@pytest.fixture(autouse=True)
def _home(home):
    """All of them make jobs."""


@pytest.fixture
def job():
    return create_job(paths.jobs_folder(), "summarize", {})


@pytest.fixture
def owner():
    """Return a process that has made a job and waits for its answer, and the job's folder."""
    command = [sys.executable, "-c", MAKES_A_JOB]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        folder = paths.jobs_folder() / Path(process.stdout.readline().strip()).name
        assert folder.is_dir()
        yield process, folder
        process.kill()


def is_swept(folder):
    abandoned_jobs.remove()
    return not folder.exists()


def made_ago(path, seconds):
    time = path.stat().st_mtime - seconds
    os.utime(path, (time, time))


def test_what_a_killed_process_left_is_deleted(owner):
    process, folder = owner
    (folder / "events.jsonl").write_text('{"event": "summary_finished", "summary": "private"}\n')
    assert not is_swept(folder)
    process.kill()
    # Also while its parent has not asked how it ended.
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert is_swept(folder)


def test_what_a_worker_still_writes_stays(owner):
    process, folder = owner
    process.kill()
    process.wait()
    with Job(folder).lock():
        assert not is_swept(folder)
    assert is_swept(folder)


def test_a_job_in_the_making_stays(job):
    assert not is_swept(job.folder)
    (job.folder / "job.json").unlink()
    assert not is_swept(job.folder)


PIDS = ["", "-1", '"x"', "true", "[1]", "9" * 9000]


@pytest.mark.parametrize(
    "owner", [*PIDS, '{"pid": 1}', *(f'{{"pid": {pid}, "place": PLACE}}' for pid in PIDS)]
)
def test_whatever_a_folder_says_of_its_owner_it_is_deleted_after_a_day(job, owner):
    named = owner.replace("PLACE", json.dumps(this_process().place))
    (job.folder / "job.json").write_text(f'{{"kind": "plan", "owner": {named}}}')
    made_ago(job.folder / "job.json", 2 * DAY_SECONDS)
    made_ago(job.folder, DAY_SECONDS + 60)
    assert is_swept(job.folder)


@pytest.mark.parametrize("place", ["another-computer", f"{platform.node()} pid:[1]"])
def test_what_another_computer_or_container_made_is_left_to_it_for_a_month(owner, place):
    """Both share the folder, and no process here has the id."""
    process, folder = owner
    process.kill()
    process.wait()
    described = json.loads((folder / "job.json").read_text())
    described["owner"]["place"] = place
    (folder / "job.json").write_text(json.dumps(described))
    made_ago(folder, 20 * DAY_SECONDS)
    assert not is_swept(folder)
    made_ago(folder, 11 * DAY_SECONDS)
    assert is_swept(folder)


def test_a_clock_that_was_set_makes_nobody_a_later_process(job):
    made_ago(job.folder / "job.json", 3600)
    assert not is_swept(job.folder)


def test_a_later_process_with_the_same_id_is_not_the_owner(job):
    made_ago(job.folder / "job.json", 10 * DAY_SECONDS)
    assert is_swept(job.folder)


def test_runs_and_foreign_files_stay(job):
    run = create_job(paths.runs_folder(), "train", {})
    assert run.owner() is None
    stray = paths.jobs_folder() / "stray.txt"
    stray.write_text("x")
    made_ago(run.folder, 100 * DAY_SECONDS)
    made_ago(stray, 100 * DAY_SECONDS)
    abandoned_jobs.remove()
    assert run.folder.exists()
    assert stray.exists()
