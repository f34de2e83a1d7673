import os
import socket
import stat
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from engine.errors import StorageError, WorkerError
from engine.system import locks, paths, ranks
from engine.system.ranks import Rank
from engine.worker.runtime import rank_meeting
from engine.worker.runtime.rank_meeting import disagreement, meet, peer_of, use_network_of
from tests.helpers.ports import unused_port
from tests.helpers.systems import deletable_open_files, modes

pytestmark = pytest.mark.torch
FIRST, SECOND = Rank(0, 2, 0, 2), Rank(1, 2, 1, 2)
RECIPE = {"recipe": "this"}


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    """Let temporary files be this test's, and a run have a port of its own; return the user's private folder."""
    monkeypatch.setattr(paths.tempfile, "gettempdir", lambda: str(tmp_path))
    for name, value in {ranks.PORT: "29500", ranks.INTERFACE: "", ranks.NCCL_INTERFACE: ""}.items():
        monkeypatch.setenv(name, value)
    return paths.private_temporary_folder()


@pytest.fixture
def both():
    """Return what lets both ranks meet and returns their boards, which end with the test."""
    boards = []

    def both(told=None):
        with ThreadPoolExecutor() as threads:
            found = [
                threads.submit(meet, rank, given) for rank, given in ((FIRST, RECIPE), (SECOND, told or {}))
            ]
        boards.extend(each.result() for each in found)
        return boards[-2:]

    yield both
    for board in boards:
        board.remove()


def test_values_are_there_for_the_others(both):
    first, second = both()
    first.set("go", "there")
    assert second.check(["go"])
    assert second.get("go") == b"there"
    assert not first.check(["go", "left"])
    assert [peer_of(board, rank).pid for board in (first, second) for rank in (0, 1)] == [os.getpid()] * 4


def test_rank_0_holds_its_folder_though_another_rank_looked_at_it_at_that_moment(both, monkeypatch):
    looked_at = [True]

    def try_lock(stream):
        return not (stream.mode == "xb" and looked_at and looked_at.pop()) and locks.try_lock(stream)

    monkeypatch.setattr(rank_meeting, "try_lock", try_lock)
    first, second = both()
    assert first.path == second.path
    assert not looked_at


def test_nobody_else_can_look_into_the_folder(both, temporary):
    both()
    [folder] = temporary.iterdir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_libraries_open_ports_at_the_loopback_alone(monkeypatch):
    monkeypatch.setenv(ranks.INTERFACE, "eth0")
    use_network_of(FIRST)
    assert os.environ["GLOO_SOCKET_IFNAME"] == ranks.loopback()
    assert os.environ["NCCL_SOCKET_IFNAME"] == f"={ranks.loopback()}"


@modes
def test_a_folder_in_which_others_can_write_is_refused(temporary):
    temporary.chmod(0o777)
    with pytest.raises(StorageError, match="no private folder") as refused:
        meet(FIRST, {})
    assert refused.value.field == "TMPDIR"


@pytest.mark.parametrize("lock_is_there", [True, pytest.param(False, marks=deletable_open_files)])
def test_a_run_of_days_keeps_its_folder_and_one_with_the_same_port_has_another(both, lock_is_there):
    """What cleans temporary files takes those that nobody has read or written for long."""
    first, _ = both()
    first.set("go", "hello")
    folder, days_ago = first.path, time.time() - 20 * 86_400
    if not lock_is_there:
        (folder / rank_meeting.LOCK).unlink()
    for path in (*folder.iterdir(), folder):
        os.utime(path, (days_ago, days_ago))
    second, _ = both()
    assert first.get("go") == b"hello"
    assert not second.check(["go"])


def test_a_run_does_not_meet_in_what_another_one_left_which_goes_in_time(both, temporary, monkeypatch):
    left, _ = both()
    left._lock.close()
    (left.path / "facts-1").unlink()
    monkeypatch.setattr(rank_meeting, "JOIN_SECONDS", 0.1)
    with pytest.raises(WorkerError, match=r"Rank 0 didn't start within"):
        meet(SECOND, {})
    [folder] = temporary.iterdir()
    long_ago = time.time() - rank_meeting.LEFT_SECONDS - 60
    os.utime(folder, (long_ago, long_ago))
    with pytest.raises(WorkerError, match=r"1 of 2 ranks didn't come within .*: 1\.") as refused:
        meet(FIRST, {})
    assert refused.value.field == "WORLD_SIZE"
    assert not list(temporary.iterdir())


def test_both_say_who_differs_and_in_what(both):
    with pytest.raises(WorkerError, match=r"Rank 1 \(on .*\) has another recipe than rank 0"):
        both({"recipe": "another"})


VERSIONS = {"python": "3.11.7", "torch": "2.13.0"}
TOLD = {"host": "here", "recipe": "a1", "data": "b2", "versions": VERSIONS}


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"versions": VERSIONS | {"torch": "2.12.0"}}, "has torch 2.12.0, rank 0 (on here) has 2.13.0"),
        ({"versions": {"python": "3.11.7"}}, "has torch none"),
        ({"recipe": "a2"}, "has another recipe than rank 0"),
        ({"data": "b3"}, "has other conversations than rank 0"),
        ({"problem": "There is no recipe x.toml."}, "There is no recipe x.toml."),
    ],
)
def test_who_differs_is_named_with_what(told, message):
    there = TOLD | {"host": "there"}
    problem = disagreement([TOLD, there, there | told])
    assert message in problem.message
    assert "Rank 2 (on there)" in problem.message
    assert problem.hint


def test_what_a_rank_does_not_know_it_does_not_disagree_about():
    assert disagreement([TOLD, {"host": "there", "versions": VERSIONS}]) is None
    assert disagreement([TOLD, TOLD | {"data": ""}]) is None


THERE = [Rank(0, 2, 0, 1), Rank(1, 2, 0, 1)]


@pytest.fixture
def network(monkeypatch):
    """Let the loopback's be the network that is named, and process 0 be there; return the port where all meet."""
    monkeypatch.setenv(ranks.INTERFACE, ranks.loopback())
    monkeypatch.setenv(ranks.ADDRESS, ranks.LOOPBACK)
    port = unused_port()
    monkeypatch.setenv(ranks.PORT, str(port - 1))
    return port


# 127.0.0.1, and ::1 where the system has IPv6.
@pytest.mark.parametrize("host", ranks.addresses(ranks.loopback()))
def test_computers_meet_in_the_network_that_is_named(network, host, monkeypatch):
    monkeypatch.setenv(ranks.ADDRESS, host)
    with ThreadPoolExecutor() as threads:
        first, second = threads.map(lambda rank: meet(rank, {}), THERE)
    second.set("a", "b")
    assert first.get("a") == b"b"


def test_a_port_in_use_is_named(network):
    with (
        socket.create_server((ranks.LOOPBACK, network)),
        pytest.raises(WorkerError, match=r"Port \d+ is in use") as refused,
    ):
        meet(THERE[0], {})
    assert refused.value.field == "MASTER_PORT"


def test_process_0_meets_the_others_at_no_other_address_of_its_computer(network, monkeypatch):
    monkeypatch.setattr(ranks, "addresses", lambda _: ["192.0.2.1"])
    with pytest.raises(WorkerError, match=r"127\.0\.0\.1 has no address at") as refused:
        meet(THERE[0], {})
    assert (refused.value.field, "192.0.2.1" in refused.value.hint) == ("MASTER_ADDR", True)
