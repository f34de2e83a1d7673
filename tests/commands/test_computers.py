"""The verbs `computers` and `node`: what they print, and what they refuse."""

from __future__ import annotations

from engine.computers import store
from engine.runs import run_store
from engine.system.paths import presets_folder
from tests.helpers.arenas import make_arena


def test_no_computers_are_said_with_the_way_to_one(call):
    assert "computers add" in call("computers").out
    assert call("computers", "--json").json == [[]]


def test_a_computer_is_added_listed_and_removed(call):
    call("computers", "add", "lab", "--address", "lab.example")
    call("computers", "add", "desk", "--ssh", "ann@desk.example")
    [listed] = call("computers", "list", "--json").json
    assert [(each["name"], each["kind"], each["address"]) for each in listed] == [
        ("lab", "ray", "lab.example:8265"),
        ("desk", "ssh", "127.0.0.1:8265"),
    ]
    assert "ann@desk.example" in call("computers").out
    call("computers", "remove", "lab")
    assert [each.name for each in store.list_computers()] == ["desk"]


def test_a_name_that_is_no_host_is_refused_beside_its_field(call):
    done = call("computers", "add", "lab", "--address", "no host", "--json")
    assert (done.code, done.problems[0]["field"]) == (2, "address")


def test_a_computer_that_nobody_added_is_refused(call):
    done = call("computers", "show", "lab", "--json")
    assert (done.code, done.problems[0]["field"]) == (2, "computer")


def test_a_dead_head_is_told_with_what_to_do(call, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    call("computers", "add", "lab", "--address", "127.0.0.1:9")
    done = call("computers", "show", "--json")
    [computer] = done.json[-1]["computers"]
    assert done.code == 1
    assert not computer["reachable"]
    assert computer["problem"]["field"] == "address"
    assert "refuses the connection" in computer["problem"]["message"]


def test_offline_no_computer_is_asked(call):
    call("computers", "add", "lab", "--address", "127.0.0.1:9")
    done = call("computers", "show", "--json", "--offline")
    assert "offline" in done.json[-1]["computers"][0]["problem"]["message"]


def test_nothing_is_removed_there_before_somebody_agreed(call, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    call("computers", "add", "lab", "--address", "127.0.0.1:9")
    done = call("computers", "clear", "lab", "--json")
    assert (done.code, done.problems[0]["field"]) == (2, "--yes")
    assert (
        "refuses the connection"
        in call("computers", "clear", "lab", "--dry-run", "--json").json[-1]["message"]
    )


def test_a_computer_without_a_node_says_how_to_start_one(call, monkeypatch, tmp_path):
    monkeypatch.setattr("engine.system.text_paths.tempfile.gettempdir", lambda: str(tmp_path))
    assert "node start" in call("node").out
    assert call("node", "--json").json == [{"node": None}]


def test_nothing_is_sent_before_somebody_agreed(call, monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    call("computers", "add", "lab", "--address", "127.0.0.1:9")
    starter = str(presets_folder() / "starter.toml")
    done = call("train", starter, "--on", "lab", "--json")
    assert (done.code, done.problems[0]["field"]) == (2, "--yes")
    assert run_store.list_jobs() == []
    done = call("train", starter, "--on", "lab", "--yes", "--json")
    assert done.code == 1
    assert "refuses the connection" in done.json[-1]["message"]
    assert store.find("lab").agreed
    assert not store.list_computers()[0].token_file


def test_offline_nothing_is_sent(call):
    call("computers", "add", "lab", "--address", "127.0.0.1:9")
    done = call(
        "train", str(presets_folder() / "starter.toml"), "--on", "lab", "--yes", "--offline", "--json"
    )
    assert (done.code, done.problems[0]["field"]) == (2, "--on")
    assert run_store.list_jobs() == []


def test_an_arena_that_can_not_be_sent_says_why_and_how_to_go_on(call, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    call("computers", "add", "lab", "--address", "127.0.0.1:9")
    arena = make_arena("lora")
    done = call("arena", "run", arena.id, "--on", "lab", "--json")
    assert (done.code, done.problems[0]["field"]) == (2, "--yes")
    done = call("arena", "run", arena.id, "--on", "lab", "--yes", "--json")
    assert done.code == 1
    assert "refuses the connection" in done.json[-1]["message"]
    assert f"arena run {arena.id} --on lab" in done.err


def test_cards_of_entries_are_asked_of_another_computer_alone(call):
    done = call("arena", "run", make_arena("lora").id, "--cards", "2", "--json")
    assert (done.code, done.problems[0]["field"]) == (2, "--cards")
