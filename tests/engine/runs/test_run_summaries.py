"""The short form of a run says the same as the long one, without reading every step."""

from __future__ import annotations

import os
import shutil

import pytest

from engine.errors import StorageError
from engine.jobs import events
from engine.jobs.job import Job, create_job
from engine.runs import run_store
from engine.runs.run_summaries import downsampled, read_entry, stamp
from engine.system.paths import runs_folder
from tests.helpers import repository
from tests.helpers.homes import RunSpec, add_run, make_recipe, write_events
from tests.helpers.scored_runs import add_scored_run

GOLDEN = repository.GOLDEN / "events_v1.jsonl"


def golden_run() -> Job:
    job = run_store.create_run(make_recipe())
    shutil.copy(GOLDEN, job.events_path)
    return job


def test_the_gain_in_chrf_is_that_of_the_run(home):
    job = add_scored_run()
    difference = (run_store.open_run(job).state.tuned_scores or {})["measure_difference"]["chrf"]
    assert read_entry(job).chrf_gain == difference["mean"] != 0


def test_it_agrees_with_the_replay_of_every_event():
    job = golden_run()
    entry, run = read_entry(job), run_store.open_run(job)
    assert entry.recipe == run.recipe
    assert (entry.outcome, entry.running, entry.step, entry.total_steps) == (
        run.outcome,
        run.running,
        run.state.step,
        run.state.total_steps,
    )
    assert entry.loss == tuple(run.state.loss.values)
    assert (entry.gain, entry.verdict) == (0.015, "better")
    # The run is of a version without chrF.
    assert entry.chrf_gain is None
    assert (entry.adapter_id, entry.adapter_step) == ("20260312-140320-lora-77aa", 6)
    assert (entry.precision, entry.examples, entry.attempts) == ("bfloat16", 1228, 2)


def test_time_is_that_of_the_attempts_not_of_the_night_between():
    job = golden_run()
    assert read_entry(job).seconds == pytest.approx(16.5 + 22)
    assert run_store.open_run(job).state.seconds == pytest.approx(16.5 + 22)


def test_of_many_steps_only_as_many_are_decoded_as_can_be_shown(monkeypatch: pytest.MonkeyPatch):
    decoded: list[bytes] = []

    def counting(line: bytes):
        decoded.append(line)
        return real(line)

    real = events.decode
    monkeypatch.setattr("engine.runs.run_summaries.decode", counting)
    entry = read_entry(add_run(spec=RunSpec(steps=5003, total_steps=5003)))
    assert entry.step == 5003
    assert len(entry.loss) == 60
    assert len(decoded) < 400


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
def test_only_what_ended_early_with_a_checkpoint_can_be_resumed(
    told: RunSpec, outcome: str, can_resume: bool
):
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
    assert (entry.name, entry.outcome, entry.attempts, entry.loss) == ("Not yet", None, 0, ())


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


def test_a_stamp_changes_when_the_run_does():
    job = add_run(spec=RunSpec(outcome=None))
    before = stamp(job)
    assert stamp(job) == before == read_entry(job).stamp
    write_events(job, RunSpec(), attempt=2)
    assert stamp(job) != before


def test_many_losses_are_thinned_to_means_over_the_whole_run():
    thin = downsampled([float(number) for number in range(1000)], 10)
    assert len(thin) == 10
    assert thin[0] == pytest.approx(49.5)
    assert thin[-1] == pytest.approx(949.5)
    assert downsampled([1.0, 2.0], 10) == (1.0, 2.0)
    assert downsampled([], 10) == ()


@pytest.mark.parametrize("odd", ["events.jsonl", "recipe.toml", "job.json"])
@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_a_run_that_can_not_be_read_leaves_the_others_alone(odd: str, kind: str):
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


def test_a_whole_replay_of_what_can_not_be_read_is_a_named_error():
    job = golden_run()
    job.events_path.unlink()
    job.events_path.mkdir()
    with pytest.raises(StorageError, match=r"events\.jsonl can't be read"):
        run_store.open_run(job)


def test_what_a_line_does_not_tell_is_not_decoded_and_its_time_counts(monkeypatch: pytest.MonkeyPatch):
    job = golden_run()
    before = read_entry(job)
    notice = {
        "v": 1,
        "event": "notice",
        "time": 9e9,
        "run": job.id,
        "attempt": 2,
        "message": "again",
    }
    with job.events_path.open("ab") as stream:
        stream.write(events.encode(notice) * 1000)
    decoded: list[bytes] = []

    def counting(line: bytes):
        decoded.append(line)
        return events.decode(line)

    monkeypatch.setattr("engine.runs.run_summaries.decode", counting)
    after = read_entry(job)
    assert len(decoded) < 40
    assert after.outcome == before.outcome
    assert after.seconds > before.seconds
