"""How an entry starts its worker on a node, and hands over what comes of it."""

from __future__ import annotations

import pytest

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
    _Attempt(None, "chats-1", {"turn": 1, "spec": spec}, tmp_path)._start()
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
    _Attempt(store, "chats-1", store.begin("chats-1", "node"), tmp_path)._push_files()
    [(name, size, digest)] = store.files("chats-1")
    assert (name, size, store.part(digest, 0)) == ("run/worker.log", 8, b"one\ntwo\n")
