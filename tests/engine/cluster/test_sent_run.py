import json
import os
import shutil

import pytest

from engine.adapters import library
from engine.cluster.files import below, manifest_of, models_in, send
from engine.cluster.job_store import JobStore
from engine.cluster.sent_run import SentRun, of_run
from engine.computers.computer import Computer
from engine.config import recipe as recipes
from engine.errors import ComputerError, StorageError
from engine.jobs.events import MAX_EVENT_BYTES, read_all
from engine.jobs.job import Job
from engine.jobs.supervisor import Supervisor
from engine.runs import run_store
from engine.runs.run_summaries import read_entry
from engine.system import hub_cache
from engine.system.paths import adapters_folder
from tests.helpers.homes import add_adapter

LAB = Computer("lab", "ray", "lab:8265")


class HereStore(JobStore):
    """A job store on nodes that have all of the hub."""

    def every_node_has(self, *_):
        return True


@pytest.fixture
def job_store(tmp_path):
    return HereStore(str(tmp_path / "kept"))


def recipe_of(tmp_path, **more):
    data = tmp_path / "chats.csv"
    data.write_text("dialogue,summary\nhi,greeting\n")
    return recipes.from_tables(
        {"base_model": {"id": "starter"}, "data": {"source": str(data)}, "method": {"id": "lora"}, **more}
    )


@pytest.fixture
def job(tmp_path):
    return run_store.create_run(recipe_of(tmp_path), "lab")


def sent(job, job_store):
    run = SentRun(job)
    run.send(job_store, LAB)
    return run


def line(event, **facts):
    return (
        json.dumps({"v": 1, "event": event, "time": 1.0, "clock": 5.0, "attempt": 1, **facts}).encode()
        + b"\n"
    )


def write(job_store, run, *lines):
    turn = job_store.entries[run.entry_id].state.turn
    end = job_store.entries[run.entry_id].event_bytes
    job_store.append(run.entry_id, turn, end, b"".join(lines).decode(), 0)


def take(job_store, run):
    return run.take(job_store, job_store.poll({run.entry_id: run.offset})[run.entry_id])


def names(job):
    return [event["event"] for event in read_all(job.events_path)]


def test_events_come_once_also_to_who_follows_later(job, job_store):
    run = sent(job, job_store)
    job_store.begin(run.entry_id, "node")
    write(job_store, run, line("job_accepted", pid=7), line("stage_entered", stage="train"))
    assert take(job_store, run)
    assert not take(job_store, run)
    run.rest()
    again = SentRun(job)
    write(job_store, again, line("stage_entered", stage="save"))
    take(job_store, again)
    again.rest()
    assert names(job) == [
        "job_accepted", "job_sent", "job_accepted", "stage_entered", "job_accepted", "stage_entered"
    ]  # fmt: skip
    assert [event["attempt"] for event in read_all(job.events_path)] == [1, 1, 2, 2, 3, 3]
    assert {event["run"] for event in read_all(job.events_path)} == {job.id}


def test_a_run_that_nobody_follows_goes_on_elsewhere(job, job_store):
    sent(job, job_store).rest()
    assert run_store.open_run(job).outcome == read_entry(job).outcome == "away"
    assert read_entry(job).can_resume
    assert Supervisor(job).ending().outcome == "away"


def test_what_came_of_it_is_fetched_before_it_ends_here(job, job_store, tmp_path):
    run = sent(job, job_store)
    turn = job_store.begin(run.entry_id, "node")["turn"]
    made = add_adapter(job.id).folder
    pairs = [
        (name, made / "adapter.toml") for name in ("run/scores.json", "run/worker.log", "run/checkpoint-2/x")
    ]
    pairs += below(made, f"adapters/{job.id}/")
    files = manifest_of(pairs)
    send(job_store, pairs, files)
    job_store.set_files(run.entry_id, turn, files)
    shutil.rmtree(made)
    saved = line("adapter_saved", adapter=job.id, path=f"/node/adapters/{job.id}", step=2)
    write(job_store, run, line("job_accepted"), saved, line("job_ended", outcome="completed"))
    take(job_store, run)
    assert not run.ended
    job_store.finish(run.entry_id, turn, 0)
    take(job_store, run)
    run.rest()
    assert run.ended
    assert job.sent_to() is None
    assert job_store.overview() == []
    assert (job.folder / "scores.json").read_text() == (
        adapters_folder() / job.id / "adapter.toml"
    ).read_text()
    assert not (job.folder / "checkpoint-2").exists()
    events = list(read_all(job.events_path))
    assert events[-2]["path"] == str(adapters_folder() / job.id)
    assert (events[-1]["event"], events[-1]["outcome"]) == ("job_ended", "completed")


