"""The keeper of a cluster: who is tried next, who is listened to, and what a new keeper finds."""

from __future__ import annotations

import hashlib

import pytest

from engine.cluster.keeper import Keeper
from engine.cluster.places import Places


def spec(name="run", files=(), **more):
    return {"run": name, "name": name, "recipe": "", "files": list(files), "sent": {}, "hub": False, **more}


def content(keeper, data):
    digest = hashlib.sha256(data).hexdigest()
    keeper.put(digest, 0, data)
    keeper.complete(digest)
    return digest


@pytest.fixture
def place(tmp_path):
    return str(tmp_path / "kept")


@pytest.fixture
def keeper(place):
    return Keeper(place)


def states(keeper):
    return {each["entry"]: each["state"] for each in keeper.overview()}


def test_entries_are_started_by_priority_as_far_as_there_is_place(keeper):
    for name, priority in (("a", 0), ("b", 5), ("c", 0)):
        keeper.submit(name, spec(name), priority)
    assert keeper.startable([], Places((1, 1))) == ["b", "a"]
    assert keeper.startable(["b", "a"], Places((2,))) == []
    keeper.prioritize({"c": 9})
    assert keeper.startable(["b"], Places((2,))) == ["c"]


def test_a_group_has_no_more_at_once_than_it_asked_for(keeper):
    for name in ("a", "b", "c"):
        keeper.submit(name, spec(name, group="arena", at_once=1))
    keeper.submit("other", spec("other"))
    assert keeper.startable([], Places((8,))) == ["a", "other"]


def test_an_entry_takes_the_cards_that_it_asks_for_of_one_node(keeper):
    for name, cards in (("first", 2), ("second", 2), ("third", 1)):
        keeper.submit(name, spec(name, demand={"cards": cards}))
    assert keeper.startable([], Places((2, 2))) == ["first", "second"]
    # Two cards are free, but on two nodes; who is behind does not pass.
    assert keeper.startable(["first"], Places((3, 1))) == []
    # No node has two any more.
    assert keeper.startable([], Places((1, 1))) == ["third"]
    assert {each["entry"]: each["cards"] for each in keeper.overview()} == {
        "first": 2,
        "second": 2,
        "third": 1,
    }


def test_events_are_taken_once_and_given_from_any_byte_on(keeper):
    keeper.submit("a", spec())
    turn = keeper.begin("a", "node")["turn"]
    assert keeper.append("a", turn, 0, b"one\n", 0) == []
    assert keeper.append("a", turn, 0, b"one\n", 0) == []
    assert keeper.append("a", turn, 4, b"two\n", 0) == []
    told = keeper.poll({"a": 2, "unknown": 0})
    assert told.keys() == {"a"}
    assert (told["a"]["events"], told["a"]["event_bytes"], told["a"]["state"]) == (b"e\ntwo\n", 8, "running")


def test_a_task_that_was_replaced_is_not_listened_to(keeper):
    keeper.submit("a", spec())
    first = keeper.begin("a", "one")["turn"]
    second = keeper.begin("a", "two")["turn"]
    assert keeper.append("a", first, 0, b"late\n", 0) is None
    keeper.finish("a", first, 0)
    assert keeper.append("a", second, 0, b"new\n", 0) == []
    assert states(keeper) == {"a": "running"}


def test_commands_come_until_they_were_seen(keeper):
    keeper.submit("a", spec())
    turn = keeper.begin("a", "node")["turn"]
    keeper.command("a", {"command": "pause"})
    [first] = keeper.append("a", turn, 0, b"", 0)
    assert first["command"] == {"command": "pause"}
    assert keeper.append("a", turn, 0, b"", first["number"]) == []


def test_an_entry_that_waits_is_held_let_go_and_stopped(keeper):
    keeper.submit("a", spec())
    keeper.command("a", {"command": "pause"})
    assert keeper.startable([], Places((1,))) == []
    keeper.command("a", {"command": "continue"})
    assert keeper.startable([], Places((1,))) == ["a"]
    keeper.command("a", {"command": "stop"})
    assert keeper.poll({"a": 0})["a"]["reason"] == "stopped"
    assert keeper.begin("a", "node") is None


def test_a_new_keeper_goes_on_where_the_last_one_was(place, keeper):
    keeper.submit("a", spec("a"), 3)
    keeper.submit("b", spec("b"))
    turn = keeper.begin("a", "node")["turn"]
    keeper.append("a", turn, 0, b"one\n", 0)
    keeper.set_files("a", turn, [["run/checkpoint-2/x", 3, content(keeper, b"tea")]])
    keeper.finish("b", 0, 0)
    anew = Keeper(place)
    assert states(anew) == {"a": "waiting", "b": "ended"}
    assert anew.startable([], Places((8,))) == ["a"]
    begun = anew.begin("a", "elsewhere")
    assert begun is not None
    assert (begun["turn"], begun["event_bytes"], len(begun["files"])) == (turn + 1, 4, 1)
    assert anew.events("a", 0) == b"one\n"


def test_what_no_entry_needs_any_more_goes_but_for_base_models(keeper):
    data, model, old, new = (content(keeper, each) for each in (b"data", b"model", b"old", b"new"))
    keeper.keep_models({model: "tiny"})
    for name in ("a", "b"):
        keeper.submit(name, spec(name, [["sent/data", 4, data], ["models/m", 5, model]]))
    turn = keeper.begin("a", "node")["turn"]
    keeper.set_files("a", turn, [["run/checkpoint-1/x", 3, old]])
    keeper.set_files("a", turn, [["run/checkpoint-2/x", 3, new]])
    assert keeper.missing([data, model, old, new]) == [old]
    keeper.forget("a")
    assert keeper.missing([data, model, new]) == [new]
    keeper.forget("b")
    assert keeper.missing([data, model]) == [data]
    assert keeper.overview() == []


def test_what_nothing_needs_is_listed_with_its_bytes_and_removed(place, keeper):
    texts = (b"model", b"sent", b"made", b"coming", b"nobody's")
    model, sent, made, coming, nobody_s = (content(keeper, each) for each in texts)
    keeper.keep_models({model: "tiny"})
    keeper.submit("a", spec("a", [["sent/data", 4, sent], ["models/1/tiny/m", 5, model]]))
    keeper.expect("b", [coming])
    turn = keeper.begin("a", "node")["turn"]
    keeper.set_files("a", turn, [["run/scores.json", 4, made]])
    # It may be of the next checkpoint, which is listed when all of it is there.
    assert keeper.unneeded() == []
    keeper.finish("a", turn, 0)
    removable = [{"what": "data", "name": "", "bytes": 12}, {"what": "model", "name": "tiny", "bytes": 5}]
    assert keeper.unneeded() == keeper.clear() == removable
    # What came of it is still to be fetched, and what an entry needs that is to come is on its way.
    assert keeper.missing([model, sent, made, coming, nobody_s]) == [model, sent, nobody_s]
    assert Keeper(place).unneeded() == [{"what": "data", "name": "", "bytes": 6}]
