import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from engine.adapters import library
from engine.jobs.job import Job, create_job, this_process
from engine.maintenance import disk_usage
from engine.maintenance.disk_usage import bytes_in, free, freeable, measure
from engine.runs import run_store
from engine.system import paths
from tests.helpers.homes import RunSpec, add_adapter, add_checkpoint, add_run, make_recipe
from tests.helpers.repository import ROOT


def run_with_checkpoint(outcome: str = "completed", *, adapter: bool = True):
    job = add_run(make_recipe(), RunSpec(outcome=outcome))
    add_checkpoint(job, 3)
    (job.folder / "best-2").mkdir()
    (job.folder / "best-2" / "trainable.safetensors").write_bytes(bytes(100))
    if adapter:
        made = add_adapter(f"made by {job.id}", recipe=make_recipe())
        training = made.metadata.training.model_copy(update={"run": job.id})
        library.update(made, training=training)
    return job


def test_each_kind_is_measured(home):
    job = run_with_checkpoint()
    (paths.results_folder() / "a.safetensors").write_bytes(bytes(700))
    (paths.converted_models_folder() / "model.bin").write_bytes(bytes(90))
    parts = {part.key: part.bytes for part in measure()}
    assert (parts["results"], parts["converted"]) == (700, 90)
    assert parts["checkpoints"] == bytes_in(run_store.checkpoints(job)[0]) + 100
    assert parts["runs"] + parts["checkpoints"] == bytes_in(paths.runs_folder())
    assert parts["adapters"] > 0
    assert parts["trash"] == 0


def test_only_states_of_completed_runs_whose_adapter_is_there_may_go(home):
    done = run_with_checkpoint()
    stopped = run_with_checkpoint("stopped")
    orphan = run_with_checkpoint(adapter=False)
    (paths.results_folder() / "a.safetensors").write_bytes(bytes(700))
    result = freeable()
    assert result.runs == 1
    assert {path.parent for path in result.checkpoints} == {done.folder}
    before = sum(map(bytes_in, result.checkpoints))
    assert free(result) == before + 700
    assert not run_store.checkpoints(done)
    assert run_store.checkpoints(stopped)
    assert run_store.checkpoints(orphan)
    assert freeable() == disk_usage.Freeable()


def test_a_run_that_lives_again_meanwhile_keeps_its_checkpoints(home):
    job = run_with_checkpoint()
    result = freeable()
    with job.lock():
        assert freeable().runs == 0
        assert free(result) == 0
    assert run_store.checkpoints(job)


def test_converted_models_may_go_but_for_one_that_is_being_made(home):
    folder = paths.converted_models_folder()
    for name in ("kept", ".begun", ".left"):
        (folder / name).mkdir()
        (folder / name / "model.bin").write_bytes(bytes(90))
    os.utime(folder / ".left", (1, 1))
    result = freeable()
    assert (result.converted_bytes, result.bytes) == (180, 180)
    assert free(result) == 180
    assert [each.name for each in folder.iterdir()] == [".begun"]


# Abandoned jobs: those whose owner was killed go at the next start, all others stay

MAKES_A_JOB = """
import sys, time
from engine.jobs.job import create_job
from engine.system.paths import jobs_folder
print(create_job(jobs_folder(), "summarize", {}).folder, flush=True)
time.sleep(600)
"""


@pytest.fixture
def job(home):
    return create_job(paths.jobs_folder(), "summarize", {})


@pytest.fixture
def owner(home):
    """Return a process that has made a job and waits for its answer, and the job's folder."""
    command = [sys.executable, "-c", MAKES_A_JOB]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        folder = paths.jobs_folder() / Path(process.stdout.readline().strip()).name
        assert folder.is_dir()
        yield process, folder
        process.kill()


def is_swept(folder):
    disk_usage.remove_abandoned_jobs()
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


def test_a_folder_that_another_program_sweeps_meanwhile_keeps_no_other(home, monkeypatch):
    folders = [create_job(paths.jobs_folder(), "plan", {}).folder for _ in range(2)]
    answers = iter([FileNotFoundError("swept"), True])

    def look(_folder):
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(disk_usage, "_is_abandoned", look)
    disk_usage.remove_abandoned_jobs()
    assert sorted(folder.exists() for folder in folders) == [False, True]


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
    made_ago(job.folder / "job.json", 2 * disk_usage.DAY_SECONDS)
    made_ago(job.folder, disk_usage.DAY_SECONDS + 60)
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
    made_ago(folder, 20 * disk_usage.DAY_SECONDS)
    assert not is_swept(folder)
    made_ago(folder, 11 * disk_usage.DAY_SECONDS)
    assert is_swept(folder)


def test_a_clock_that_was_set_makes_nobody_a_later_process(job):
    made_ago(job.folder / "job.json", 3600)
    assert not is_swept(job.folder)


def test_a_later_process_with_the_same_id_is_not_the_owner(job):
    made_ago(job.folder / "job.json", 10 * disk_usage.DAY_SECONDS)
    assert is_swept(job.folder)


def test_runs_and_foreign_files_stay(job):
    run = create_job(paths.runs_folder(), "train", {})
    assert run.owner() is None
    stray = paths.jobs_folder() / "stray.txt"
    stray.write_text("x")
    made_ago(run.folder, 100 * disk_usage.DAY_SECONDS)
    made_ago(stray, 100 * disk_usage.DAY_SECONDS)
    disk_usage.remove_abandoned_jobs()
    assert run.folder.exists()
    assert stray.exists()