def test_a_run_that_was_stopped_brings_its_checkpoint_back(job, job_store, tmp_path):
    run = sent(job, job_store)
    turn = job_store.begin(run.entry_id, "node")["turn"]
    made = tmp_path / "made"
    made.write_text("tea")
    pairs = [("run/checkpoint-2/x", made)]
    send(job_store, pairs, manifest_of(pairs))
    job_store.set_files(run.entry_id, turn, manifest_of(pairs))
    write(job_store, run, line("job_accepted"), line("job_ended", outcome="stopped"))
    job_store.finish(run.entry_id, turn, 0)
    take(job_store, run)
    run.rest()
    assert (job.folder / "checkpoint-2" / "x").exists()
    upload = of_run(job, recipe_of(tmp_path), lambda *_: True)
    assert "run/checkpoint-2/x" in upload.paths


def ended(job_store, run, *lines):
    """Let the worker of an entry end well, after it wrote some lines."""
    turn = job_store.begin(run.entry_id, "node")["turn"]
    write(job_store, run, line("job_accepted"), *lines, line("job_ended", outcome="completed"))
    job_store.finish(run.entry_id, turn, 0)


def saved_adapter(job_store, job):
    """Let the worker of an entry hand an adapter over, and return the line that says so."""
    made = add_adapter(job.id).folder
    pairs = list(below(made, f"adapters/{job.id}/"))
    send(job_store, pairs, manifest_of(pairs))
    job_store.files = lambda _: manifest_of(pairs)
    return line("adapter_saved", adapter=job.id, step=2)


def losing_once(job_store, monkeypatch, call, *, answers):
    """Let the connection be lost in a call once, after it was carried out if it `answers`."""
    real, calls = getattr(job_store, call), []

    def lossy(*arguments):
        calls.append(arguments)
        if len(calls) == 1:
            if answers:
                real(*arguments)
            raise ComputerError("The connection to lab was lost.")
        return real(*arguments)

    monkeypatch.setattr(job_store, call, lossy)


def test_what_a_lost_connection_kept_from_being_taken_is_taken_later(job, job_store, monkeypatch):
    run = sent(job, job_store)
    ended(job_store, run, saved_adapter(job_store, job), line("stage_entered", stage="score"))
    losing_once(job_store, monkeypatch, "files", answers=False)
    with pytest.raises(ComputerError):
        take(job_store, run)
    take(job_store, run)
    assert names(job)[-4:] == ["job_accepted", "adapter_saved", "stage_entered", "job_ended"]


def test_whoever_is_killed_after_the_last_event_ends_the_run_the_same_way(job, job_store, monkeypatch):
    run = sent(job, job_store)
    ended(job_store, run)
    with monkeypatch.context() as patched:
        patched.setattr(Job, "note_back", killed)
        with pytest.raises(KeyboardInterrupt):
            take(job_store, run)
    run.rest()
    again = SentRun(job)
    take(job_store, again)
    again.rest()
    assert again.ended
    assert again.outcome == run_store.open_run(job).outcome == "completed"


def killed(*_):
    raise KeyboardInterrupt


STRANGE = [
    b'{"event":"step_finished","time":1,"loss":NaN}', b'{"event":"anything","x":[1,Infinity]}',
    b'{"event":"job_ended"}', b'{"event":"job_ended","outcome":"gone"}', b'{"event":"adapter_saved"}',
    b'{"event":"notice","message":5}', b'{"event":"anything","x":"' + b"x" * (MAX_EVENT_BYTES - 40) + b'"}',
    b"[" * 100_000, b'{"event":"anything","x":' + b"9" * 4_000 + b"}", b'{"event":"job_accepted","pid":-1}',
]  # fmt: skip


