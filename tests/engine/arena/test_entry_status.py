"""How entries stand is read from their runs, and what the queue does next follows from that alone."""

from __future__ import annotations

import shutil

from engine import arena as arenas
from engine.arena import Arena, EntryStatus
from engine.jobs.events import EventWriter
from engine.jobs.job import Job
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
    assert "no biases to train. Nearest that works: LayerNorm tuning." in refused.reason
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
    assert read(arena)[1].reason.startswith(f"There is nothing at {source}.")
    assert arenas.next_up(read(arena), set()) is None


def test_offline_an_entry_whose_base_model_is_on_the_hub_is_refused_until_online(monkeypatch):
    arena = arenas.create(make_recipe("On the hub", base="owner/small", source="sample"), [{}])
    [refused] = read(arena)
    assert refused.state == "refused"
    assert "owner/small is not on this computer" in refused.reason
    monkeypatch.delenv("HF_HUB_OFFLINE")
    assert states(arena) == ["waiting"]


def test_a_run_that_was_deleted_is_told_and_not_begun_again_unasked():
    arena = make()
    job = with_run(arena, 0, RunSpec())
    shutil.rmtree(job.folder)
    [first, *_] = read(arena)
    assert first.state == "failed"
    assert "no longer exists" in first.reason
    arenas.set_run(arena, first.entry.id, "")
    assert states(arena)[0] == "waiting"
