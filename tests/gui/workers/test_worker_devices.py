"""The window's long-lived workers each hold one device; a request for another one gets a worker of its own."""

from __future__ import annotations

from typing import Any

import pytest

from engine.api import Job, SummarizeOptions, recipe
from gui.workers.summarizer import ConversationInput, Request
from gui.workers.worker_manager import WorkerManager
from tests.helpers import scripted_summarizer, scripted_worker
from tests.helpers.scripted_manager import end

WAIT = 20_000
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
    return recipe.from_tables(
        {
            "base_model": STARTER,
            "data": {"source": "sample"},
            "method": {"id": "lora"},
            "training": {"device": device},
        }
    )


def test_a_plan_for_another_device_is_made_by_another_worker(jobs, qtbot):
    for device in ("auto", "auto", "cuda:1", "cpu"):
        with qtbot.waitSignal(jobs.manager.planner.planned, timeout=WAIT) as planned:
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
            summarizer.events,
            timeout=WAIT,
            check_params_cb=lambda events: events[-1]["event"] == "request_finished",
        ):
            summarizer.summarize(STARTER, request)

    assert jobs.started == [("summarize", "auto"), ("summarize", "cuda:1")]
