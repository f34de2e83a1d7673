"""A worker that answers when whoever asked is gone."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import shiboken6
from PySide6.QtCore import QObject

from engine.api import Ending, Job, StorageError
from gui.pages.data.page import DataPage
from gui.pages.data.report import Checker
from gui.pages.labelling.labelling_controller import Reader
from gui.pages.labelling.page import LabellingPage
from gui.pages.playground.page import PlaygroundPage
from gui.workers.download_prompt import DownloadPrompt
from gui.workers.engine_thread import ActiveJob, EngineThread
from gui.workers.worker_manager import WorkerManager
from tests.helpers.repository import ROOT

GUI = ROOT / "gui"
# Who follows a job as long as there is a window, and the door to it.
OWNERS = {"engine.py", "engine_thread.py", "run_model.py", "summarizer.py"}
CONNECTS = re.compile(r"\b(?:thread|job)\.(?:events|result|failed|ended|finished)\.connect\b")

Asked = tuple[WorkerManager, EngineThread]


@pytest.fixture
def asked(home, qtbot, monkeypatch, tmp_path) -> Iterator[Asked]:
    """An engine, and the thread of whatever it is asked, which says what the test lets it say."""
    manager = WorkerManager()
    folder = tmp_path / "job"
    folder.mkdir()
    thread = EngineThread(Job(folder), parent=manager)
    monkeypatch.setattr(manager, "ask", lambda *_arguments, **_named: thread)
    yield manager, thread
    manager.leave()


def answer(thread: EngineThread, result: dict[str, Any]) -> None:
    thread.events.emit([{"event": "stage_progressed", "done": 1, "total": 2, "unit": "rows"}])
    thread.result.emit(result)
    thread.failed.emit(Ending("failed", "There is none."))
    thread.ended.emit(Ending("failed", "There is none."))


@pytest.mark.parametrize("page_class", [DataPage, LabellingPage, PlaygroundPage])
def test_an_answer_that_comes_when_its_page_is_gone_is_nobodys(page_class: Any, asked, qtbot):
    manager, thread = asked
    page = page_class(manager)
    page.shown()
    shiboken6.delete(page)
    with qtbot.captureExceptions() as raised:
        answer(thread, {"models": [{"id": "starter"}]})
    assert not raised


def check_data(manager: WorkerManager, parent: QObject) -> None:
    Checker(manager, parent).check({"source": "a.csv"}, "")


def read_source(manager: WorkerManager, parent: QObject) -> None:
    Reader(manager, parent).read({"source": "a.csv"}, "")


def ask_the_price(manager: WorkerManager, parent: QObject) -> None:
    DownloadPrompt(manager, parent).request("work", [{"id": "some/model"}])


@pytest.mark.parametrize("ask", [check_data, read_source, ask_the_price])
def test_an_answer_that_comes_too_late_is_nobodys(
    ask: Callable[[WorkerManager, QObject], None], asked, qtbot
):
    manager, thread = asked
    parent = QObject()
    ask(manager, parent)
    shiboken6.delete(parent)
    with qtbot.captureExceptions() as raised:
        answer(thread, {"set": "s", "left_out": {}, "brought": 0, "missing_bytes": 5})
    assert not raised


def test_a_job_is_given_up_also_on_a_full_disk_and_nothing_more_is_heard_of_it(asked, monkeypatch):
    def full(_command: str) -> None:
        raise StorageError("The disk is full.", "")

    _, thread = asked
    monkeypatch.setattr(thread, "send", full)
    listener, heard = QObject(), []
    active_job = ActiveJob(listener)
    active_job.take(thread, heard.append, events=heard.append)
    assert active_job.cancel("quit")
    assert not active_job.cancel()
    answer(thread, {})
    assert heard == []


def test_pages_hear_of_their_jobs_by_no_other_way():
    files = [file for file in GUI.rglob("*.py") if file.name not in OWNERS]
    found = [
        f"{file.relative_to(GUI)}:{number}"
        for file in files
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if CONNECTS.search(line)
    ]
    assert len(files) > 100
    assert not found
