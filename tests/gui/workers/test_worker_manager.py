import gc
import weakref
from typing import Any

import pytest
from PySide6.QtTest import QTest

from engine.api import Job, SummarizeOptions, paths, recipe, run_store
from engine.jobs.job import SentTo
from gui.workers.engine_thread import EngineThread
from gui.workers.summarizer import ConversationInput, Request
from gui.workers.worker_manager import WorkerManager
from tests.helpers import scripted_summarizer, scripted_worker
from tests.helpers.scripted_manager import end, scripted_manager
from tests.helpers.train_stage import BASICS

STARTER = {"id": "starter"}


class Jobs:
    """A manager whose jobs are recorded with their kind and device."""

    def __init__(self) -> None:
        self.started: list[tuple[str, str]] = []
        self.manager = WorkerManager(self._command)

    def _command(self, job: Job) -> list[str]:
        request = job.request()
        self.started.append((request["kind"], request.get("device", "")))
        if request["kind"] == "summarize":
            return scripted_summarizer.command(job)
        scripted_worker.give_script(job, [["answer", {}]])
        return scripted_worker.command(job)


@pytest.fixture
def jobs(qtbot, home):
    made = Jobs()
    yield made
    end(made.manager)


def wanted(device: str) -> Any:
    return recipe.from_tables(BASICS | {"training": {"device": device}})


def test_a_plan_for_another_device_is_made_by_another_worker(jobs, qtbot):
    for device in ("auto", "auto", "cuda:1", "cpu"):
        with qtbot.waitSignal(jobs.manager.planner.planned) as planned:
            jobs.manager.planner.plan(wanted(device))
        assert planned.args[0]["asked"]["training"].get("device", "auto") == device
    assert jobs.started == [("plan", "auto"), ("plan", "cuda:1"), ("plan", "cpu")]


def test_summaries_are_written_on_the_device_of_the_recipe_in_the_form(jobs, qtbot):
    summarizer, request = (
        jobs.manager.summarizer,
        Request(ConversationInput("A: Hi"), (None,), SummarizeOptions()),
    )
    for device in ("auto", "cuda:1", "cuda:1"):
        jobs.manager.suit_device(device)
        with qtbot.waitSignal(
            summarizer.events, check_params_cb=lambda events: events[-1]["event"] == "request_finished"
        ):
            summarizer.summarize(STARTER, request)
    assert jobs.started == [("summarize", "auto"), ("summarize", "cuda:1")]


class Scripts:
    """An engine whose workers follow the script set here for their kind."""

    def __init__(self) -> None:
        self.by_kind: dict[str, list[Any]] = {}
        self.manager = scripted_manager(self._script)

    def _script(self, job: Job) -> list[Any]:
        return self.by_kind.get(job.request()["kind"], [])


@pytest.fixture
def scripts(qtbot, home):
    made = Scripts()
    yield made
    end(made.manager)


def test_a_stop_that_a_dead_worker_never_took_does_not_stop_the_next(scripts, qtbot):
    scripts.by_kind["train"] = [["deaf", None]]
    model = scripts.manager.start_run(recipe.from_tables(BASICS))
    qtbot.waitUntil(lambda: model.state.attempt == 1)
    model.stop()
    model.force()
    qtbot.waitUntil(lambda: not model.running)
    scripts.by_kind["train"] = [["steps", {"count": 3, "per_second": 5}]]
    second = scripts.manager.resume(model.id)
    qtbot.waitUntil(lambda: not second.running)
    assert second.ending.outcome == "completed"


def test_a_short_job_answers_and_leaves_nothing_behind(scripts, qtbot):
    scripts.by_kind["check_data"] = [["emit", {"event": "result_made", "result": {"answer": 42}}]]
    thread = scripts.manager.ask("check_data", {"data": {}})
    assert not scripts.manager.device_text()
    results: list[dict] = []
    thread.result.connect(results.append)
    with qtbot.waitSignal(thread.ended):
        pass
    thread.wait()
    assert results == [{"answer": 42}]
    assert list(paths.jobs_folder().iterdir()) == []


def test_a_job_that_computes_has_the_device_until_it_ends(scripts, qtbot):
    kind = "export"
    scripts.by_kind[kind] = [["wait_for_stop", None]]
    thread = scripts.manager.ask(kind)
    assert "using the device" in scripts.manager.device_text()
    assert scripts.manager.device_text(apart_from=kind) == ""
    with qtbot.waitSignal(scripts.manager.device_changed):
        thread.stop()
    assert scripts.manager.device_text() == ""


