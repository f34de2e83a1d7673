from typing import Any

import pytest

from engine.api import known_plans, recipe
from gui.workers import planner as planners
from tests.helpers.scripted_manager import end, scripted_manager
from tests.helpers.train_stage import BASICS, PLAN

WANTED = recipe.from_tables(BASICS)


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
    assert not manager.can_afford_warm_worker()
    qtbot.waitUntil(lambda: len(told) == 2)
    assert told == [("recalled", 6), ("planned", 7)]
    assert not planner.is_starting
    known_plans.save(WANTED, {"steps": 6})
    with qtbot.waitSignal(planner.planned):
        planner.plan(WANTED)
    assert told[2:] == [("planned", 7)]


def wanted(name: str, **training: object):
    return recipe.from_tables(BASICS | {"name": name, "training": training})


@pytest.fixture
def eager_manager(qtbot, home, monkeypatch):
    monkeypatch.setattr(planners, "DEBOUNCE_MILLISECONDS", 1)
    monkeypatch.setattr(planners, "IDLE_MILLISECONDS", 1)
    made = scripted_manager(lambda _job: [["answer", PLAN]])
    yield made
    end(made)


def test_plans_to_compare_come_behind_the_forms_plan_each_with_its_key_the_newest_only(eager_manager, qtbot):
    planner, seen = eager_manager.planner, []
    planner.planned.connect(lambda _plan: seen.append("planned"))
    planner.compared.connect(lambda key, plan: seen.append((key, plan["steps"])))
    planner.compare({"replaced": wanted("replaced")})
    planner.compare({"a": wanted("a"), "b": wanted("b", epochs=3)})
    planner.plan(wanted("form"))
    qtbot.waitUntil(lambda: len(seen) == 3)
    assert seen == ["planned", ("a", PLAN["steps"]), ("b", PLAN["steps"])]
