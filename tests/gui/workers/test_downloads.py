"""What comes from the hub is shown on the program's icon, whichever worker fetches it; what is read locally is not."""

import pytest
from PySide6.QtCore import QObject

from gui.workers.worker_manager import Downloads


def entered(stage):
    return {"event": "stage_entered", "stage": stage}


def progressed(done, unit="bytes", total=400):
    return {"event": "stage_progressed", "done": done, "total": total, "unit": unit}


class Thread(QObject):
    """Stands for the thread of a job: says by hand what its worker tells."""

    def subscribe(self, _listener, *, events, finished):
        self.says, self.ends = events, finished


@pytest.fixture
def downloads(qapp):
    made = Downloads()
    made.told = []
    made.changed.connect(lambda: made.told.append(made.share))
    return made


@pytest.fixture
def thread(downloads):
    made = Thread()
    downloads.follow(made)
    return made


def test_a_base_model_is_followed_until_all_of_it_is_here_and_what_began_first_is_shown(downloads, thread):
    thread.says([entered("load_base")])
    thread.says([progressed(0), progressed(100)])
    thread.says([progressed(300)])
    thread.says([progressed(400)])
    assert downloads.told == [0.25, 0.75, None]
    downloads.told.clear()
    other = Thread()
    downloads.follow(other)
    thread.says([entered("load_base"), progressed(100)])
    other.says([entered("load_base"), progressed(300)])
    assert downloads.share == 0.25
    thread.ends()
    assert downloads.share == 0.75
    other.ends()
    assert downloads.told == [0.25, 0.75, None]


def test_nothing_else_is_taken_for_it(downloads):
    for events in (
        [entered("read_data"), progressed(100)],
        [entered("evaluate"), progressed(3, "summaries")],
        [entered("load_base"), progressed(3, "summaries")],
        [entered("load_base"), progressed(None)],
        [entered("load_base"), progressed(0, total=0)],
        [entered("load_base"), progressed(100), entered("read_data")],
        [progressed(100)],
    ):
        thread = Thread()
        downloads.follow(thread)
        thread.says(events)
        assert downloads.told == [], events


def test_the_icon_shows_what_is_fetched(story, monkeypatch):
    script = [["emit", entered("load_base")], ["emit", progressed(100)], ["wait_for_stop", None]]
    story.scripts["evaluate"] = script
    window, sent = story.open("library"), []
    monkeypatch.setattr(window.taskbar, "send", sent.append)
    thread = window.manager.ask("evaluate", {})
    story.until(lambda: sent == [{"progress": 0.25, "progress-visible": True}])
    thread.force()
    story.until(lambda: sent[1:] == [{"progress-visible": False}])
