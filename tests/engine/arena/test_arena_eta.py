"""How long entries and queue still take: only as far as anything is known of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.arena import Entry, EntryStatus, State, time_left
from engine.jobs.job import Job
from engine.runs.run_summaries import RunEntry
from tests.helpers.homes import make_recipe


def status(name: str, state: State, method: str = "lora", minutes: float = 0.0, **run: Any) -> EntryStatus:
    recipe = make_recipe(name, method_id=method)
    recipe = replace(recipe, training=recipe.training.model_copy(update={"max_minutes": minutes}))
    entry = Entry(id=name, title=name)
    known = RunEntry(job=Job(None), name=name, recipe=recipe, **run) if run else None
    return EntryStatus(entry, state, "", recipe, known)


DONE = status("done", "completed", seconds=130.0, training_seconds=100.0)
WAITS = status("waits", "waiting")


def test_nothing_is_said_before_anything_is_known():
    remaining = time_left([WAITS, status("runs", "running", seconds=3.0)])
    assert (remaining.entries, remaining.queue) == ({}, None)
    assert time_left([]).queue is None
    assert time_left([DONE]).queue is None


def test_what_waits_takes_as_long_as_the_middle_of_what_is_finished():
    slow = status("slow", "completed", seconds=400.0, training_seconds=300.0)
    quick = status("quick", "completed", seconds=50.0, training_seconds=20.0)
    remaining = time_left([DONE, slow, quick, WAITS, status("again", "waiting")])
    assert remaining.entries == {"waits": 130.0, "again": 130.0}
    assert remaining.queue == 260.0


def test_minutes_bound_what_is_expected_and_are_known_at_once():
    assert time_left([status("a", "waiting", minutes=10)]).queue == 600.0
    assert time_left([DONE, status("a", "waiting", minutes=1)]).queue == 60.0 + 30.0
    assert time_left([DONE, status("a", "waiting", minutes=10)]).queue == 130.0


def test_before_any_is_finished_the_plan_of_a_run_tells():
    prompt = status("prompt", "waiting", method="prompt_only")
    assert time_left([WAITS, status("a", "waiting", minutes=10), prompt], 90.0).queue == 270.0
    assert time_left([DONE, WAITS], 90.0).queue == 130.0


def test_a_running_entry_goes_by_its_steps_and_its_scoring():
    runs = status("runs", "running", seconds=70.0, seconds_left=40.0, base_scored={"seconds": 9.0})
    assert time_left([runs]).entries == {"runs": 49.0}
    assert time_left([runs, WAITS]).queue is None
    assert time_left([DONE, runs, WAITS]).queue == 49.0 + 130.0


@pytest.mark.parametrize(("so_far", "left"), [(30.0, {"runs": 100.0}), (130.0, {}), (900.0, {})])
def test_before_its_first_steps_a_running_entry_goes_by_the_finished_ones(so_far, left):
    assert time_left([DONE, status("runs", "running", seconds=so_far)]).entries == left


def test_what_trains_nothing_takes_what_others_take_beside_training():
    prompt = status("prompt", "waiting", "prompt_only")
    assert time_left([DONE, prompt]).queue == 30.0
    shown = status("shown", "completed", "prompt_only", seconds=12.0)
    assert time_left([DONE, shown, prompt]).queue == 12.0
