"""Every page in every look: languages, schemes, sizes of text and window, left and right; faults, and pictures.

`python -m tests.benchmarks.walk FOLDER [PART ...]` keeps each page as FOLDER/<page>-<look>.png; parts such as `de dark`
leave out the looks that lack them. QT_SCALE_FACTOR=2 draws all of it for a screen of twice the pixels: with it,
`1920x1080` is a 4K screen.
"""

import itertools
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from engine.runs import run_store
from gui.dialogs.settings_dialog import SettingsDialog
from gui.look import language, style
from gui.main_window import MainWindow
from gui.shell.rooms import VIEWS
from tests.helpers.benchmark_report import show, temporary_home
from tests.helpers.layout_problems import layout_problems
from tests.helpers.whole_window import close, fill_home, make_window

SETTLE_MILLISECONDS = 400
SIZES = {"1024x700": (1024, 700), "1440x900": (1440, 900), "1920x1080": (1920, 1080)}
SCALES = {"1x": 1.0, "2x": 2.0}
SCHEMES = {"light": ("light", "system"), "dark": ("dark", "system"), "high": ("light", "high")}
RIGHT = "right"
LOOKS = (
    *itertools.product(language.LANGUAGES, SCHEMES, SCALES, SIZES, ("left",)),
    *itertools.product(["en"], ["light"], SCALES, SIZES, (RIGHT,)),
    *itertools.product([language.PSEUDO], ["light"], SCALES, SIZES, ("left",)),
    *itertools.product([language.PSEUDO_RIGHT], ["light"], SCALES, SIZES, (RIGHT,)),
)


def main() -> None:
    """Walk, print and keep pictures."""
    os.environ["TUNESMITH_PSEUDO"] = "1"
    folder = Path(sys.argv[1] if sys.argv[1:] else "walk")
    folder.mkdir(parents=True, exist_ok=True)
    wanted = set(sys.argv[2:])
    rows = []
    application = QApplication([])
    for look in LOOKS:
        if wanted <= set(look):
            found = list(_walk(application, look, folder))
            print(*found, sep="\n", flush=True)
            rows.append((" ".join(look), str(len(found)), "0"))
    show("Faults on all pages by look", rows)


def _walk(application: QApplication, look: tuple[str, ...], folder: Path) -> Iterator[str]:
    code, scheme, scale, size, direction = look
    language.speak(code)
    style.apply(application, SCHEMES[scheme][0], SCALES[scale], SCHEMES[scheme][1])
    application.setLayoutDirection(
        Qt.LayoutDirection.RightToLeft if direction == RIGHT else Qt.LayoutDirection.LeftToRight
    )
    with temporary_home():
        fill_home()
        window = make_window(planned=True)
        window.resize(*SIZES[size])
        window.show()
        for key, shown, page in _pages(window):
            QTest.qWait(SETTLE_MILLISECONDS)
            if layout_problems(page):
                # A text that has just come is laid out in the next turn.
                QTest.qWait(SETTLE_MILLISECONDS)
            shown.grab().save(str(folder / f"{key}-{'-'.join(look)}.png"))
            yield from (f"{' '.join(look)}, {key}: {fault}" for fault in layout_problems(page))
        close(window)


def _pages(window: MainWindow) -> Iterator[tuple[str, QWidget, QWidget]]:
    """Show each page, a finished run and the settings; yield the name, what a picture shows, and what is looked at."""
    for key in VIEWS:
        yield key, window, window.show_built(key)
    train = window.show_built("train")
    train.open_run(run_store.list_jobs()[0].id)
    yield "run", window, train
    settings = SettingsDialog(window.preferences, window)
    settings.show()
    yield "settings", settings, settings
    settings.close()


if __name__ == "__main__":
    main()
