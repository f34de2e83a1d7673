"""What is kept on a node between entries: listed and removed, but not while an entry runs."""

from __future__ import annotations

from engine.cluster import node_home


def test_base_models_and_what_a_dead_node_left_are_removed_when_no_entry_runs():
    assert node_home.clear(remove=False)["kept"] == []
    for name in ("models/0f/tiny", "hub/models--owner--small/snapshots"):
        (node_home.models_folder() / name).mkdir(parents=True)
        (node_home.models_folder() / name / "weights").write_bytes(b"123")
    with node_home.node_home("one") as home:
        (home / "chats.csv").write_bytes(b"12")
        assert node_home.clear(remove=True) == node_home.clear(remove=False) | {"in_use": True, "kept": []}
    dead = home.parent / "dead"
    dead.mkdir(parents=True)
    (dead / "chats.csv").write_bytes(b"1234")
    kept = node_home.clear(remove=True)
    assert [(each["what"], each["name"], each["bytes"]) for each in kept["kept"]] == [
        ("model", "owner/small", 3),
        ("model", "tiny", 3),
        ("data", "", 4),
    ]
    assert not kept["in_use"]
    assert node_home.clear(remove=False)["kept"] == []
    assert not dead.exists()


def test_homes_go_with_the_last_entry_on_the_computer():
    with node_home.node_home("dead") as dead:
        pass
    dead.mkdir(parents=True)
    with node_home.node_home("one") as one:
        assert not dead.exists()
        with node_home.node_home("one"), node_home.node_home("two") as two:
            pass
        assert one.exists()
        assert two.exists()
    assert not one.parent.exists()