def test_the_planner_answers_for_the_newest_recipe_rests_during_a_run_and_says_if_it_dies(scripts, qtbot):
    scripts.by_kind |= {
        "plan": [["answer", {"steps": 7}]],
        "train": [["steps", {"count": 3, "per_second": 100}]],
    }
    plans: list[dict] = []
    planner = scripts.manager.planner
    planner.planned.connect(plans.append)
    for rank in (1, 2, 3):
        planner.plan(recipe.from_tables(BASICS | {"method": {"id": "lora", "rank": rank}}))
    qtbot.waitUntil(lambda: bool(plans))
    assert [plan["asked"]["method"]["rank"] for plan in plans] == [3]

    for count in (2, 3):
        model = scripts.manager.start_run(recipe.from_tables(BASICS))
        qtbot.waitUntil(lambda model=model: not model.running)
        if count == 3:
            scripts.by_kind["plan"] = [["abort", None]]
            with qtbot.waitSignal(planner.unavailable) as blocker:
                planner.plan(recipe.from_tables(BASICS))
            assert blocker.args[0].outcome == "crashed"
        else:
            planner.plan(recipe.from_tables(BASICS))
            qtbot.waitUntil(lambda: len(plans) == 2)


def test_what_has_ended_and_nobody_shows_is_forgotten(scripts, qtbot):
    scripts.by_kind["train"] = [["steps", {"count": 3, "per_second": 100}]]
    shown = [scripts.manager.start_run(recipe.from_tables(BASICS))]
    qtbot.waitUntil(lambda: not shown[0].running)
    shown.append(scripts.manager.replay(shown[0].job))
    qtbot.waitUntil(lambda: not shown[1].running)
    qtbot.waitUntil(lambda: not scripts.manager.findChildren(EngineThread))
    gone = [weakref.ref(model) for model in shown]
    shown.clear()
    # What is to be deleted goes with the event loop.
    QTest.qWait(50)
    gc.collect()
    assert [each() for each in gone] == [None, None]


FOUND = {"devices": [{"id": "cpu"}]}


def test_the_devices_are_asked_for_once_until_they_are_wanted_anew(scripts, qtbot):
    scripts.by_kind["devices"] = [["emit", {"event": "result_made", "result": FOUND}]]
    devices, told = scripts.manager.devices, []
    devices.found.connect(told.append)
    with qtbot.waitSignal(devices.found):
        devices.want()
        devices.want()
    scripts.by_kind["devices"] = [["fail", {"message": "No torch."}]]
    devices.want()
    assert told == [FOUND, FOUND]
    with qtbot.waitSignal(devices.failed) as failed:
        devices.want(anew=True)
    assert failed.args[0].message == "No torch."


def test_devices_that_were_given_up_are_asked_for_by_whoever_wants_them_next(scripts, qtbot):
    scripts.by_kind["devices"] = [["deaf", None]]
    devices = scripts.manager.devices
    devices.want()
    assert devices.cancel()
    scripts.by_kind["devices"] = [["emit", {"event": "result_made", "result": FOUND}]]
    with qtbot.waitSignal(devices.found) as found:
        devices.want()
    assert found.args == [FOUND]


def test_nothing_is_begun_once_the_window_has_left(scripts, qtbot):
    scripts.manager.leave()
    thread = scripts.manager.ask("devices")
    with qtbot.waitSignal(thread.finished):
        pass
    assert thread.pid is None


def test_a_run_that_goes_on_elsewhere_is_found_and_followed_unless_offline(scripts, qtbot, monkeypatch):
    scripts.by_kind["train"] = [["steps", {"count": 2, "per_second": 50}]]
    job = run_store.create_run(recipe.from_tables(BASICS), "blue")
    assert scripts.manager.find_run_elsewhere() is None
    job.note_sent(SentTo("blue", job.id))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert scripts.manager.find_run_elsewhere() is None
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    assert scripts.manager.find_run_elsewhere() == job
    model = scripts.manager.resume(job.id)
    assert scripts.manager.current is model
    assert not model.holds_device
    assert scripts.manager.device_text() == ""
    qtbot.waitUntil(lambda: not model.running)
