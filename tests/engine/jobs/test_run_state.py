from typing import Any

import pytest

from engine.jobs.events import Event, read_all
from engine.jobs.run_state import MAX_NOTICES, MAX_SAMPLES
from engine.runs.run_store import replay
from tests.helpers import repository

GOLDEN = repository.GOLDEN / "events_v1.jsonl"


def event(name: str, time: float = 0.0, **facts: Any) -> Event:
    return {"v": 1, "event": name, "time": time, "run": "r", "attempt": 1, **facts}


def started(total: int = 10, first: int = 0, time: float = 0.0) -> Event:
    return event("run_started", time, total_steps=total, first_step=first)


def step(number: int, loss: float = 1.0, time: float = 0.0, **facts: Any) -> Event:
    return event("step_finished", time, step=number, epoch=0.1, loss=loss, learning_rate=0.1, **facts)


def fact(found: Any, *keys: str) -> Any:
    for key in keys:
        found = found[key]
    return found


def test_the_first_version_s_events_still_add_up():
    state = replay(read_all(GOLDEN))
    assert (state.attempt, state.outcome, state.step, state.total_steps) == (2, "completed", 6, 6)
    assert list(state.loss.steps) == [1, 2, 3, 4, 5, 6]
    assert list(state.evaluation_loss.values) == [1.9, 1.5]
    assert [sample.summary for sample in state.samples] == ["They have tea.", "Ann and Bo have tea at five."]
    assert fact(state.base_scores, "scores", "rouge1", "mean") == 0.469
    assert fact(state.tuned_scores, "scores", "rouge1", "mean") == 0.484
    assert fact(state.difference, "rouge1", "verdict") == "better"
    assert fact(state.adapter, "adapter") == "20260312-140320-lora-77aa"
    assert fact(state.checkpoint, "step") == 6
    assert state.peak_memory_bytes == 2147483648 + 6
    assert [notice["level"] for notice in state.notices] == ["warning"]
    assert not state.paused
    assert state.fraction_done == 1.0


def test_a_resumed_run_forgets_what_lies_past_its_checkpoint():
    events = [started(), step(1), step(2), step(3, loss=9.0), event("run_resumed", step=2), step(3, loss=3.0)]
    state = replay(events)
    assert list(state.loss.steps) == [1, 2, 3]
    assert list(state.loss.values) == [1.0, 1.0, 3.0]
    assert state.revision > replay(events[:4]).revision


def test_the_loss_before_a_new_start_is_kept_apart():
    events = [started(), step(1), step(2), event("run_resumed", step=0)]
    assert list(replay(events).former_loss.steps) == [1, 2]
    resumed = replay([*events, step(1), event("run_resumed", step=1), step(2)])
    assert (list(resumed.former_loss.steps), list(resumed.loss.steps)) == ([1, 2], [1, 2])
    assert not replay([started(), step(1), step(2), event("run_resumed", step=1)]).former_loss.steps


def test_a_new_attempt_is_open_again():
    ended = [event("job_accepted"), event("job_ended", outcome="stopped")]
    assert replay(ended).outcome == "stopped"
    state = replay([*ended, {**event("job_accepted"), "attempt": 2}])
    assert state.outcome is None
    assert state.ended is None
    assert state.attempt == 2


def test_pausing_is_seen_until_it_goes_on_or_starts_anew():
    assert replay([event("run_paused")]).paused
    assert not replay([event("run_paused"), event("run_continued")]).paused
    assert not replay([event("run_paused"), event("job_accepted")]).paused


def test_time_left_follows_the_pace_of_this_attempt():
    # The first step takes a minute, each other ten seconds.
    state = replay([started(total=100, first=50, time=1000.0), step(51, time=1060.0)])
    assert state.seconds_left() is None
    state.apply(step(52, time=1070.0))
    assert state.seconds_left() is None
    # A tenth is done.
    state.apply(step(55, time=1100.0))
    assert state.seconds_left() == pytest.approx(45 * 10.0)
    state.apply(event("job_ended", outcome="completed"))
    assert state.seconds_left() is None


