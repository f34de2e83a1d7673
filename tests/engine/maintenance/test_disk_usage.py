"""What takes how much, and that only what can go without a loss is ever let go."""

from __future__ import annotations

import os

import pytest

from engine.adapters import library
from engine.maintenance import disk_usage
from engine.maintenance.disk_usage import bytes_in, free, freeable, measure
from engine.runs import run_store
from engine.system import paths
from tests.helpers.homes import RunSpec, add_adapter, add_checkpoint, add_run, make_recipe, unsynced


@pytest.fixture(autouse=True)
def _quick():
    with unsynced():
        yield


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
