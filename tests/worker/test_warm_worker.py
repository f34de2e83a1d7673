"""A worker that was started ahead of its job does it to the bit as one does that was started for it."""

from pathlib import Path

import pytest

from engine.adapters import library
from engine.jobs.events import Event
from engine.jobs.supervisor import Supervisor
from engine.jobs.worker_process import WarmWorker, visible_to
from engine.runs import run_store
from tests.helpers.tiny_runs import events_named, tiny_recipe, train_in_process

pytestmark = pytest.mark.torch


def adapter_and_losses(events: list[Event]) -> tuple[bytes, list[float]]:
    [saved] = events_named(events, "adapter_saved")
    weights = (Path(saved["path"]) / library.WEIGHTS_NAME).read_bytes()
    return weights, [event["loss"] for event in events_named(events, "step_finished")]


def test_a_warm_worker_trains_to_the_same_bits(tmp_path):
    recipe = tiny_recipe(tmp_path, "t5", "lora", "training.epochs=1")
    warm_worker = WarmWorker(visible_to(recipe.training.device))
    try:
        supervisor = Supervisor(run_store.create_run(recipe), warm_worker=warm_worker)
        supervisor.start()
        ahead = list(supervisor.follow())
        supervisor.close()
        assert supervisor.pid == warm_worker.pid
    finally:
        warm_worker.end()
    assert supervisor.ending().outcome == "completed", supervisor.ending()
    # What a worker does that is given its job at once, without another start of the libraries.
    _, at_once = train_in_process(recipe)
    assert len(adapter_and_losses(ahead)[1]) > 1
    assert adapter_and_losses(ahead) == adapter_and_losses(at_once)
