import resource

import pytest

from engine.adapters import library
from engine.runs import run_store
from engine.worker.training import checkpoints
from tests.helpers.tiny_runs import completed, events_named, on_event, tiny_recipe, train_in_process

pytestmark = pytest.mark.torch

SMALL = 20_000


@pytest.fixture
def full_disk():
    """Return a function after which no file may grow beyond a few kilobytes, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda *_: resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_fails_the_run_and_spares_its_checkpoint(tmp_path, monkeypatch, full_disk):
    recipe = tiny_recipe(
        tmp_path, "t5", "lora", "training.checkpoint_every=2", "training.keep=last", "training.max_steps=4"
    )
    with monkeypatch.context() as patch:
        on_event(patch, lambda event, facts: event == "step_finished" and facts["step"] == 3, full_disk)
        job, events = train_in_process(recipe)
    assert events[-1]["outcome"] == "failed"
    assert events[-1]["kind"] == "StorageError", events[-1]
    assert "disk" in events[-1]["hint"]
    assert [path.name for path in run_store.checkpoints(job)] == ["checkpoint-2"]
    assert checkpoints.damage(run_store.checkpoints(job)[0]) == ""
    assert not list(job.folder.glob("*.partial"))
    assert library.scan() == ([], [])
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    _, resumed = completed(job)
    assert events_named(resumed, "run_resumed")[0]["step"] == 2


def test_an_adapter_cut_short_by_a_full_disk_is_no_adapter(tmp_path, monkeypatch, full_disk):
    on_event(
        monkeypatch, lambda event, facts: event == "stage_entered" and facts["stage"] == "save", full_disk
    )
    job, events = train_in_process(tiny_recipe(tmp_path, "t5", "lora"))
    assert events[-1]["kind"] == "StorageError", events[-1]
    assert library.scan() == ([], [])
    assert run_store.checkpoints(job)


def test_an_adapter_that_is_not_on_the_disk_as_written_completes_no_run(tmp_path, monkeypatch):
    install = library.install

    def damage(partial, metadata):
        adapter = install(partial, metadata)
        (adapter.folder / library.WEIGHTS_NAME).write_bytes(b"torn")
        return adapter

    with monkeypatch.context() as patch:
        patch.setattr(library, "install", damage)
        job, events = train_in_process(tiny_recipe(tmp_path, "t5"))
    assert events[-1]["outcome"] == "failed"
    assert "was not written correctly" in events[-1]["message"]
    assert not events_named(events, "adapter_saved")
    _, resumed = completed(job)
    assert not library.find(events_named(resumed, "adapter_saved")[0]["adapter"]).changed_files()
