"""A checkpoint that is not what it should be is skipped with the reason, and the one before it is taken."""

import json
import shutil

import pytest
import torch

from engine.adapters import metadata as adapter_toml
from engine.jobs.job import Job
from engine.worker.training import checkpoints
from tests.helpers.tiny_runs import (
    completed,
    events_named,
    on_event,
    request_stop,
    tiny_recipe,
    train_in_process,
)

pytestmark = pytest.mark.torch


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """Return the folder of a run that was stopped after its third step, with the last two checkpoints."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TUNESMITH_HOME", str(tmp_path_factory.mktemp("home")))
        on_event(patch, lambda name, facts: name == "step_finished" and facts["step"] == 3, request_stop)
        recipe = tiny_recipe(tmp_path_factory.mktemp("data"), "llama", "lora", "training.checkpoint_every=1")
        job, _ = train_in_process(recipe)
    return job.folder


@pytest.fixture
def checkpoint(stopped, tmp_path):
    newest = max(stopped.glob("checkpoint-*"))
    return shutil.copytree(newest, tmp_path / newest.name)


def renew_checksums(folder):
    """Let the checksums fit, as whoever made the files could."""
    path = folder / checkpoints.CHECKSUMS_NAME
    path.unlink()
    path.write_text(json.dumps(adapter_toml.checksums(folder)), encoding="utf-8")


def saved(name, value):
    return lambda folder: torch.save(value, folder / name)


def state(**values):
    def write(folder):
        path = folder / checkpoints.STATE_NAME
        path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | values), encoding="utf-8")

    return write


def written(name, content):
    return lambda folder: (folder / name).write_bytes(content)


def gone(name):
    return lambda folder: (folder / name).unlink()


CHANGES = {
    "optimizer without groups": saved("optimizer.pt", {"state": {}}),
    "optimizer that is a list": saved("optimizer.pt", [1, 2]),
    "optimizer that is no file of torch": written("optimizer.pt", b"PK\x03\x04 nothing"),
    "optimizer that is gone": gone("optimizer.pt"),
    "schedule of text": saved("scheduler.pt", {"last_epoch": "three"}),
    "random states of numbers": saved("rng_state.pth", {"python": 1, "numpy": 2, "cpu": 3}),
    "random state cut short": saved("rng_state.pth", {"python": 1, "cpu": torch.zeros(5, dtype=torch.uint8)}),
    "progress with text": state(best_step="many"),
    "progress with a list": state(seconds=[]),
    "progress that is a list": written("run_state.json", b"[]"),
    "weights cut short": written("trainable.safetensors", b"\x10\x00"),
}


def test_a_checkpoint_that_was_written_is_sound(checkpoint):
    assert checkpoints.damage(checkpoint) == ""


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_what_is_no_state_is_damage_even_with_checksums_that_fit(checkpoint, change):
    change(checkpoint)
    assert checkpoints.damage(checkpoint) == "its files were changed"
    renew_checksums(checkpoint)
    assert "it is not the state of a run" in checkpoints.damage(checkpoint)


def test_the_run_goes_on_from_the_one_before(stopped, monkeypatch):
    monkeypatch.setenv("TUNESMITH_HOME", str(stopped.parent.parent))
    newest = max(stopped.glob("checkpoint-*"))
    CHANGES["random states of numbers"](newest)
    renew_checksums(newest)
    _, events = completed(Job(stopped))
    [notice] = [each for each in events_named(events, "notice") if "damaged" in each["message"]]
    assert notice["message"].startswith(f"{newest.name} is damaged and is skipped: it is not the state")
    assert events_named(events, "run_resumed")[0]["step"] == 2
