"""One job in hand: what an earlier one still says is nobody's, also what was under way when it was given up."""

import pytest
from PySide6.QtCore import QObject, Signal

from engine.api import AppError, Ending
from gui.workers.active_job import InHand
from gui.workers.engine_thread import EngineThread


class Thread(QObject):
    """Says what an engine thread says when a test asks it to."""

    events = Signal(object)
    ended = Signal(object)
    result = Signal(object)
    failed = Signal(object)
    finished = Signal()
    tell = EngineThread.tell

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


def taken(in_hand, heard, name):
    thread = Thread()
    in_hand.take(
        thread,
        lambda ending: heard.append((name, ending.outcome, bool(in_hand))),
        events=lambda events: heard.append((name, events)),
    )
    return thread


def test_the_end_of_a_job_is_heard_when_it_is_in_hand_no_longer(listener, heard):
    in_hand = InHand(listener)
    assert not in_hand
    thread = taken(in_hand, heard, "one")
    assert in_hand.thread is thread

    thread.events.emit([1])
    thread.ended.emit(Ending("completed", "", ""))
    thread.events.emit([2])
    assert heard == [("one", [1]), ("one", "completed", False)]


def test_another_job_takes_the_place_of_the_first(listener, heard):
    in_hand = InHand(listener)
    first = taken(in_hand, heard, "one")
    second = taken(in_hand, heard, "two")

    first.events.emit([1])
    first.ended.emit(Ending("completed", "", ""))
    second.events.emit([2])
    assert heard == [("two", [2])]
    assert in_hand.thread is second
    assert not first.sent


def test_a_job_that_is_given_up_is_asked_to_end_and_nothing_more_is_heard(listener, heard):
    in_hand = InHand(listener)
    thread = taken(in_hand, heard, "one")

    # A disk that is full keeps nobody from giving a job up.
    assert in_hand.give_up("quit")
    assert not in_hand.give_up()
    thread.events.emit([1])
    thread.ended.emit(Ending("stopped", "", ""))
    assert thread.sent == ["quit"]
    assert not heard
