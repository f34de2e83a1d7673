"""A walk over all pages, a finished run and the settings: in no look anything is cut off, covered or out of reach.

`python -m tests.benchmarks.walk FOLDER` goes through every look and keeps the pictures.
"""

import pytest
from PySide6.QtCore import Qt

from engine.api import run_store
from gui.dialogs.settings_dialog import SettingsDialog
from gui.look import style
from gui.shell.rooms import VIEWS
from tests.helpers.layout_problems import layout_problems
from tests.helpers.whole_window import close, fill_home, make_window

LEFT, RIGHT = Qt.LayoutDirection.LeftToRight, Qt.LayoutDirection.RightToLeft


@pytest.fixture
def direct(qapp):
    yield qapp.setLayoutDirection
    qapp.setLayoutDirection(LEFT)


@pytest.mark.slow("gui/", "resources/languages/", quick=1)
@pytest.mark.parametrize(
    ("code", "scheme", "scale", "size", "direction"),
    [("de", "dark", 2.0, (1024, 700), LEFT), ("en", "light", 1.0, (1440, 900), RIGHT)],
    ids=["german-200-percent", "right-to-left"],
)
def test_every_page_can_be_read(speak, direct, qapp, qtbot, home, code, scheme, scale, size, direction):
    speak(code)
    style.apply(qapp, scheme, scale)
    direct(direction)
    fill_home()
    window = make_window(planned=True)
    window.resize(*size)
    window.show()

    def can_be_read(page):
        # A plan may fill the page just before it is looked at, whose layout then comes later.
        def none_is_left():
            assert layout_problems(page) == []

        qtbot.wait(50)
        qtbot.waitUntil(none_is_left)

    for key in VIEWS:
        can_be_read(window.show_built(key))
    train = window.show_built("train")
    train.open_run(run_store.list_jobs()[0].id)
    can_be_read(train)
    settings = SettingsDialog(window.preferences, window)
    settings.show()
    can_be_read(settings)
    assert (window.width(), window.height()) == size
    close(window)
