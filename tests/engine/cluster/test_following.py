import json
from contextlib import nullcontext
from types import SimpleNamespace
from typing import cast

import pytest

from engine import arena as arenas
from engine.cluster import following
from engine.cluster.following import ArenaFollowing
from engine.cluster.job_store import JobStore
from engine.cluster.sent_run import SentRun
from engine.cluster.store_client import ClusterHttp
from engine.computers.computer import Computer
from engine.errors import ComputerError
from engine.jobs.job import Job, SentTo, create_job
from engine.system.paths import jobs_folder, runs_folder
from tests.helpers.arenas import make_arena

COMPUTER = Computer("lab", "ray", "127.0.0.1:8265")


@pytest.fixture
def work(monkeypatch):
    """Follow nothing that was sent yet, with a connection that ends in an error."""

    def work(error):
        def connected(_computer):
            raise error

        monkeypatch.setattr(following, "connected", connected)
        following.Following(COMPUTER, {}).work()

    return work


def test_a_lost_connection_is_told_as_one(work):
    with ClusterHttp("lab", "127.0.0.1:9", "") as http, pytest.raises(ComputerError) as lost:
        http.ask("GET", "/")
    with pytest.raises(ComputerError, match=r"The connection to lab was lost"):
        work(lost.value)


def test_a_fault_of_ours_is_no_lost_connection(work):
    with pytest.raises(KeyError):
        work(KeyError("entry"))


class Liar:
    """A job store that tells of no run."""

    def poll(self, _):
        return {}


def test_a_cluster_that_never_answers_as_it_should_is_given_up(monkeypatch):
    told, clock = [], iter(range(0, 10_000, 100))
    job, sent_again = SimpleNamespace(id="run", note_back=lambda: None), []
    sent = SimpleNamespace(entry_id="entry", is_sent=True, offset=0, job=job, ended=False, is_open=False)
    sent.notice = lambda *said: told.append(said)
    sent.emit = lambda *_, **__: None

    def send(*_):
        sent.is_sent = True
        sent_again.append(sent)

    sent.send = send
    monkeypatch.setattr(following, "connected", lambda _: nullcontext(Liar()))
    monkeypatch.setattr(
        following, "time", SimpleNamespace(monotonic=lambda: next(clock), sleep=lambda _: None)
    )
    with pytest.raises(ComputerError, match="no longer has run"):
        following.Following(COMPUTER, {"run": cast(SentRun, sent)}).work()
    assert sent_again == [sent]
    assert [said[0].partition(" ")[2] for said in told] == [
        "no longer has the run; it is sent again.", "no longer has run."
    ]  # fmt: skip


LAB = Computer("lab", "ray", "lab:8265")


class WorkingStore(JobStore):
    """A job store with one place, whose entries end at the poll after the one at which they started."""

    def __init__(self, place):
        super().__init__(place)
        self.order = []
        self.works = True

    def every_node_has(self, *_):
        return True

    def poll(self, offsets):
        told = super().poll(offsets)
        if self.works:
            running = [each["entry"] for each in self.overview() if each["state"] == "running"]
            for entry_id in running:
                self._end(entry_id)
            for entry_id in [*self.waiting()][:1]:
                self.order.append(entry_id.partition("-lora")[0])
                self.begin(entry_id, "node")
                self._write(entry_id, "job_accepted")
        return told

    def _end(self, entry_id):
        self._write(entry_id, "job_ended", outcome="completed")
        self.finish(entry_id, self.entries[entry_id].state.turn, 0)

    def _write(self, entry_id, event, **facts):
        entry = self.entries[entry_id]
        line = json.dumps({"v": 1, "event": event, "time": 1.0, "attempt": 1, **facts}) + "\n"
        self.append(entry_id, entry.state.turn, entry.event_bytes, line, 0)


@pytest.fixture(autouse=True)
def _looks_each_time(monkeypatch):
    monkeypatch.setattr(following, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(following, "POLL_SECONDS", 0.0)


@pytest.fixture
def job_store(tmp_path):
    return WorkingStore(str(tmp_path / "kept"))


@pytest.fixture
def arena():
    return arenas.set_paused(make_arena("lora", "ia3", "vera"), paused=False)


def runs_of(arena, events, cards=1):
    def emit(event, **facts):
        events.append((event, facts))

    return ArenaFollowing(LAB, arena, create_job(jobs_folder(), "arena", {}), emit, cards)


def states(arena):
    return [each.state for each in arenas.Reader().read(arenas.open_arena(arena.folder))]


def test_all_entries_are_sent_at_once_and_done_in_their_order(arena, job_store):
    events = []
    runs_of(arena, events, cards=2).follow(job_store)
    assert states(arena) == ["completed"] * 3
    started = [facts["entry"] for event, facts in events if event == "entry_started"]
    assert started == [entry.id for entry in arena.entries]
    assert [facts["outcome"] for event, facts in events if event == "entry_ended"] == ["completed"] * 3
    assert job_store.overview() == []
    # Resumed by itself, a run asks for as many.
    assert [Job(folder).request()["demand"] for folder in runs_folder().iterdir()] == [{"cards": 2}] * 3


def test_what_changes_in_the_arena_is_passed_on(arena, job_store):
    job_store.works = False
    runs = runs_of(arena, [])

    def turn():
        runs.look(job_store)
        runs.send(job_store)
        runs.exchange(job_store)

    turn()
    first, second, third = arena.entries
    assert [each["name"].rpartition(" ")[2] for each in job_store.overview()] == [
        each.name.rpartition(" ")[2] for each in (first, second, third)
    ]
    arenas.set_paused(arena, paused=True)
    turn()
    assert {each["state"] for each in job_store.overview()} == {"held"}
    arenas.set_paused(arena, paused=False)
    turn()
    assert {each["state"] for each in job_store.overview()} == {"waiting"}
    arenas.remove(arena, second.id)
    turn()
    turn()
    assert len(job_store.overview()) == 2
    job = Job(runs_folder() / arenas.open_arena(arena.folder).entry(first.id).run)
    assert job.request()["computer"] == "lab"


def test_an_entry_that_another_computer_has_is_left_to_it(arena, job_store):
    status = arenas.Reader().read(arena)[0]
    job = arenas.jobs_of(arena, [status], "other")[status.entry.id]
    job.note_sent(SentTo("other", "x"))
    runs = runs_of(arenas.open_arena(arena.folder), [])
    runs.follow(job_store)
    assert job.sent_to().computer == "other"
    assert states(arena)[1:] == ["completed"] * 2


def test_an_entry_that_can_not_be_sent_fails_and_the_others_go_on(arena, job_store, monkeypatch):
    real = following.SentRun.send

    def send(run, *rest):
        if "ia3" in run.job.id:
            raise ComputerError("owner/model is neither here nor there.", "Download it.", "base_model.id")
        real(run, *rest)

    monkeypatch.setattr(following.SentRun, "send", send)
    events = []
    runs_of(arena, events).follow(job_store)
    assert states(arena) == ["completed", "failed", "completed"]
    assert any("neither here nor there" in facts.get("message", "") for _, facts in events)
