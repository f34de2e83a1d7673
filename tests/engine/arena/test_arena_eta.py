"""How long entries and queue still take: only as far as anything is known of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.arena import Entry, Standing, State, time_left
from engine.jobs.job import Job
from engine.runs.run_summaries import RunEntry
from tests.helpers.homes import make_recipe


def standing(name: str, state: State, method: str = "lora", minutes: float = 0.0, **run: Any) -> Standing:
    recipe = make_recipe(name, method_id=method)
    recipe = replace(recipe, training=recipe.training.model_copy(update={"max_minutes": minutes}))
    entry = Entry(id=name, title=name)
    known = RunEntry(job=Job(None), name=name, recipe=recipe, **run) if run else None
    return Standing(entry, state, "", recipe, known)


DONE = standing("done", "completed", seconds=130.0, training_seconds=100.0)
WAITS = standing("waits", "waiting")


def test_nothing_is_said_before_anything_is_known():
    found = time_left([WAITS, standing("runs", "running", seconds=3.0)])
    assert (found.entries, found.queue) == ({}, None)
    assert time_left([]).queue is None
    assert time_left([DONE]).queue is None


def test_what_waits_takes_as_long_as_the_middle_of_what_is_finished():
    slow = standing("slow", "completed", seconds=400.0, training_seconds=300.0)
    quick = standing("quick", "completed", seconds=50.0, training_seconds=20.0)
    found = time_left([DONE, slow, quick, WAITS, standing("again", "waiting")])
    assert found.entries == {"waits": 130.0, "again": 130.0}
    assert found.queue == 260.0


def test_minutes_bound_what_is_expected_and_are_known_at_once():
    assert time_left([standing("a", "waiting", minutes=10)]).queue == 600.0
    assert time_left([DONE, standing("a", "waiting", minutes=1)]).queue == 60.0 + 30.0
    assert time_left([DONE, standing("a", "waiting", minutes=10)]).queue == 130.0


def test_a_running_entry_goes_by_its_steps_and_its_scoring():
    runs = standing("runs", "running", seconds=70.0, seconds_left=40.0, base_scored={"seconds": 9.0})
    assert time_left([runs]).entries == {"runs": 49.0}
    assert time_left([runs, WAITS]).queue is None
    assert time_left([DONE, runs, WAITS]).queue == 49.0 + 130.0


@pytest.mark.parametrize(("so_far", "left"), [(30.0, {"runs": 100.0}), (130.0, {}), (900.0, {})])
def test_before_its_first_steps_a_running_entry_goes_by_the_finished_ones(so_far, left):
    assert time_left([DONE, standing("runs", "running", seconds=so_far)]).entries == left


def test_what_trains_nothing_takes_what_others_take_beside_training():
    prompt = standing("prompt", "waiting", "prompt_only")
    assert time_left([DONE, prompt]).queue == 30.0
    shown = standing("shown", "completed", "prompt_only", seconds=12.0)
    assert time_left([DONE, shown, prompt]).queue == 12.0


def test_what_was_stopped_or_refused_is_not_counted():
    found = time_left([DONE, standing("s", "stopped", seconds=5.0), standing("r", "refused"), WAITS])
    assert found.queue == 130.0
