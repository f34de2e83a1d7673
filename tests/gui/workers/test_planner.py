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


def test_an_earlier_plan_of_the_same_is_there_only_while_the_worker_starts(manager, qtbot):
    planner = manager.planner
    known_plans.save(WANTED, {"steps": 6})
    told: list[Any] = []
    planner.recalled.connect(lambda known: told.append(("recalled", known["steps"])))
    planner.planned.connect(lambda plan: told.append(("planned", plan["steps"])))
    assert not planner.is_starting
    planner.plan(WANTED)
    assert planner.is_starting
    # The warm worker waits for its answer.
    assert not manager._can_afford_warm_worker()
    qtbot.waitUntil(lambda: len(told) == 2, timeout=WAIT)
    assert told == [("recalled", 6), ("planned", 7)]
    assert not planner.is_starting

    known_plans.save(WANTED, {"steps": 6})
    with qtbot.waitSignal(planner.planned, timeout=WAIT):
        planner.plan(WANTED)
    assert told[2:] == [("planned", 7)]
