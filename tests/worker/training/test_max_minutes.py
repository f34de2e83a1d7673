"""A run that may train for so many minutes: it ends in order, and a resume gives it no more of them."""

import pytest

from engine.runs import run_store, run_summaries
from engine.worker.training import adapter_store, control, training_loop
from tests.helpers.tiny_runs import (
    adapter_of,
    completed,
    events_named,
    stopped_after,
    tiny_recipe,
    train_in_process,
    weights,
)

pytestmark = pytest.mark.torch

THREE_SECONDS = "training.max_minutes=0.05"


class StepClock:
    """A clock by which every step takes one second, and nothing else takes any."""

    def __init__(self, monkeypatch):
        self._seconds = 0.0
        monkeypatch.setattr(control, "time", self)
        take = training_loop.train_step

        def timed(*given):
            self._seconds += 1.0
            return take(*given)

        monkeypatch.setattr(training_loop, "train_step", timed)

    def perf_counter(self):
        return self._seconds


def test_a_run_with_all_its_minutes_spent_ends_also_when_resumed(tmp_path, monkeypatch):
    StepClock(monkeypatch)
    recipe = tiny_recipe(tmp_path, "t5", "lora", THREE_SECONDS)
    job, events = completed(recipe)

    assert [event["step"] for event in events_named(events, "step_finished")] == [1, 2, 3]
    steps = events_named(events, "step_finished")
    assert [(each["time_share"], each["seconds_left"]) for each in steps] == [
        (0.3333, 2), (0.6667, 1), (1, 0),
    ]  # fmt: skip
    state = run_store.open_run(job).state
    assert (state.fraction_done, run_summaries.read_entry(job).fraction_done) == (1.0, 1.0)
    [told] = [event for event in events_named(events, "notice") if "min of training" in event["message"]]
    assert told["message"] == "Stopped at step 3 of 6, after 0.05 min of training."
    metadata = adapter_of(events).metadata
    assert (metadata.training.step, metadata.training.stopped, metadata.training.seconds) == (3, False, 3.0)
    assert [path.name for path in run_store.checkpoints(job)][-1] == "checkpoint-3"

    # Stopped and resumed it has no more of them.
    job, _ = stopped_after(recipe, 2)
    _, resumed = completed(job)

    assert [event["step"] for event in events_named(resumed, "step_finished")] == [3]
    assert weights(resumed) == weights(events)


@pytest.mark.slow("engine/worker/training/")
def test_a_run_that_died_after_its_last_minute_trains_no_step_more(tmp_path, monkeypatch):
    StepClock(monkeypatch)
    recipe = tiny_recipe(tmp_path, "t5", "lora", THREE_SECONDS)
    with monkeypatch.context() as patch:
        patch.setattr(adapter_store, "store", lambda *_: pytest.fail("the worker dies here"))
        job, _ = train_in_process(recipe)
    _, resumed = completed(job)
    assert not events_named(resumed, "step_finished")
    assert adapter_of(resumed).metadata.training.step == 3