def test_only_validation_of_the_adapter_makes_the_evaluation_curve():
    facts: dict[str, Any] = {"step": 3, "scores": None, "difference": None}
    state = replay(
        [
            event("evaluated", split="validation", of="base", loss=3.0, **facts),
            event("evaluated", split="test", of="a", loss=2.0, **facts),
            event("evaluated", split="validation", of="a", loss=1.0, **facts),
        ]
    )
    assert list(state.evaluation_loss.values) == [1.0]


def test_what_is_scored_in_training_is_a_curve_and_never_the_runs_score():
    def scored(at: int, mean: float, chrf: float | None = None) -> Event:
        scores = {"rouge1": {"mean": mean}}
        facts: dict[str, Any] = {
            "split": "validation", "of": "a", "protocol": {"examples": 4}, "scores": scores,
            "measures": None if chrf is None else {"chrf": {"mean": chrf}},
        }  # fmt: skip
        return event("evaluated", step=at, loss=2.0, **facts)

    state = replay([scored(10, 0.3), scored(20, 0.5, 0.4), scored(30, 0.5, 0.6)])
    assert (state.base_scores, state.tuned_scores) == (None, None)
    assert list(state.evaluation_rouge1.values) == [0.3, 0.5, 0.5]
    # The first is of a version without chrF.
    assert list(state.evaluation_chrf.values) == [0.4, 0.6]
    state.apply(event("run_resumed", step=20))
    assert list(state.evaluation_rouge1.steps) == [10, 20]
    assert list(state.evaluation_chrf.steps) == [20]


def test_a_clock_that_is_set_and_a_computer_that_slept_change_no_duration():
    events = [
        event("job_accepted", 1_000.0, clock=10.0),
        started(10, time=1_001.0) | {"clock": 11.0},
        step(1, time=50.0, clock=12.0),
        # A night of sleep, in which the clock that is never set stands still.
        step(2, time=40_000.0, clock=13.0),
    ]
    state = replay(events)
    assert state.seconds == 3.0
    assert state.seconds_left() == 8.0


def test_the_time_of_a_resumed_run_is_that_of_all_attempts_not_of_the_night_between():
    events = [
        event("job_accepted", 1_000.0),
        step(1, time=1_100.0),
        event("job_accepted", 90_000.0, attempt=2),
        step(2, time=90_025.0),
    ]
    state = replay(events)
    assert state.seconds == 125.0
    assert state.began_at == 1_000.0


def test_a_pause_that_frees_the_device_is_known_until_the_next_attempt():
    events = [event("run_paused", frees_device=True), event("job_ended", outcome="stopped")]
    assert replay(events).device_released
    assert not replay([*events, event("job_accepted")]).device_released
    assert not replay([event("run_paused")]).device_released


def test_a_run_that_starts_over_shows_its_base_once():
    def sample(number: int, example: str) -> Event:
        told = {"conversation": "", "reference": "", "summary": "s"}
        return event("sample_made", step=number, example=example, **told)

    first = [started(), sample(0, "a"), sample(0, "b"), step(1)]
    state = replay([*first, event("run_resumed", step=0), sample(0, "a"), sample(0, "b"), step(1)])
    assert [each.example for each in state.samples] == ["a", "b"]
    state.apply(event("run_resumed", step=1))
    assert [each.example for each in state.samples] == ["a", "b"]


def sample(number: int, at: int) -> Event:
    facts = {"example": str(number), "conversation": "A: b", "reference": "r", "summary": "s"}
    return event("sample_made", step=at, **facts)


def test_of_notices_and_samples_without_end_the_newest_are_kept():
    state = replay(event("notice", message=str(number)) for number in range(3 * MAX_NOTICES))
    assert MAX_NOTICES / 2 <= len(state.notices) <= MAX_NOTICES
    assert state.notices[-1]["message"] == str(3 * MAX_NOTICES - 1)
    state = replay(sample(number, 1) for number in range(MAX_SAMPLES + 1))
    assert len(state.samples) <= MAX_SAMPLES
    assert state.samples[-1].example == str(MAX_SAMPLES)
