"""One worker is ready where a run is started from, does it, and never outlives its window."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from engine.api import Job, WarmWorker, recipe
from gui import app
from gui.workers.warm_worker import WarmWorkerKeeper
from gui.workers.worker_manager import WorkerManager
from tests.helpers import scripted_worker
from tests.helpers.scripted_manager import end

TABLES = {"base_model": {"id": "starter"}, "data": {"source": "sample"}, "method": {"id": "lora"}}
WAIT = 20_000


class KeeperHarness:
    """A keeper whose warm workers are counted and follow scripts."""

    def __init__(self, linger_milliseconds: int = 60_000) -> None:
        self.made: list[Any] = []
        self.affordable = True
        self.keeper = WarmWorkerKeeper(
            make=self._make,
            can_afford=lambda: self.affordable,
            settle_milliseconds=10,
            linger_milliseconds=linger_milliseconds,
        )

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


def test_one_is_started_when_it_is_wanted_and_no_second_one(harness, qtbot):
    assert not harness.keeper.is_ready()
    for _ in range(3):
        harness.keeper.want(True)
    qtbot.waitUntil(harness.keeper.is_ready, timeout=WAIT)
    harness.keeper.want(True)
    qtbot.wait(50)

    assert len(harness.made) == 1


def test_none_is_started_when_the_page_is_left_before_it_has_settled(harness, qtbot):
    harness.keeper.want(True)
    harness.keeper.want(False)
    qtbot.wait(50)

    assert not harness.made


def test_one_that_is_not_wanted_any_longer_ends(qtbot):
    harness = KeeperHarness(linger_milliseconds=10)
    harness.keeper.want(True)
    qtbot.waitUntil(harness.keeper.is_ready, timeout=WAIT)
    harness.keeper.want(False)
    qtbot.waitUntil(lambda: not harness.keeper.is_ready(), timeout=WAIT)

    assert not harness.made[0].alive()


def test_one_that_is_wanted_again_in_time_stays(harness, qtbot):
    harness.keeper.want(True)
    qtbot.waitUntil(harness.keeper.is_ready, timeout=WAIT)
    harness.keeper.want(False)
    harness.keeper.want(True)

    assert harness.keeper.take() is harness.made[0]
    harness.made[0].end()


def test_none_is_started_where_it_would_be_a_burden(harness, qtbot):
    harness.affordable = False
    harness.keeper.want(True)
    qtbot.wait(50)
    assert not harness.made

    harness.affordable = True
    harness.keeper.again()
    qtbot.waitUntil(harness.keeper.is_ready, timeout=WAIT)


def test_one_that_died_is_made_anew(harness, qtbot):
    harness.keeper.want(True)
    qtbot.waitUntil(harness.keeper.is_ready, timeout=WAIT)
    harness.made[0].end()
    harness.keeper.want(True)
    qtbot.waitUntil(harness.keeper.is_ready, timeout=WAIT)

    assert len(harness.made) == 2


def test_ended_with_the_window_it_is_not_made_anew(harness, qtbot):
    harness.keeper.want(True)
    qtbot.waitUntil(harness.keeper.is_ready, timeout=WAIT)
    harness.keeper.end()
    harness.keeper.again()
    qtbot.wait(50)

    assert len(harness.made) == 1
    assert not harness.made[0].alive()


def ready(manager: WorkerManager, qtbot: Any) -> None:
    manager.warm_workers._settle.setInterval(10)
    app._keep_warm_worker(manager, "train")
    qtbot.waitUntil(manager.warm_workers.is_ready, timeout=WAIT)


def test_start_lets_the_worker_that_is_ready_do_the_run_and_the_next_one_waits_for_its_end(manager, qtbot):
    ready(manager, qtbot)
    pid = manager.warm_workers._warm_worker.pid
    model = manager.start_run(recipe.from_tables(TABLES))
    assert not manager.warm_workers.is_ready()
    qtbot.waitUntil(lambda: not model.running, timeout=WAIT)

    assert model.ending.outcome == "completed"
    assert model._thread.pid == pid
    qtbot.waitUntil(manager.warm_workers.is_ready, timeout=WAIT)


def test_start_goes_on_without_a_worker_that_has_died(manager, qtbot):
    ready(manager, qtbot)
    manager.warm_workers._warm_worker.end()
    model = manager.start_run(recipe.from_tables(TABLES))
    qtbot.waitUntil(lambda: not model.running, timeout=WAIT)

    assert model.ending.outcome == "completed"


def test_a_window_that_leaves_before_a_run_has_begun_leaves_no_worker_behind(manager, qtbot):
    ready(manager, qtbot)
    warm_worker = manager.warm_workers._warm_worker
    manager.start_run(recipe.from_tables(TABLES))
    manager.leave()

    assert not warm_worker.alive()


def test_one_is_ready_at_the_end_of_the_guide_too(manager, qtbot):
    manager.warm_workers._settle.setInterval(10)
    app._keep_warm_worker(manager, "welcome")

    qtbot.waitUntil(manager.warm_workers.is_ready, timeout=WAIT)


def test_other_pages_do_without(manager, qtbot):
    manager.warm_workers._settle.setInterval(10)
    app._keep_warm_worker(manager, "data")
    qtbot.wait(50)

    assert not manager.warm_workers.is_ready()


def test_one_for_another_device_is_replaced(harness, qtbot):
    harness.keeper.want(True)
    qtbot.waitUntil(harness.keeper.is_ready, timeout=WAIT)
    harness.keeper.suit("cpu")
    assert not harness.made[0].alive()
    qtbot.waitUntil(harness.keeper.is_ready, timeout=WAIT)

    harness.keeper.suit("cpu")
    assert harness.keeper.take() is harness.made[1]
    assert harness.made[1]._cards["TUNESMITH_DEVICE"] == "cpu"
    harness.made[1].end()
    assert len(harness.made) == 2


def test_one_whose_device_changes_before_it_is_started_is_made_for_the_later_one(harness, qtbot):
    harness.keeper.want(True)
    harness.keeper.suit("cuda:1")
    harness.keeper.suit("cpu")
    qtbot.waitUntil(harness.keeper.is_ready, timeout=WAIT)

    assert [made._cards["TUNESMITH_DEVICE"] for made in harness.made] == ["cpu"]
