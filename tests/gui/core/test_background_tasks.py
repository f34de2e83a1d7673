import gc
import weakref

import pytest

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
