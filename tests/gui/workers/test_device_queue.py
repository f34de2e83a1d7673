import json
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from PySide6.QtCore import QCoreApplication, QObject, Signal

from engine.api import WorkerError, paths, recipe, run_store
from gui.workers.device_queue import DeviceQueue, Work
from tests.helpers.scripted_manager import end, scripted_manager
from tests.helpers.train_stage import BASICS, COMPLETE, ENDLESS


class Summarizer(QObject):
    changed = Signal()
    is_busy = alive = False
    status_text = ""

    def close(self) -> None:
        self.alive = False


class Manager(QObject):
    """What the queue needs of the manager, without workers."""

    run_started, run_ended, device_changed = Signal(object), Signal(object), Signal()
    current = None

    def __init__(self) -> None:
        super().__init__()
        self.summarizer = Summarizer(self)

    def find_living_run(self) -> None:
        return None

    def device_text(self, apart_from: str = "") -> str:
        return ""


class Page(QObject):
    """Starts work that goes on until it is ended."""

    changed = Signal()

    def __init__(self, queue: DeviceQueue) -> None:
        super().__init__(queue)
        self.begun: list[str] = []
        self.is_going = False
        queue.serve("export", self._begin)

    def _begin(self, given: dict[str, Any]) -> Work:
        if given.get("fails"):
            raise WorkerError("Its adapter is gone.", "Choose another one.")
        assert not self.is_going, "two at a time"
        self.begun.append(given["name"])
        self.is_going = True
        return Work(lambda: self.is_going, lambda: (0.5, ""), self.end, self.changed)

    def end(self) -> None:
        self.is_going = False
        self.changed.emit()


class Bench:
    def __init__(self) -> None:
        self.manager = Manager()
        self.queue = DeviceQueue(self.manager)
        self.page = Page(self.queue)

    def add(self, *names: str, **given: Any) -> None:
        for name in names:
            self.queue.add("export", name, {"name": name, **given})

    def names(self) -> list[str]:
        return [each.name for each in self.queue.waiting]

    def end(self) -> None:
        self.page.end()
        settle()

    def reopened(self) -> "Bench":
        self.queue.leave()
        made = Bench()
        made.queue.restore()
        made.queue.look()
        settle()
        return made


def settle() -> None:
    for _ in range(6):
        QCoreApplication.processEvents()


@pytest.fixture
def bench(qapp, home) -> Bench:
    return Bench()


def test_the_first_starts_at_once_and_the_others_follow_in_their_order(bench):
    bench.add("a", "b", "c")
    assert (bench.page.begun, bench.names()) == (["a"], ["b", "c"])
    assert bench.queue.now().title == "Exporting a"
    assert [bench.queue.waits_for(each) for each in bench.queue.waiting] == [
        "waits for Exporting a",
        "waits for Exporting b",
    ]
    bench.queue.move(bench.queue.waiting[1].key, 0)
    bench.end()
    bench.end()
    assert bench.page.begun == ["a", "c", "b"]


def test_a_paused_queue_starts_nothing_but_what_a_person_starts(bench):
    bench.add("a", "b")
    bench.queue.set_paused(True)
    bench.end()
    assert bench.names() == ["b"]
    assert bench.queue.waits_for(bench.queue.waiting[0]) == "waits: the queue is paused"
    assert not bench.queue.must_wait("export")
    bench.add("now")
    assert bench.page.begun == ["a", "now"]
    bench.end()
    bench.queue.set_paused(False)
    settle()
    assert bench.page.begun == ["a", "now", "b"]


def test_what_can_not_start_is_taken_out_and_said(bench):
    bench.add("a")
    bench.add("broken", fails=True)
    bench.add("c")
    said: list[str] = []
    bench.queue.failed.connect(said.append)
    bench.end()
    assert bench.page.begun == ["a", "c"]
    assert said == bench.queue.problems == ["Exporting broken: Its adapter is gone. Choose another one."]
    assert bench.queue.read_problems() == said
    assert bench.queue.problems == []


def test_what_was_interrupted_begins_anew_and_a_pause_stays(bench):
    bench.add("a", "b")
    again = bench.reopened()
    assert (again.page.begun, again.names()) == (["a"], ["b"])
    again.queue.set_paused(True)
    assert again.reopened().page.begun == []


def test_a_damaged_or_newer_file_is_put_aside_and_said(bench):
    for content in (
        b"",
        b"{",
        b"[]",
        b'{"version": 1, "waiting": [{"kind": 3}]}',
        b'{"version": 2, "paused": false, "waiting": []}',
        b'{"version": 1, "paused": false, "waiting": [], "groups": []}',
        b"\xff\xfe",
        b"[" * 100_000,
    ):
        paths.queue_file().write_bytes(content)
        bench.queue.restore()
        assert bench.queue.waiting == []
        assert "moved to" in bench.queue.read_problems()[0]
        assert paths.queue_file().with_name("queue-unreadable.json").read_bytes() == content
    bench.add("a", "b")
    assert bench.reopened().names() == ["b"]