@pytest.mark.parametrize("content", STRANGE)
def test_a_strange_event_hides_none_of_the_others(job, job_store, content):
    run = sent(job, job_store)
    ended(job_store, run, content + b"\n", line("stage_entered", stage="score"))
    take(job_store, run)
    run.rest()
    assert names(job)[-2:] == ["stage_entered", "job_ended"]
    assert run_store.open_run(job).outcome == "completed"
    assert not any(event.get("pid", 0) not in {0, os.getpid()} for event in read_all(job.events_path))


@pytest.mark.parametrize("adapter", ["other", "..", "", "/etc", "{run}/../other", "{run}-step-x", "{run}\n"])
def test_another_adapter_of_the_library_is_not_called_the_run_s(job, job_store, adapter):
    add_adapter("other")
    run = sent(job, job_store)
    ended(job_store, run, line("adapter_saved", adapter=adapter.replace("{run}", job.id), step=1))
    with pytest.raises(StorageError, match="unexpected file"):
        take(job_store, run)
    assert "adapter_saved" not in names(job)


def test_events_without_end_do_not_fill_the_disk(job, job_store, monkeypatch):
    monkeypatch.setattr("engine.cluster.sent_run.MAX_STREAM_BYTES", 1_000)
    run = sent(job, job_store)
    size = job.events_path.stat().st_size
    job_store.begin(run.entry_id, "node")
    for _ in range(3):
        write(job_store, run, line("stage_entered", stage="x" * 200))
        take(job_store, run)
    write(job_store, run, line("stage_entered", stage="x" * 200))
    with pytest.raises(StorageError, match="too many"):
        take(job_store, run)
    assert job.events_path.stat().st_size - size < 2_000


@pytest.mark.parametrize(
    ("returncode", "reason", "message"),
    [(-9, "", "SIGKILL"), (None, "No space left on device on the node", "No space left")],
)
def test_an_end_without_a_last_event_is_told_with_its_reason(job, job_store, returncode, reason, message):
    run = sent(job, job_store)
    turn = job_store.begin(run.entry_id, "node")["turn"]
    job_store.finish(run.entry_id, turn, returncode, reason)
    take(job_store, run)
    run.rest()
    ended = list(read_all(job.events_path))[-1]
    assert (ended["event"], ended["outcome"]) == ("job_ended", "failed")
    assert message in ended["message"]


def test_conversations_and_the_adapter_to_start_from_are_sent(tmp_path):
    adapter = add_adapter("before")
    recipe = recipe_of(tmp_path, method={"id": "lora", "start_from": adapter.id})
    upload = of_run(run_store.create_run(recipe_of(tmp_path)), recipe, lambda *_: True)
    assert upload.sent.keys() == {recipe.data.source}
    assert upload.sent[recipe.data.source].endswith("/chats.csv")
    assert f"adapters/{adapter.id}/adapter.toml" in upload.paths
    assert library.find(adapter.id).folder / "adapter.toml" in upload.paths.values()
    assert not models_in(upload.files)


def test_a_model_that_neither_side_has_is_refused(tmp_path, job):
    recipe = recipe_of(tmp_path, base_model={"id": "owner/model"})
    with pytest.raises(ComputerError, match="not on every node") as refused:
        of_run(job, recipe, lambda *_: False)
    assert refused.value.field == "base_model.id"


def test_a_model_of_the_hub_is_sent_only_if_a_node_can_not_have_it(tmp_path, job, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    folder = hub_cache.repository_folder(tmp_path / "hub", "owner/model", "model")
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text("abc")
    (folder / "snapshots" / "abc").mkdir(parents=True)
    for name in ("config.json", "model.safetensors"):
        (folder / "snapshots" / "abc" / name).write_text("{}")
    recipe = recipe_of(tmp_path, base_model={"id": "owner/model"})
    assert not of_run(job, recipe, lambda *_: True).hub
    upload = of_run(job, recipe, lambda *_: False)
    assert upload.hub
    assert "hub/models--owner--model/snapshots/abc/config.json" in upload.paths
    assert set(models_in(upload.files).values()) == {"owner/model"}
