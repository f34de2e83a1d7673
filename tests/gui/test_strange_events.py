"""The events of a run with anything in the place of anything, live and from the disk: passed over, with a notice."""

import json
import math
import random
from itertools import zip_longest
from typing import Any

import pytest
from PySide6.QtCore import Qt

from engine import report
from engine.api import Ending, create_job
from engine.jobs.event_schema import DAMAGED, SCHEMAS, validated
from engine.jobs.events import decode, read_all
from engine.jobs.job import Job
from engine.report.run_page import render
from engine.runs import run_store
from engine.runs.run_summaries import read_entry
from gui.models.grouped_table import CELL_ROLE
from gui.models.run_table import RunTable
from gui.pages.train.run_view import RunView
from gui.workers.engine_thread import EngineThread
from gui.workers.run_model import RunModel
from tests.helpers import repository, scripted_worker
from tests.helpers.corrupted_values import corruptions, key_paths
from tests.helpers.homes import add_run, make_recipe

GOLDEN = repository.GOLDEN / "events_v1.jsonl"
PLAN = {
    "changes": {"training.micro_batch_tokens": 1024}, "memory_bytes": 7_700_000_000, "memory_change": -0.378,
    "time_change": 0.061, "rows": 4,
}  # fmt: skip
Events = list[dict[str, Any]]


@pytest.fixture
def run_events() -> Events:
    """The events of a run, with those of one that memory does not suffice for: they were added to a run's later."""
    *run, ended = read_all(GOLDEN)
    facts = {
        "v": 1, "time": ended["time"], "run": ended["run"], "needed": 9_000_000_000,
        "available": 8_000_000_000,
    }  # fmt: skip
    probed = {"event": "memory_probed", "planned": 8_500_000_000, "seconds": 1.5, "examples": 8, "rows": 4}
    exceeded = {"event": "memory_exceeded", "step": 3, "batch_size": 8, "rows": 4, "plans": [PLAN]}
    return [*run, facts | probed, facts | exceeded, ended]


@pytest.fixture
def job(home) -> Job:
    return add_run()


def last_of_each(run_events: Events) -> dict[str, int]:
    return {event["event"]: index for index, event in enumerate(run_events)}


def passed_over(model: RunModel) -> bool:
    return any(notice["message"] == DAMAGED for notice in model.state.notices)


def read(events: Events) -> Events:
    found = (decode(json.dumps(event).encode()) for event in events)
    return [event for event in found if event is not None]


def is_sound(event: dict[str, Any]) -> bool:
    """Tell whether a reader passes an event on, and takes it in."""
    return all(validated(found) is found for found in read([event]))


class AllViews:
    """All that shows a run which was: its row of the list, its page, its report."""

    def __init__(self, qtbot, job: Job) -> None:
        self.job, self.table, self.view = job, RunTable(), RunView()
        qtbot.addWidget(self.view)
        self._thread = EngineThread(job, attach=True)

    def show(self, events: Events) -> RunModel:
        """Show the run as told by `events`, and return it as the window has it."""
        self.job.events_path.write_text(
            "".join(json.dumps(event) + "\n" for event in events), encoding="utf-8"
        )
        entry = read_entry(self.job)
        self.table.put([entry])
        for row in range(self.table.rowCount()):
            for column in range(self.table.columnCount()):
                for role in (CELL_ROLE, Qt.ItemDataRole.AccessibleTextRole):
                    self.table.index(row, column).data(role)
        render(report.gather_run(self.job))
        model = self.live(events)
        self.view.show_run(model)
        return model

    def live(self, events: Events) -> RunModel:
        """Return the run as a window that follows it has it: as one that reads it from the disk."""
        model, events = RunModel(make_recipe(), self._thread), read(events)
        model.apply(events)
        model.ending = Ending(model.state.outcome or "crashed", event=model.state.ended)
        assert model.state == run_store.replay(events)
        return model


def strange_forms(event: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return an event with anything in any one place, in no order, and what was done."""
    chosen = [way for way in key_paths(event) if {"rouge2", "rougeL", "rougeLsum"}.isdisjoint(way)]
    forms = [(f"{event['event']}.{text}", strange) for text, strange in corruptions(event, chosen)]
    return random.Random(event["event"]).sample(forms, len(forms))


@pytest.mark.slow("engine/jobs/", "gui/models/", "gui/pages/train/")
def test_events_with_anything_anywhere_are_shown(qtbot, job, run_events):
    shown = AllViews(qtbot, job)
    assert not passed_over(shown.show(run_events))
    kinds = last_of_each(run_events)
    assert kinds.keys() >= SCHEMAS.keys()
    taken_in = [
        [(index, *form) for form in strange_forms(run_events[index]) if is_sound(form[1])]
        for index in kinds.values()
    ]
    # To show a run takes longest, so one event of each kind is strange at a time.
    for changes in zip_longest(*taken_in):
        events, done = list(run_events), []
        for index, text, strange in filter(None, changes):
            events[index] = strange
            done.append(text)
        try:
            assert not passed_over(shown.show(events))
        except Exception as error:
            error.add_note(", ".join(done))
            raise


def test_events_that_are_not_as_they_should_be_are_passed_over(qtbot, job, run_events):
    shown = AllViews(qtbot, job)
    for index in last_of_each(run_events).values():
        damaged = [form for form in strange_forms(run_events[index]) if not is_sound(form[1])]
        for text, strange in damaged:
            [found] = read([strange])
            assert validated(found)["message"] == DAMAGED, text
        # All of them are that notice to whoever shows the run, whatever was in it.
        for _, strange in damaged[:1]:
            assert passed_over(shown.live([*run_events[:index], strange, *run_events[index + 1 :]]))


def test_the_history_shows_a_run_with_a_damaged_event(qtbot, job, run_events):
    damaged = [event | {"verdict": 3, "loss": [], "step": "x"} for event in run_events]
    assert passed_over(AllViews(qtbot, job).show([*run_events, *damaged]))


def test_damaged_steps_of_a_living_run_leave_a_notice_and_nothing_else(home, tmp_path, qtbot):
    step = {"event": "step_finished", "step": 1, "epoch": 0.1, "loss": 1.0, "learning_rate": 1e-3}
    damages = [{"loss": "1.2"}, {"step": None}, {"loss": math.nan}, {"epoch": []}, {"memory_bytes": "2 GB"}]
    script = [
        ["emit", {"event": "run_started", "total_steps": 3}],
        ["emit", step],
        *(["write", json.dumps(step | {"step": 2, "time": 1.0, "attempt": 1} | each)] for each in damages),
        ["emit", step | {"step": 3}],
    ]
    job = create_job(tmp_path, "train", {"script": script})
    thread = EngineThread(job, niced=False, command=scripted_worker.command(job))
    model = RunModel(make_recipe(), thread)
    with qtbot.waitSignal(model.ended) as blocker:
        thread.start()
    thread.wait()
    assert blocker.args[0].outcome == "completed"
    assert list(model.state.loss.steps) == [1, 3]
    assert [notice["message"] for notice in model.state.notices] == [DAMAGED]
