import os
import shutil

import pytest

from engine.jobs import events
from engine.jobs.job import Job, create_job
from engine.runs import run_store
from engine.runs.run_summaries import read_entry
from engine.system.paths import runs_folder
from tests.helpers import repository
from tests.helpers.homes import RunSpec, add_run, make_recipe, write_events

GOLDEN = repository.GOLDEN / "events_v1.jsonl"


def golden_run() -> Job:
    job = run_store.create_run(make_recipe())
    shutil.copy(GOLDEN, job.events_path)
    return job


def test_it_agrees_with_the_replay_of_every_event():
    job = golden_run()
    entry, run = read_entry(job), run_store.open_run(job)
    assert entry.recipe == run.recipe
    assert (entry.outcome, entry.running, entry.step, entry.total_steps) == (
        run.outcome, run.running, run.state.step, run.state.total_steps,
    )  # fmt: skip
    assert (entry.gain, entry.verdict) == (0.015, "better")
    # The run is of a version without chrF.
    assert entry.chrf_gain is None
    assert (entry.adapter_id, entry.adapter_step) == ("20260312-140320-lora-77aa", 6)
    assert (entry.precision, entry.examples, entry.attempts) == ("bfloat16", 1228, 2)


def test_time_is_that_of_the_attempts_not_of_the_night_between():
    job = golden_run()
    assert read_entry(job).seconds == pytest.approx(16.5 + 22)
    assert run_store.open_run(job).state.seconds == pytest.approx(16.5 + 22)


def test_of_many_steps_only_the_first_and_the_last_are_decoded(monkeypatch):
    decoded: list[bytes] = []

    def counting(line: bytes):
        decoded.append(line)
        return real(line)

    real = events.decode
    monkeypatch.setattr("engine.runs.run_summaries.decode", counting)
    entry = read_entry(add_run(spec=RunSpec(steps=5003, total_steps=5003)))
    assert entry.step == 5003
    assert len(decoded) < 40


@pytest.mark.parametrize(
    ("told", "outcome", "can_resume"),
    [
        (RunSpec(), "completed", False),
        (RunSpec(checkpoint_at=20), "completed", False),
        (RunSpec(outcome="stopped", steps=25, checkpoint_at=20), "stopped", True),
        (RunSpec(outcome="stopped", steps=5), "stopped", False),
        (RunSpec(outcome=None, steps=25, checkpoint_at=20), "crashed", True),
        (RunSpec(outcome="failed", kind="OutOfMemoryError", checkpoint_at=20), "failed", True),
    ],
)
def test_only_what_ended_early_with_a_checkpoint_can_be_resumed(told, outcome, can_resume):
    entry = read_entry(add_run(spec=told))
    assert (entry.outcome, entry.can_resume, entry.failure_kind) == (outcome, can_resume, told.kind)


def test_a_run_in_progress_is_running():
    job = add_run(spec=RunSpec(outcome=None, steps=10, checkpoint_at=5))
    with job.lock():
        entry = read_entry(job)
    assert (entry.running, entry.outcome, entry.can_resume) == (True, None, False)
    assert entry.fraction_done == pytest.approx(0.25)


def test_a_run_that_was_never_started_has_no_outcome():
    entry = read_entry(run_store.create_run(make_recipe("Not yet")))
    assert (entry.name, entry.outcome, entry.attempts) == ("Not yet", None, 0)


def test_a_run_whose_recipe_is_lost_is_listed_under_its_id_with_the_reason():
    job = create_job(runs_folder(), "train", {})
    write_events(job, RunSpec(outcome="stopped"))
    entry = read_entry(job)
    assert (entry.name, entry.recipe, entry.outcome) == (job.id, None, "stopped")
    assert "There is no recipe" in entry.error


def test_an_unfinished_line_is_passed_over():
    job = add_run(spec=RunSpec(outcome=None, steps=7))
    with job.events_path.open("ab") as stream:
        stream.write(b'{"v":1,"event":"step_finished","time":1.0,"run":"r","attempt":1,"step":8,"lo')
    assert read_entry(job).step == 7


@pytest.mark.parametrize("odd", ["events.jsonl", "recipe.toml", "job.json"])
@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_a_run_that_can_not_be_read_leaves_the_others_alone(odd, kind):
    sound, damaged = golden_run(), golden_run()
    path = damaged.folder / odd
    path.unlink()
    if kind == "folder":
        path.mkdir()
    else:
        os.mkfifo(path)
    entries = {job.id: read_entry(job) for job in run_store.list_jobs()}
    assert entries[sound.id].error == ""
    assert entries[sound.id].outcome == run_store.open_run(sound).state.outcome
    assert damaged.id not in entries if odd == "job.json" else odd in entries[damaged.id].error
