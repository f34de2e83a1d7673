"""What the window's tests share: an application in its style."""

import gc
import random
from weakref import WeakSet

import pytest
from PySide6.QtCore import QLocale, QThread
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from gui.look import fonts, language, style
from gui.look.stylesheet import style_sheet
from gui.look.tokens import LIGHT
from tests.helpers.background import wait_for
from tests.helpers.scripted_manager import end
from tests.helpers.story_window import StoryWindow
from tests.helpers.train_stage import Stage

# The limit of the test is the limit: pytest-qt's own five seconds are too few where other programs compute.
for wait in (QtBot.waitSignal, QtBot.waitSignals, QtBot.waitUntil):
    (wait.__kwdefaults__ or {})["timeout"] = 240_000

GRACE_MILLISECONDS = 240_000
_started = WeakSet()


def _noted(thread, *priority, start=QThread.start):
    _started.add(thread)
    start(thread, *priority)


@pytest.fixture(autouse=True)
def _no_thread_left(monkeypatch):
    """Fail a test that leaves a running QThread behind."""
    monkeypatch.setattr(QThread, "start", _noted)
    yield
    left = [each for each in list(_started) if isValid(each) and not each.wait(GRACE_MILLISECONDS)]
    assert not left, f"the test left running: {left}"


class Bot(QtBot):
    """pytest-qt's, with calls that return the widget."""

    def add(self, widget):
        """Close it with the test."""
        self.addWidget(widget)
        return widget

    def place(self, widget, width, height):
        """Show it in a size until the end of the test."""
        self.add(widget).resize(width, height)
        widget.show()
        return widget

    def show(self, widget):
        """Show it until the end of the test."""
        with self.waitActive(widget):
            self.add(widget).show()
        return widget

    def wait(self, ms):
        """Wait longer with --lag: `waitUntil` then looks twice a second, and misses what doesn't last."""
        super().wait(max(ms, random.randint(200, 700)) if self._request.config.getoption("lag") else ms)


@pytest.fixture
def qtbot(qapp, request):
    return Bot(request)


@pytest.fixture(scope="module", autouse=True)
def _garbage_freed_in_gui_thread():
    """As in the window (gui/app.py): else a test's thread, or a later test's, destroys widgets."""
    gc.disable()
    yield
    gc.collect()
    gc.enable()


@pytest.fixture(autouse=True)
def _unstyled(request):
    """Take away the style sheet, colours and text size that a test before has set, for tests not about looks.

    With a style sheet a page takes more than twice as long to make.
    """
    if "styled" not in request.fixturenames and (app := QApplication.instance()) and app.styleSheet():
        if (style._State.scheme, fonts._State.text_scale) != ("light", 1.0):
            style.apply(app, "light")
        app.setStyleSheet("")


@pytest.fixture
def styled(qapp):
    """Style the application light, whatever the test before left; returns it.

    Styling it anew takes longer than many tests, so that an application that is styled so already is left alone.
    """
    state = (style._State.scheme, style._State.tokens, fonts._State.text_scale, qapp.styleSheet())
    if state != ("light", LIGHT, 1.0, style_sheet(LIGHT, fonts.px)):
        style.apply(qapp, "light")
    return qapp


@pytest.fixture
def stage(request, qtbot, home):
    """The module's Stage, or a train page: a page, and the engine whose workers follow scripts."""
    made = getattr(request.module, "Stage", Stage)(qtbot)
    yield made
    end(made.manager)
    wait_for(made.page)


@pytest.fixture
def make_story(qtbot, home):
    """Return a function that makes windows whose workers of some kinds are real and the others follow scripts."""
    made = []

    def make(*real):
        made.append(StoryWindow(qtbot, real))
        return made[-1]

    yield make
    for each in made:
        each.close_all()


@pytest.fixture
def story(make_story):
    """Windows whose workers all follow scripts."""
    return make_story()


@pytest.fixture
def speak(qapp):
    """Let the window speak a language; put back what was."""
    before = QLocale()
    yield language.speak
    language.speak(language.ENGLISH)
    QLocale.setDefault(before)


@pytest.fixture
def german(speak):
    speak("de")
