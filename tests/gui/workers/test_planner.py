"""The planner of the train page: what it knows before its worker answers."""

from __future__ import annotations

from typing import Any

import pytest

from engine.api import known_plans, recipe
from tests.helpers.scripted_manager import end, scripted_manager

WANTED = recipe.from_tables(
    {"base_model": {"id": "starter"}, "data": {"source": "sample"}, "method": {"id": "lora"}}
)
WAIT = 20_000


@pytest.fixture
def manager(qtbot, home):
    made = scripted_manager(lambda _job: [["answer", {"steps": 7}]])
    yield made
    end(made)


def test_an_earlier_plan_of_the_same_is_there_while_the_worker_starts(manager, qtbot):
    known_plans.save(WANTED, {"steps": 6})
    told: list[Any] = []
    manager.planner.recalled.connect(lambda known: told.append(("recalled", known["steps"])))
    manager.planner.planned.connect(lambda plan: told.append(("planned", plan["steps"])))
    manager.planner.plan(WANTED)
    qtbot.waitUntil(lambda: len(told) == 2, timeout=WAIT)
    assert told == [("recalled", 6), ("planned", 7)]


def test_a_worker_that_has_planned_is_faster_than_what_is_known(manager, qtbot):
    with qtbot.waitSignal(manager.planner.planned, timeout=WAIT):
        manager.planner.plan(WANTED)
    known_plans.save(WANTED, {"steps": 6})
    told: list[Any] = []
    manager.planner.recalled.connect(told.append)
    with qtbot.waitSignal(manager.planner.planned, timeout=WAIT):
        manager.planner.plan(WANTED)
    assert told == []


def test_the_worker_starts_with_the_first_question_and_the_warm_one_waits_for_its_answer(manager, qtbot):
    assert not manager.planner.is_starting
    manager.planner.plan(WANTED)
    assert manager.planner.is_starting
    assert not manager._can_afford_warm_worker()
    with qtbot.waitSignal(manager.planner.planned, timeout=WAIT):
        pass
    assert not manager.planner.is_starting
