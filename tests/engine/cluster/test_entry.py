import pytest

from engine.cluster import entry
from engine.cluster.entry import _Attempt
from engine.cluster.job_store import JobStore
from engine.system import ranks
from engine.system.graphics import visible_cards


@pytest.mark.parametrize("cards", [1, 2])
def test_an_entry_has_a_rank_for_each_of_its_cards_and_sees_those_of_ray(cards, tmp_path, monkeypatch):
    started = []
    monkeypatch.setattr(
        "engine.cluster.entry.subprocess.Popen",
        lambda command, **given: started.append((command, given["env"])),
    )
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,3")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.delenv(visible_cards.DEVICE, raising=False)
    spec = {"run": "chats", "sent": {}, "hub": False, "demand": {"cards": cards}}
    (tmp_path / "runs" / "chats").mkdir(parents=True)
    _Attempt(None, "chats-1", {"turn": 1, "spec": spec}, tmp_path).start()
    [(command, environment)] = started
    assert command[-2:] == ["--worker", str(tmp_path / "runs" / "chats")]
    assert environment.get(ranks.COUNT) == ("2" if cards > 1 else None)
    assert environment["CUDA_VISIBLE_DEVICES"] == "2,3"
    assert "OMP_NUM_THREADS" not in environment
    # Ranks choose among them; a worker alone looks for the best.
    assert environment.get(visible_cards.DEVICE) == (visible_cards.ALL if cards > 1 else None)


def test_a_log_that_goes_on_while_it_is_handed_over_is_handed_over_again(tmp_path):
    log = tmp_path / "runs" / "chats" / "worker.log"
    log.parent.mkdir(parents=True)
    log.write_text("one\n")

    class SlowStore(JobStore):
        def missing(self, digests):
            if log.read_text() == "one\n":
                log.write_text("one\ntwo\n")
            return super().missing(digests)

    store = SlowStore(str(tmp_path / "kept"))
    spec = {"run": "chats", "name": "chats", "files": [], "sent": {}, "hub": False}
    store.submit("chats-1", spec)
    _Attempt(store, "chats-1", store.begin("chats-1", "node"), tmp_path).push_files()
    [(name, size, digest)] = store.files("chats-1")
    assert (name, size, store.part(digest, 0)) == ("run/worker.log", 8, b"one\ntwo\n")


def test_base_models_and_what_a_dead_node_left_are_removed_when_no_entry_runs():
    assert entry.clear(remove=False)["kept"] == []
    for name in ("models/0f/tiny", "hub/models--owner--small/snapshots"):
        (entry.models_folder() / name).mkdir(parents=True)
        (entry.models_folder() / name / "weights").write_bytes(b"123")
    with entry.node_home("one") as home:
        (home / "chats.csv").write_bytes(b"12")
        assert entry.clear(remove=True) == entry.clear(remove=False) | {"in_use": True, "kept": []}
    dead = home.parent / "dead"
    dead.mkdir(parents=True)
    (dead / "chats.csv").write_bytes(b"1234")
    kept = entry.clear(remove=True)
    assert [(each["what"], each["name"], each["bytes"]) for each in kept["kept"]] == [
        ("model", "owner/small", 3), ("model", "tiny", 3), ("data", "", 4),
    ]  # fmt: skip
    assert not kept["in_use"]
    assert entry.clear(remove=False)["kept"] == []
    assert not dead.exists()


def test_homes_go_with_the_last_entry_on_the_computer():
    with entry.node_home("dead") as dead:
        pass
    dead.mkdir(parents=True)
    with entry.node_home("one") as one:
        assert not dead.exists()
        with entry.node_home("one"), entry.node_home("two") as two:
            pass
        assert one.exists()
        assert two.exists()
    assert not one.parent.exists()
