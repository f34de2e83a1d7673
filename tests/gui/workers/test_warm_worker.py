"""One worker is ready where a run is started from, does it, and never outlives its window."""

from collections.abc import Mapping
from typing import Any

import pytest

from engine.api import Job, WarmWorker, recipe
from gui import app
from gui.workers.worker_manager import WarmWorkerKeeper, WorkerManager
from tests.helpers import scripted_worker
from tests.helpers.scripted_manager import end
from tests.helpers.train_stage import BASICS


class KeeperHarness:
    """A keeper whose warm workers are counted and follow scripts."""

    def __init__(self, linger_milliseconds: int = 60_000) -> None:
        self.made: list[Any] = []
        self.affordable = True
        self.keeper = WarmWorkerKeeper(
            make=self._make, can_afford=lambda: self.affordable, settle_milliseconds=10,
            linger_milliseconds=linger_milliseconds,
        )  # fmt: skip

    def _make(self, cards: Mapping[str, str]) -> Any:
        self.made.append(WarmWorker(cards, command=scripted_worker.warm_worker_command()))
        return self.made[-1]


@pytest.fixture
def harness(qtbot):
    made = KeeperHarness()
    yield made
    made.keeper.end()


@pytest.fixture
def manager(qtbot, home):
    def command(job: Job) -> list[str]:
        scripted_worker.give_script(job, [["steps", {"count": 2, "per_second": 100}]])
        return scripted_worker.command(job)

    made = WorkerManager(command, warm_worker_command=scripted_worker.warm_worker_command())
    yield made
    end(made)


def test_one_is_started_when_it_is_wanted_made_anew_if_it_died_and_ended_with_the_window(harness, qtbot):
    keeper = harness.keeper
    keeper.want(True)
    keeper.want(False)
    qtbot.wait(50)
    # The page was left before it had settled.
    assert not harness.made
    for _ in range(3):
        keeper.want(True)
    qtbot.waitUntil(keeper.is_ready)
    keeper.want(False)
    keeper.want(True)
    qtbot.wait(50)
    assert keeper.is_ready()
    assert len(harness.made) == 1
    harness.made[0].end()
    keeper.want(True)
    qtbot.waitUntil(keeper.is_ready)
    assert len(harness.made) == 2
    keeper.end()
    keeper.again()
    qtbot.wait(50)
    assert len(harness.made) == 2
    assert not harness.made[1].alive()


def test_one_that_is_not_wanted_any_longer_ends(qtbot):
    harness = KeeperHarness(linger_milliseconds=10)
    harness.keeper.want(True)
    qtbot.waitUntil(harness.keeper.is_ready)
    harness.keeper.want(False)
    qtbot.waitUntil(lambda: not harness.keeper.is_ready())
    assert not harness.made[0].alive()


def test_none_is_started_where_it_would_be_a_burden(harness, qtbot):
    harness.affordable = False
    harness.keeper.want(True)
    qtbot.wait(50)
    assert not harness.made
    harness.affordable = True
    harness.keeper.again()
    qtbot.waitUntil(harness.keeper.is_ready)


def ready(manager: WorkerManager, qtbot: Any) -> None:
    manager.warm_workers.settle.setInterval(10)
    app.keep_warm_worker(manager, "train")
    qtbot.waitUntil(manager.warm_workers.is_ready)


def test_start_lets_the_worker_that_is_ready_do_the_run_and_the_next_one_waits_for_its_end(manager, qtbot):
    ready(manager, qtbot)
    pid = manager.warm_workers.warm_worker.pid
    model = manager.start_run(recipe.from_tables(BASICS))
    assert not manager.warm_workers.is_ready()
    qtbot.waitUntil(lambda: not model.running)
    assert model.ending.outcome == "completed"
    assert model.job_thread.pid == pid
    qtbot.waitUntil(manager.warm_workers.is_ready)


def test_a_window_that_leaves_before_a_run_has_begun_leaves_no_worker_behind(manager, qtbot):
    ready(manager, qtbot)
    warm_worker = manager.warm_workers.warm_worker
    manager.start_run(recipe.from_tables(BASICS))
    manager.leave()
    assert not warm_worker.alive()


def test_one_is_ready_at_the_end_of_the_guide_too_and_other_pages_do_without(manager, qtbot):
    manager.warm_workers.settle.setInterval(10)
    app.keep_warm_worker(manager, "data")
    qtbot.wait(50)
    assert not manager.warm_workers.is_ready()
    app.keep_warm_worker(manager, "welcome")
    qtbot.waitUntil(manager.warm_workers.is_ready)


def test_one_for_another_device_is_replaced(harness, qtbot):
    harness.keeper.want(True)
    harness.keeper.suit("cuda:1")
    harness.keeper.suit("cpu")
    qtbot.waitUntil(harness.keeper.is_ready)
    # Its device changed before it was started.
    assert [made.cards["TUNESMITH_DEVICE"] for made in harness.made] == ["cpu"]
    harness.keeper.suit("cuda:1")
    assert not harness.made[0].alive()
    qtbot.waitUntil(harness.keeper.is_ready)
    harness.keeper.suit("cuda:1")
    assert harness.keeper.take() is harness.made[1]
    harness.made[1].end()
    assert len(harness.made) == 2
