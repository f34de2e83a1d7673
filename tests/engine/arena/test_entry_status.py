import shutil
from dataclasses import replace
from typing import Any

import pytest

from engine import arena as arenas
from engine.arena import Arena, Entry, EntryStatus, State, time_left
from engine.jobs.events import EventWriter
from engine.jobs.job import Job
from engine.runs.run_summaries import RunEntry
from tests.helpers.homes import RunSpec, add_run, make_recipe

STARTER = {"base": "starter", "source": "sample"}
TRAINED = ("lora", "ia3", "layernorm")


def make(*methods: str) -> Arena:
    changes = [{"method": {"id": each}} for each in methods or TRAINED]
    return arenas.create(make_recipe("Starter", **STARTER), changes)


def read(arena: Arena) -> list[EntryStatus]:
    return arenas.Reader().read(arenas.open_arena(arena.folder))


def with_run(arena: Arena, place: int, told: RunSpec) -> Job:
    """Give an entry a run that came to what is told."""
    job = add_run(read(arena)[place].recipe, told)
    arenas.set_run(arena, arena.entries[place].id, job.id)
    return job


def states(arena: Arena) -> list[str]:
    return [each.state for each in read(arena)]


def test_a_run_found_running_is_followed_before_anything_is_begun():
    arena = make()
    job = with_run(arena, 1, RunSpec(outcome=None))
    with job.lock():
        assert states(arena) == ["waiting", "running", "waiting"]
        assert arenas.next_up(read(arena), set()).entry.id == arena.entries[1].id


def test_what_the_registry_refuses_is_shown_with_its_reason_and_never_taken_up():
    arena = make("bitfit", "lora")
    refused, waiting = read(arena)
    assert (refused.state, waiting.state) == ("refused", "waiting")
    assert "no biases to train. The closest method that works: LayerNorm tuning." in refused.reason
    assert arenas.next_up([refused], set()) is None


def test_what_the_worker_refuses_is_a_refusal_too():
    arena = make()
    job = with_run(arena, 0, RunSpec(steps=0, outcome=None, gain=None))
    writer = EventWriter(job.events_path, {"run": job.id, "attempt": 1})
    writer.write("job_ended", outcome="failed", kind="RecipeError", message="Rank 16 is too much.", hint="")
    writer.close()
    [first, *_] = read(arena)
    assert (first.state, first.reason) == ("refused", "Rank 16 is too much.")


def test_data_that_vanished_refuses_what_waits_and_leaves_what_is_done(tmp_path):
    source = tmp_path / "chats.csv"
    source.write_text("dialogue,summary\nAnn: Tea?,Tea.\n", encoding="utf-8")
    recipe = make_recipe("Own data", base="starter", source=str(source))
    arena = arenas.create(recipe, [{"method": {"id": each}} for each in TRAINED])
    with_run(arena, 0, RunSpec())
    source.unlink()
    assert states(arena) == ["completed", "refused", "refused"]
    assert read(arena)[1].reason.startswith(f"{source} doesn't exist.")
    assert arenas.next_up(read(arena), set()) is None


def test_offline_an_entry_whose_base_model_is_on_the_hub_is_refused_until_online(monkeypatch):
    arena = arenas.create(make_recipe("On the hub", base="owner/small", source="sample"), [{}])
    [refused] = read(arena)
    assert refused.state == "refused"
    assert "owner/small is not downloaded" in refused.reason
    monkeypatch.delenv("HF_HUB_OFFLINE")
    assert states(arena) == ["waiting"]


def test_a_run_that_was_deleted_is_told_and_not_begun_again_unasked():
    arena = make()
    job = with_run(arena, 0, RunSpec())
    shutil.rmtree(job.folder)
    [first, *_] = read(arena)
    assert first.state == "failed"
    assert "is gone" in first.reason
    arenas.set_run(arena, first.entry.id, "")
    assert states(arena)[0] == "waiting"


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
