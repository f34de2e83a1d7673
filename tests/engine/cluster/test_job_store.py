"""The job store of a cluster: who is tried next, who is listened to, and what a new job store finds."""

from __future__ import annotations

import hashlib

import pytest

from engine.cluster.job_store import JobStore
from engine.cluster.places import Places


def spec(name="run", files=(), **more):
    return {"run": name, "name": name, "recipe": "", "files": list(files), "sent": {}, "hub": False, **more}


def content(job_store, data):
    digest = hashlib.sha256(data).hexdigest()
    job_store.put(digest, 0, data)
    job_store.complete(digest)
    return digest


@pytest.fixture
def place(tmp_path):
    return str(tmp_path / "kept")


@pytest.fixture
def job_store(place):
    return JobStore(place)


def states(job_store):
    return {each["entry"]: each["state"] for each in job_store.overview()}


def test_entries_are_started_by_priority_as_far_as_there_is_place(job_store):
    for name, priority in (("a", 0), ("b", 5), ("c", 0)):
        job_store.submit(name, spec(name), priority)
    assert job_store.startable([], Places((1, 1))) == ["b", "a"]
    assert job_store.startable(["b", "a"], Places((2,))) == []
    job_store.prioritize({"c": 9})
    assert job_store.startable(["b"], Places((2,))) == ["c"]


def test_a_group_has_no_more_at_once_than_it_asked_for(job_store):
    for name in ("a", "b", "c"):
        job_store.submit(name, spec(name, group="arena", at_once=1))
    job_store.submit("other", spec("other"))
    assert job_store.startable([], Places((8,))) == ["a", "other"]


def test_an_entry_takes_the_cards_that_it_asks_for_of_one_node(job_store):
    for name, cards in (("first", 2), ("second", 2), ("third", 1)):
        job_store.submit(name, spec(name, demand={"cards": cards}))
    assert job_store.startable([], Places((2, 2))) == ["first", "second"]
    # Two cards are free, but on two nodes; who is behind does not pass.
    assert job_store.startable(["first"], Places((3, 1))) == []
    # No node has two any more.
    assert job_store.startable([], Places((1, 1))) == ["third"]
    assert {each["entry"]: each["cards"] for each in job_store.overview()} == {
        "first": 2,
        "second": 2,
        "third": 1,
    }


def test_events_are_taken_once_and_given_from_any_byte_on(job_store):
    job_store.submit("a", spec())
    turn = job_store.begin("a", "node")["turn"]
    assert job_store.append("a", turn, 0, "one\n", 0) == []
    assert job_store.append("a", turn, 0, "one\n", 0) == []
    assert job_store.append("a", turn, 4, "two\n", 0) == []
    told = job_store.poll({"a": 2, "unknown": 0})
    assert told.keys() == {"a"}
    assert (told["a"]["events"], told["a"]["event_bytes"], told["a"]["state"]) == (b"e\ntwo\n", 8, "running")


def test_a_task_that_was_replaced_is_not_listened_to(job_store):
    job_store.submit("a", spec())
    first = job_store.begin("a", "one")["turn"]
    second = job_store.begin("a", "two")["turn"]
    assert job_store.append("a", first, 0, "late\n", 0) is None
    job_store.finish("a", first, 0)
    assert job_store.append("a", second, 0, "new\n", 0) == []
    assert states(job_store) == {"a": "running"}


def test_commands_come_until_they_were_seen(job_store):
    job_store.submit("a", spec())
    turn = job_store.begin("a", "node")["turn"]
    job_store.command("a", {"command": "pause"})
    [first] = job_store.append("a", turn, 0, "", 0)
    assert first["command"] == {"command": "pause"}
    assert job_store.append("a", turn, 0, "", first["number"]) == []


def test_an_entry_that_waits_is_held_let_go_and_stopped(job_store):
    job_store.submit("a", spec())
    job_store.command("a", {"command": "pause"})
    assert job_store.startable([], Places((1,))) == []
    job_store.command("a", {"command": "continue"})
    assert job_store.startable([], Places((1,))) == ["a"]
    job_store.command("a", {"command": "stop"})
    assert job_store.poll({"a": 0})["a"]["reason"] == "stopped"
    assert job_store.begin("a", "node") is None


def test_a_new_job_store_goes_on_where_the_last_one_was(place, job_store):
    job_store.submit("a", spec("a"), 3)
    job_store.submit("b", spec("b"))
    turn = job_store.begin("a", "node")["turn"]
    job_store.append("a", turn, 0, "one\n", 0)
    job_store.set_files("a", turn, [["run/checkpoint-2/x", 3, content(job_store, b"tea")]])
    job_store.finish("b", 0, 0)
    anew = JobStore(place)
    assert states(anew) == {"a": "waiting", "b": "ended"}
    assert anew.startable([], Places((8,))) == ["a"]
    begun = anew.begin("a", "elsewhere")
    assert begun is not None
    assert (begun["turn"], begun["event_bytes"], len(begun["files"])) == (turn + 1, 4, 1)
    assert anew.poll({"a": 0})["a"]["events"] == b"one\n"


def test_what_no_entry_needs_any_more_goes_but_for_base_models(job_store):
    data, model, old, new = (content(job_store, each) for each in (b"data", b"model", b"old", b"new"))
    files = [["sent/data", 4, data], ["models/1/tiny/m", 5, model]]
    for name in ("a", "b"):
        job_store.expect(name, files)
        job_store.submit(name, spec(name, files))
    turn = job_store.begin("a", "node")["turn"]
    job_store.set_files("a", turn, [["run/checkpoint-1/x", 3, old]])
    job_store.set_files("a", turn, [["run/checkpoint-2/x", 3, new]])
    assert job_store.missing([data, model, old, new]) == [old]
    job_store.forget("a")
    assert job_store.missing([data, model, new]) == [new]
    job_store.forget("b")
    assert job_store.missing([data, model]) == [data]
    assert job_store.overview() == []


def test_what_nothing_needs_is_listed_with_its_bytes_and_removed(place, job_store):
    texts = (b"model", b"sent", b"made", b"coming", b"nobody's")
    model, sent, made, coming, nobody_s = (content(job_store, each) for each in texts)
    files = [["sent/data", 4, sent], ["models/1/tiny/m", 5, model]]
    job_store.expect("a", files)
    job_store.submit("a", spec("a", files))
    job_store.expect("b", [["sent/data", 6, coming]])
    turn = job_store.begin("a", "node")["turn"]
    job_store.set_files("a", turn, [["run/scores.json", 4, made]])
    # It may be of the next checkpoint, which is listed when all of it is there.
    assert job_store.clear(remove=True) == []
    job_store.finish("a", turn, 0)
    removable = [{"what": "data", "name": "", "bytes": 12}, {"what": "model", "name": "tiny", "bytes": 5}]
    assert job_store.clear(remove=False) == job_store.clear(remove=True) == removable
    # What came of it is still to be fetched, and what an entry needs that is to come is on its way.
    assert job_store.missing([model, sent, made, coming, nobody_s]) == [model, sent, nobody_s]
    assert JobStore(place).clear(remove=False) == [{"what": "data", "name": "", "bytes": 6}]
