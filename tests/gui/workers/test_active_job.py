"""One job in hand: what an earlier one still says is nobody's, also what was under way when it was given up."""

import pytest
from PySide6.QtCore import QObject, Signal

from engine.api import AppError, Ending
from gui.workers.active_job import ActiveJob
from gui.workers.engine_thread import EngineThread


class Thread(QObject):
    """Says what an engine thread says when a test asks it to."""

    events = Signal(object)
    ended = Signal(object)
    result = Signal(object)
    failed = Signal(object)
    finished = Signal()
    subscribe = EngineThread.subscribe

    def __init__(self):
        super().__init__()
        self.sent = []

    def send(self, command):
        self.sent.append(command)
        raise AppError("The disk is full.", "")


@pytest.fixture
def heard():
    return []


@pytest.fixture
def listener(qtbot):
    return QObject()


def taken(active_job, heard, name):
    thread = Thread()
    active_job.take(
        thread,
        lambda ending: heard.append((name, ending.outcome, bool(active_job))),
        events=lambda events: heard.append((name, events)),
    )
    return thread


def test_the_end_of_a_job_is_heard_when_it_is_in_hand_no_longer(listener, heard):
    active_job = ActiveJob(listener)
    assert not active_job
    thread = taken(active_job, heard, "one")
    assert active_job.thread is thread

    thread.events.emit([1])
    thread.ended.emit(Ending("completed", "", ""))
    thread.events.emit([2])
    assert heard == [("one", [1]), ("one", "completed", False)]


def test_another_job_takes_the_place_of_the_first(listener, heard):
    active_job = ActiveJob(listener)
    first = taken(active_job, heard, "one")
    second = taken(active_job, heard, "two")

    first.events.emit([1])
    first.ended.emit(Ending("completed", "", ""))
    second.events.emit([2])
    assert heard == [("two", [2])]
    assert active_job.thread is second
    assert not first.sent


def test_a_job_that_is_given_up_is_asked_to_end_and_nothing_more_is_heard(listener, heard):
    active_job = ActiveJob(listener)
    thread = taken(active_job, heard, "one")

    # A disk that is full keeps nobody from giving a job up.
    assert active_job.cancel("quit")
    assert not active_job.cancel()
    thread.events.emit([1])
    thread.ended.emit(Ending("stopped", "", ""))
    assert thread.sent == ["quit"]
    assert not heard
