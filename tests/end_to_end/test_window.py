"""The window on a real display (Xvfb): it appears, a click on Start trains, the page shows how it went."""

import json
import os
import subprocess
import sys
import textwrap

import pytest

from engine.config import recipe as recipes
from engine.system import ranks
from tests.helpers.programs import needs
from tests.helpers.repository import ROOT
from tests.helpers.tiny_runs import tiny_recipe

# Real clicks by Qt itself: press and release are sent to the window that the X server shows.
SCRIPT = """
    import json, sys
    from PySide6.QtCore import QPoint, QTimer, Qt
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QApplication
    from engine.api import recipe
    from gui.workers.worker_manager import WorkerManager
    from gui.look import style
    from gui.main_window import MainWindow
    from gui.core.preferences import Preferences

    application = QApplication([])
    style.apply(application, "light")
    manager = WorkerManager()
    window = MainWindow(manager, Preferences())
    window.show()
    QTest.qWaitForWindowExposed(window)
    page = window.show_built("train")
    page.edit(recipe.loads(sys.argv[1]), "For a test")
    seen = {"platform": application.platformName()}

    def click(widget):
        place = widget.mapTo(window, widget.rect().center())
        QTest.mouseClick(window.windowHandle(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)

    def ended(ending):
        seen.update(outcome=ending.outcome, message=ending.message, title=page.header.title())
        seen["card"] = page.run_view.card.accessibleName()
        seen["saved"] = window.grab().save(sys.argv[2])
        manager.leave()
        application.exit(0)

    def started(model):
        model.ended.connect(lambda ending: QTimer.singleShot(300, lambda: ended(ending)))

    manager.run_started.connect(started)
    QTimer.singleShot(500, lambda: click(page.panel.start_button))
    code = application.exec()
    print(json.dumps(seen))
    sys.exit(code)
"""


@pytest.mark.slow("engine/jobs/", "gui/main_window", "gui/workers/", "main.py")
@pytest.mark.end_to_end
@pytest.mark.torch
@needs("xvfb-run", "xvfb")
def test_a_click_on_start_in_a_real_window_trains(home, tmp_path):
    made = recipes.dumps(tiny_recipe(tmp_path, "t5", "lora", "name=A quick run", "training.epochs=1"))
    picture = tmp_path / "window.png"
    known = os.environ | {"TUNESMITH_HOME": str(home), "QT_QPA_PLATFORM": "xcb", "PYTHONPATH": str(ROOT)}
    # A worker that waits for a run would have another process ready, of which a model so small has no use.
    known[ranks.COUNT] = "1"
    program = [sys.executable, "-c", textwrap.dedent(SCRIPT), made, str(picture)]
    done = subprocess.run(
        ["xvfb-run", "--auto-servernum", "--server-args=-screen 0 1440x900x24", *program], cwd=ROOT,
        env=known, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout.splitlines()[-1])
    assert seen["platform"] == "xcb"
    assert seen["outcome"] == "completed", seen
    assert seen["title"] == "A quick run"
    assert seen["card"]
    assert seen["saved"]
    assert picture.stat().st_size > 10_000
