"""Where the processes of a run meet: in a private folder, or in a network that is named."""

from __future__ import annotations

import os
import socket
import stat
import time
from datetime import timedelta
from threading import Thread

import pytest

from engine.errors import StorageError, WorkerError
from engine.system import ranks, text_paths
from engine.system.ranks import Rank
from engine.worker.runtime import process_group, rank_meeting

dist = pytest.importorskip("torch.distributed")
pytestmark = pytest.mark.torch
FIRST, SECOND = Rank(0, 2, 0, 2), Rank(1, 2, 1, 2)
SOON = timedelta(seconds=0.05)


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    """Let temporary files be this test's, and a run have a port of its own; return the user's private folder."""
    monkeypatch.setattr(text_paths.tempfile, "gettempdir", lambda: str(tmp_path))
    for name, value in {ranks.PORT: "29500", ranks.INTERFACE: "", ranks.NCCL_INTERFACE: ""}.items():
        monkeypatch.setenv(name, value)
    return text_paths.private_temporary_folder()


@pytest.fixture
def meet():
    """Return what meets, and ends with the test."""
    stores = []

    def meet(rank):
        stores.append(rank_meeting.meet(rank))
        return stores[-1]

    yield meet
    for store in stores:
        store.remove()


def test_values_are_there_for_the_others_until_they_are_deleted(meet):
    first, second = meet(FIRST), meet(SECOND)
    first.set("message-0-1-0", b"hello")
    second.wait(["message-0-1-0"], timedelta(seconds=60))
    assert second.get("message-0-1-0") == b"hello"
    second.delete_key("message-0-1-0")
    assert not first.check(["message-0-1-0"])
    with pytest.raises(dist.DistStoreError):
        first.wait(["message-0-1-0"], SOON)


def test_counts_are_those_of_all(meet):
    first, second = meet(FIRST), meet(SECOND)
    assert [first.add("beat-0", 1), second.add("beat-0", 0), first.add("beat-0", 1)] == [1, 1, 2]


def test_nobody_else_can_look_into_the_folder_which_goes_with_the_last(meet, temporary):
    stores = [meet(FIRST), meet(SECOND)]
    [folder] = temporary.iterdir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    stores[0].leave()
    assert folder.is_dir()
    stores[1].leave()
    assert not list(temporary.iterdir())


def test_libraries_open_ports_at_the_loopback_alone(meet, monkeypatch):
    monkeypatch.setenv(ranks.INTERFACE, "eth0")
    meet(FIRST)
    assert os.environ["GLOO_SOCKET_IFNAME"] == ranks.loopback()
    assert os.environ["NCCL_SOCKET_IFNAME"] == f"={ranks.loopback()}"


@pytest.mark.skipif(os.name == "nt", reason="there temporary files are private")
def test_a_folder_in_which_others_can_write_is_refused(meet, temporary):
    temporary.chmod(0o777)
    with pytest.raises(StorageError, match="without others") as refused:
        meet(FIRST)
    assert refused.value.field == "TMPDIR"


@pytest.mark.parametrize("lock_is_there", [True, False])
def test_a_run_of_days_keeps_its_folder(meet, lock_is_there):
    """What cleans temporary files takes those that nobody has read or written for long."""
    first = meet(FIRST)
    first.set("message-0-1-0", b"hello")
    folder, days_ago = first._folder, time.time() - 20 * 86_400
    for path in (*folder.iterdir(), folder):
        os.utime(path, (days_ago, days_ago))
    if not lock_is_there:
        (folder / rank_meeting.LOCK).unlink()
        os.utime(folder, (days_ago, days_ago))
    meet(FIRST)
    assert first.get("message-0-1-0") == b"hello"


def test_a_run_does_not_meet_in_what_another_one_left_which_goes_in_time(meet, temporary, monkeypatch):
    left = meet(FIRST)
    left.set("message-0-1-0", b"a conversation")
    left.release()
    monkeypatch.setattr(rank_meeting, "JOIN_SECONDS", 0.1)
    with pytest.raises(WorkerError, match=r"Process 0 did not come within"):
        meet(SECOND)

    [folder] = temporary.iterdir()
    long_ago = time.time() - rank_meeting.LEFT_SECONDS - 60
    os.utime(folder, (long_ago, long_ago))
    meet(FIRST)
    assert not folder.exists()


def test_runs_with_one_port_do_not_mix(meet, temporary):
    stores = [meet(FIRST), meet(SECOND)]
    stores[1].set(rank_meeting.facts_key(1), b"")
    meet(FIRST).set("of", b"the second run")
    assert meet(SECOND).get("of") == b"the second run"
    assert not stores[0].check(["of"])


def test_a_process_that_does_not_come_is_named(temporary, monkeypatch):
    monkeypatch.setattr(rank_meeting, "JOIN_SECONDS", 0.1)
    with pytest.raises(WorkerError, match=r"1 of 2 processes did not come within .*: 1\."):
        process_group.connect(FIRST, {}, print)
    assert not list(temporary.iterdir())


# -------------------------------------------------------------------------------------------------- several computers
THERE = [Rank(0, 2, 0, 1), Rank(1, 2, 0, 1)]


@pytest.fixture
def network(monkeypatch):
    """Let the loopback's be the network that is named, and process 0 be there; return the port where all meet."""
    monkeypatch.setenv(ranks.INTERFACE, ranks.loopback())
    monkeypatch.setenv(ranks.ADDRESS, ranks.LOOPBACK)
    port = ranks.unused_port() - 1
    monkeypatch.setenv(ranks.PORT, str(port))
    return port + 1


def test_computers_meet_in_the_network_that_is_named(network):
    found = []
    thread = Thread(target=lambda: found.append(rank_meeting.meet(THERE[1])))
    thread.start()
    first = rank_meeting.meet(THERE[0])
    thread.join()
    found[0].set("a", b"b")
    assert first.get("a") == b"b"
    assert os.environ["NCCL_SOCKET_IFNAME"] == f"={ranks.loopback()}"


def test_a_port_in_use_is_named(network):
    with (
        socket.create_server((ranks.LOOPBACK, network)),
        pytest.raises(WorkerError, match=r"Port \d+ is in use") as refused,
    ):
        rank_meeting.meet(THERE[0])
    assert refused.value.field == "MASTER_PORT"


def test_process_0_meets_the_others_at_no_other_address_of_its_computer(network, monkeypatch):
    monkeypatch.setattr(ranks, "addresses", lambda _: ["192.0.2.1"])
    with pytest.raises(WorkerError, match=r"127\.0\.0\.1 has no address at") as refused:
        rank_meeting.meet(THERE[0])
    assert (refused.value.field, "192.0.2.1" in refused.value.hint) == ("MASTER_ADDR", True)
