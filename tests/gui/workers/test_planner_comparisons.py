"""Plans to compare: one after another behind the plan of the form, and each with its key."""

from __future__ import annotations

import pytest

from engine.api import recipe
from gui.workers import planner as planners
from tests.helpers.scripted_manager import end, scripted_manager
from tests.helpers.train_stage import BASICS, PLAN, WAIT


def wanted(name: str, **training: object):
    return recipe.from_tables(BASICS | {"name": name, "training": training})


@pytest.fixture
def manager(qtbot, home, monkeypatch):
    monkeypatch.setattr(planners, "DEBOUNCE_MILLISECONDS", 1)
    monkeypatch.setattr(planners, "IDLE_MILLISECONDS", 1)
    made = scripted_manager(lambda _job: [["answer", PLAN]])
    yield made
    end(made)


def test_plans_to_compare_come_behind_the_forms_plan_each_with_its_key_the_newest_only(manager, qtbot):
    planner, seen = manager.planner, []
    planner.planned.connect(lambda _plan: seen.append("planned"))
    planner.compared.connect(lambda key, plan: seen.append((key, plan["steps"])))
    planner.compare({"replaced": wanted("replaced")})
    planner.compare({"a": wanted("a"), "b": wanted("b", epochs=3)})
    planner.plan(wanted("form"))
    qtbot.waitUntil(lambda: len(seen) == 3, timeout=WAIT)
    assert seen == ["planned", ("a", PLAN["steps"]), ("b", PLAN["steps"])]
