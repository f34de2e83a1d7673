"""What is said of a run's state."""

import pytest

from engine.jobs import run_text
from engine.jobs.run_state import RunState
from engine.jobs.supervisor import OUT_OF_MEMORY, Ending

STARTED = {"event": "run_started", "total_steps": 120}
CHECKPOINT = {"event": "checkpoint_saved", "step": 40, "time": 1.0}


def state(*events: dict, outcome: str = "stopped", **values: object) -> RunState:
    found = RunState(**values)
    for event in events:
        found.started = event if event["event"] == "run_started" else found.started
        found.checkpoint = event if event["event"] == "checkpoint_saved" else found.checkpoint
    found.close(outcome, None)
    return found


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (state(STARTED, step=40, adapter={"step": 40}),
         "Stopped at step 40 of 120. The adapter is trained up to this step."),
        (state(STARTED, step=40), "Stopped at step 40 of 120. Nothing was trained yet."),
        (state(), "Stopped before the first step."),
        (state(STARTED | {"total_steps": 0}), "Stopped. A prompt is saved only after scoring."),
        (state(STARTED, step=40, device_released=True),
         "Paused at step 40 of 120. The device is free. You can resume the run at any time."),
    ],
)  # fmt: skip
def test_a_stopped_run_says_where_and_what_it_saved(found, said):
    assert run_text.stopped(found) == said


def test_an_ending_names_its_step_if_the_run_is_incomplete():
    assert run_text.ended(state(STARTED, step=40), "today 14:19") == "Stopped today 14:19 at step 40 of 120"
    assert run_text.ended(state(STARTED, step=120, outcome="completed"), "today") == "Completed today"
    assert run_text.ended(state(), "") == "Stopped"
    memory = Ending("failed", "", "", kind=OUT_OF_MEMORY)
    assert run_text.failure_title(memory, state(STARTED, step=40)) == "Out of memory at step 40"
    assert run_text.failure_title(Ending("crashed", "", ""), state()) == "Crashed before the first step"
    assert run_text.outcome_title("failed", "DataError") == "Data problem"


def test_what_is_safe_is_the_last_checkpoint():
    kept = state(STARTED, CHECKPOINT, step=44)
    assert run_text.what_is_safe(kept) == "Nothing is lost up to the checkpoint at step 40."
    assert (
        run_text.what_is_safe(state(STARTED, step=4)) == "No checkpoint yet. Recipe, curve and log are saved."
    )
    assert "checkpoint at step 40" in run_text.what_is_safe(kept, has_fallbacks=True)
