import gc
import sys
import threading
import weakref

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject

from engine.errors import AppError
from gui.core.background_tasks import BackgroundTasks


class Known:
    """Something that a job knows, makes or is told."""


@pytest.fixture
def background(qtbot):
    made = BackgroundTasks()
    yield made
    made.wait()


def test_results_come_in_the_order_in_which_jobs_were_given(background, qtbot):
    received = []
    for number in range(5):
        background.run(lambda number=number: number, received.append)
    qtbot.waitUntil(lambda: len(received) == 5)
    assert received == list(range(5))


def test_what_fails_is_told_to_whom_it_concerns(background, qtbot):
    received = []

    def fail():
        raise AppError("It is gone.")

    background.run(fail, received.append)
    background.run(fail, lambda _: None, lambda error: received.append(error.message))
    background.run(lambda: "next", received.append)
    qtbot.waitUntil(lambda: "next" in received)
    assert received == ["It is gone.", "next"]


def test_nothing_stays_of_a_job_that_was_done(background, qtbot):
    seen = []

    def one():
        known = Known()
        seen.append(weakref.ref(known))

        def work():
            made = Known()
            seen.append(weakref.ref(made))
            return known, made

        background.run(work, lambda _: received.append(True))

    received = []
    for _ in range(3):
        one()
    qtbot.waitUntil(lambda: len(received) == 3)
    background.wait()
    gc.collect()

    assert len(seen) == 6
    assert [each() for each in seen] == [None] * 6


def test_what_owns_a_task_goes_while_it_is_done_and_nobody_waits_for_it(qtbot):
    owner, begun, may_end = QObject(), threading.Event(), threading.Event()
    tasks = BackgroundTasks(owner)

    def work():
        begun.set()
        may_end.wait()

    tasks.run(work, print)
    assert begun.wait(60)
    owner.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    done = []
    others = BackgroundTasks()
    others.run(lambda: 1, done.append)
    qtbot.waitUntil(lambda: done == [1])
    may_end.set()


def test_an_owner_may_be_deleted_at_the_moment_at_which_a_task_ends(qtbot):
    """Deleted from under a thread that emitted its signal, it crashed once in some thousand times."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(10_000):
            owner, may_end = QObject(), threading.Event()
            BackgroundTasks(owner).run(may_end.wait, print)
            owner.deleteLater()
            may_end.set()
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    finally:
        sys.setswitchinterval(interval)
