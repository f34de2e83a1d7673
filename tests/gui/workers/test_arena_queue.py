from typing import Any

import pytest

from engine.api import arenas
from engine.arena import Arena
from engine.errors import ArenaError
from engine.jobs.job import Job
from engine.runs import run_store
from tests.helpers.arenas import make_arena
from tests.helpers.scripted_manager import end, scripted_manager
from tests.helpers.train_stage import BEGUN, COMPLETE, ENDLESS

FAILS = [["fail", {"message": "It broke."}]]


class QueueHarness:
    """An engine whose runs follow the script of their method."""

    def __init__(self, qtbot: Any) -> None:
        self.scripts: dict[str, list[Any]] = {}
        self.begun: list[str] = []
        self.qtbot = qtbot
        self.manager = scripted_manager(self._script)
        self.queue = self.manager.arena_queue

    def _script(self, job: Job) -> list[Any]:
        method = run_store.open_run(job).recipe.method.id
        self.begun.append(method)
        return self.scripts.get(method, COMPLETE)

    def until(self, condition: Any) -> None:
        self.qtbot.waitUntil(condition)

    def until_idle(self) -> None:
        self.until(lambda: not self.manager.device_queue.waiting and self.manager.current is None)


@pytest.fixture
def harness(qtbot, home, qapp):
    made = QueueHarness(qtbot)
    yield made
    end(made.manager)


def states(arena: Arena) -> list[str]:
    return [each.state for each in arenas.Reader().read(arenas.open_arena(arena.folder))]


def test_entries_run_in_order_past_what_fails_and_what_is_refused(harness):
    arena = make_arena("ia3", "bitfit", "lora", "layernorm")
    harness.scripts["ia3"] = FAILS
    harness.queue.start(arena)
    assert arenas.is_worked(arena)
    harness.until_idle()
    assert harness.begun == ["ia3", "lora", "layernorm"]
    assert states(arena) == ["failed", "refused", "completed", "completed"]
    assert not arenas.is_worked(arena)


def test_a_paused_queue_begins_nothing_more_and_goes_on_with_the_stopped_entry(harness):
    arena = make_arena("lora", "ia3")
    harness.scripts["lora"] = ENDLESS
    harness.queue.start(arena)
    harness.until(lambda: harness.manager.current is not None and harness.manager.current.state.step > 0)
    run_id = harness.manager.current.id
    harness.queue.pause(arena)
    assert arenas.open_arena(arena.folder).paused
    assert harness.manager.device_queue.waiting == []
    assert states(arena) == ["running", "waiting"]
    harness.manager.current.stop()
    harness.until(lambda: harness.manager.current is None)
    harness.qtbot.wait(100)
    assert harness.begun == ["lora"]
    assert states(arena) == ["stopped", "waiting"]
    harness.scripts["lora"] = COMPLETE
    harness.queue.start(arena)
    harness.until_idle()
    assert states(arena) == ["completed", "completed"]
    assert run_id in [each.id for each in run_store.list_jobs()]
    assert len(run_store.list_jobs()) == 2


def test_an_entry_moved_to_the_front_while_another_runs_is_the_next(harness):
    arena = make_arena("lora", "ia3", "layernorm")
    harness.scripts["lora"] = [*BEGUN, ["wait_for_stop", None]]
    harness.queue.start(arena)
    harness.until(lambda: harness.manager.current is not None and bool(harness.manager.current.state.stage))
    arenas.move(arena, arena.entries[2].id, 0)
    harness.manager.current.stop()
    harness.until_idle()
    assert harness.begun == ["lora", "layernorm", "ia3"]


def test_an_arena_that_is_worked_elsewhere_is_left_alone(harness):
    worked = make_arena("lora")
    with arenas.working(worked), pytest.raises(ArenaError, match="is already running elsewhere"):
        harness.queue.start(worked)
    assert not harness.queue.works(worked.id)


def test_arenas_take_turns_in_the_order_of_the_queue(harness):
    first, second = make_arena("lora", "ia3"), make_arena("full")
    harness.scripts["lora"] = ENDLESS
    waiting = harness.manager.device_queue
    for arena in (first, second):
        harness.queue.start(arena)
    assert [each.name for each in waiting.waiting] == [first.name, second.name]
    waiting.move(waiting.waiting[1].key, 0)
    harness.manager.current.stop()
    harness.until_idle()
    assert harness.begun == ["lora", "full", "ia3"]
    assert not arenas.is_worked(first)


def test_a_pause_that_frees_the_device_rests_the_queue(harness):
    arena = make_arena("ia3", "lora")
    harness.scripts["ia3"] = ENDLESS
    harness.queue.start(arena)
    harness.until(lambda: harness.manager.current is not None and harness.manager.current.state.step > 0)
    harness.manager.current.free_device()
    harness.until(lambda: harness.manager.current is None)
    harness.qtbot.wait(100)
    assert harness.begun == ["ia3"]
    assert harness.manager.device_queue.paused
    harness.manager.device_queue.set_paused(False)
    harness.until_idle()
    assert harness.begun == ["ia3", "lora"]