def test_work_that_this_version_does_not_know_or_that_lacks_something_is_said(bench):
    waiting = [{"kind": kind, "name": kind, "arguments": {}, "key": kind} for kind in ("dream", "export")]
    paths.queue_file().write_text(json.dumps({"version": 1, "paused": False, "waiting": waiting}))
    bench.queue.restore()
    bench.queue.look()
    settle()
    assert [text.partition(":")[0] for text in bench.queue.problems] == ["dream", "Exporting export"]
    assert bench.names() == []


def test_a_disk_that_is_full_is_said_and_the_queue_goes_on(bench, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("engine.system.files.write_atomically", full)
    bench.add("a", "b")
    assert "No space left on device" in bench.queue.problems[0]
    bench.end()
    assert bench.page.begun == ["a", "b"]


@pytest.fixture
def runs(qtbot, home):
    scripts = {"train": ENDLESS}
    manager = scripted_manager(lambda job: scripts[job.request()["kind"]])
    yield manager, scripts
    end(manager)


def add_run(manager: Any, name: str) -> None:
    given = {"recipe": recipe.dumps(recipe.from_tables(BASICS | {"name": name})), "computer": "", "cards": 1}
    manager.device_queue.add("run", name, given)


def test_a_run_that_another_program_stops_frees_the_device(runs, qtbot):
    manager, scripts = runs
    add_run(manager, "a")
    add_run(manager, "b")
    qtbot.waitUntil(lambda: manager.current.state.step > 0)
    scripts["train"] = COMPLETE
    # As `tunesmith stop` does.
    run_store.find_job(manager.current.id).send("stop")
    qtbot.waitUntil(lambda: len(run_store.list_jobs()) == 2 and manager.current is None)
    assert run_store.name_of(run_store.list_jobs()[0].id) == "b"


def test_a_run_of_another_program_goes_first(runs, qtbot):
    manager, _ = runs
    manager.device_queue.look_again.setInterval(50)
    other = scripted_manager(lambda _job: ENDLESS)
    run = other.start_run(recipe.from_tables(BASICS))
    qtbot.waitUntil(lambda: run.state.step > 0)
    manager.device_queue.set_paused(True)
    manager.device_queue.put_first("resume", "b", {"run": "none", "changes": None})
    manager.device_queue.set_paused(False)
    qtbot.waitUntil(lambda: manager.device_queue.now() is not None)
    assert (
        manager.device_queue.waits_for(manager.device_queue.waiting[0])
        == "waits for A run started by another program"
    )
    assert manager.device_queue.problems == []
    end(other)
    qtbot.waitUntil(lambda: bool(manager.device_queue.problems))
    assert manager.device_queue.problems[0].startswith('b: There is no run "none".')


class Queued(RuleBasedStateMachine):
    """Whatever is done to it: one at a time, nothing is lost or done twice, and the file has what waits."""

    def __init__(self) -> None:
        super().__init__()
        self.bench = Bench()
        self.added, self.removed, self.begun = 0, set[str](), list[str]()

    @rule()
    def add(self) -> None:
        self.bench.add(str(self.added))
        self.added += 1

    @rule(place=st.integers(0, 3), to=st.integers(-1, 4))
    def move(self, place: int, to: int) -> None:
        if place < len(self.bench.queue.waiting):
            self.bench.queue.move(self.bench.queue.waiting[place].key, to)

    @rule(place=st.integers(0, 3))
    def remove(self, place: int) -> None:
        if place < len(self.bench.queue.waiting):
            entry = self.bench.queue.waiting[place]
            self.removed.add(entry.name)
            self.bench.queue.remove(entry.key)

    @rule(paused=st.booleans())
    def pause(self, paused: bool) -> None:
        self.bench.queue.set_paused(paused)

    @rule()
    def end(self) -> None:
        self.bench.end()

    @rule()
    def reopen(self) -> None:
        if not self.bench.page.is_going:
            self.begun += self.bench.page.begun
            self.bench = self.bench.reopened()

    @invariant()
    def each_is_in_one_place(self) -> None:
        settle()
        begun = self.begun + self.bench.page.begun
        assert len(begun) == len(set(begun))
        everywhere = sorted([*begun, *self.removed, *self.bench.names()], key=int)
        assert everywhere == [str(number) for number in range(self.added)]

    @invariant()
    def nothing_rests_without_a_reason(self) -> None:
        queue = self.bench.queue
        assert queue.paused or not queue.waiting or self.bench.page.is_going

    def teardown(self) -> None:
        paths.queue_file().unlink(missing_ok=True)


def test_whatever_is_done_to_it_nothing_is_lost_or_done_twice(qapp, home):
    run_state_machine_as_test(Queued, settings=settings(stateful_step_count=20, database=None))
