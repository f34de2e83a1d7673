import pytest

from engine.computers import store
from engine.runs import run_store
from engine.system.paths import presets_folder
from tests.helpers.arenas import make_arena

STARTER = str(presets_folder() / "starter.toml")


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


def test_a_dead_head_is_told_with_what_to_do(call, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    call("computers", "add", "lab", "--address", "127.0.0.1:9")
    done = call("computers", "show", "--json")
    [computer] = done.json[-1]["computers"]
    assert done.code == 1
    assert not computer["reachable"]
    assert computer["problem"]["field"] == "address"
    assert "refuses the connection" in computer["problem"]["message"]


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (["computers", "add", "den", "--address", "no host"], "address"),
        (["computers", "show", "den"], "computer"),
        (["computers", "clear", "lab"], "--yes"),
        (["train", STARTER, "--on", "lab"], "--yes"),
        (["train", STARTER, "--on", "lab", "--yes", "--offline"], "--on"),
        (["arena", "run", "{arena}", "--on", "lab"], "--yes"),
        (["arena", "run", "{arena}", "--cards", "2"], "--cards"),
    ],
)
def test_what_nobody_agreed_to_is_refused_beside_its_field(call, monkeypatch, arguments, field):
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    call("computers", "add", "lab", "--address", "127.0.0.1:9")
    arena = make_arena("lora").id
    done = call(*(word.format(arena=arena) for word in arguments), "--json")
    assert (done.code, done.problems[0]["field"]) == (2, field)
    assert run_store.list_jobs() == []


def test_a_computer_without_a_node_says_how_to_start_one(call, monkeypatch, tmp_path):
    monkeypatch.setattr("engine.system.paths.tempfile.gettempdir", lambda: str(tmp_path))
    assert "node start" in call("node").out
    assert call("node", "--json").json == [{"node": None}]


def test_who_agreed_is_told_of_a_dead_head_with_how_to_go_on(call, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    call("computers", "add", "lab", "--address", "127.0.0.1:9")
    arena = make_arena("lora").id
    for arguments in (
        ["computers", "clear", "lab", "--dry-run"],
        ["train", STARTER, "--on", "lab", "--yes"],
        ["arena", "run", arena, "--on", "lab", "--yes"],
    ):
        done = call(*arguments, "--json")
        assert done.code == 1
        assert "refuses the connection" in done.json[-1]["message"]
    assert f"arena run {arena} --on lab" in done.err
    assert store.find("lab").agreed
    assert not store.list_computers()[0].token_file
