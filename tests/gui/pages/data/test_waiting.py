"""While data is waited for: how long a check still takes, and that what the hub does not answer can be given up."""

from __future__ import annotations

import pytest

from gui.pages.data.page import DataPage
from gui.workers.worker_manager import WorkerManager
from tests.helpers import scripted_worker


def silent(job) -> list[str]:
    scripted_worker.give_script(job, [["wait_for_stop", 30]])
    return scripted_worker.command(job)


@pytest.fixture
def page(qtbot, home, styled):
    manager = WorkerManager(silent)
    made = DataPage(manager)
    qtbot.addWidget(made)
    made.show()
    yield made
    manager.leave()


def test_asking_the_hub_can_be_cancelled_and_is_when_another_source_is_named(page):
    page.open("someone/talk")
    question = page.parts.question
    assert "Asking the hub about someone/talk" in question.text()
    assert question.action_button().text() == "Cancel"
    question.action_button().click()
    assert not question.isVisible()
    assert not page._downloads.is_busy
    page.open("someone/talk")
    assert page._downloads.is_busy
    page.parts.source.set_source("someone/else")
    assert not page._downloads.is_busy


def test_a_check_says_how_long_it_still_takes(page):
    entered = {"event": "stage_entered", "stage": "check_rows", "clock": 1.0}
    progress = {"event": "stage_progressed", "done": 0, "total": 9000, "unit": "rows", "clock": 1.0}
    page.checker._follow([entered, progress, progress | {"done": 1000, "clock": 21.0}])
    busy = page.parts.source.busy
    assert busy.accessibleName() == "Checking the conversations 1,000 of 9,000 rows, about 3 min left"
