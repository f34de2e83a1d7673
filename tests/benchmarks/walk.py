"""Every page in every look: light and dark, text of two sizes, left and right, each language; faults, and pictures.

`python -m tests.benchmarks.walk FOLDER [PART ...]` keeps each page as FOLDER/<page>-<look>.png; parts such as `de dark`
leave out the looks that lack them. QT_SCALE_FACTOR draws all of it for a screen of more pixels.
"""

from __future__ import annotations

import itertools
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from PySide6.QtCore import QElapsedTimer, Qt
from PySide6.QtWidgets import QApplication

from gui.look import language, style
from gui.main_window import PAGES
from tests.helpers.benchmark_report import show
from tests.helpers.layout_problems import layout_problems
from tests.helpers.whole_window import close, fill_home, make_window

SIZE = (1440, 900)
SETTLE_MILLISECONDS = 1000
SCALES = {"1x": 1.0, "2x": 2.0}
DIRECTIONS = {"left": Qt.LayoutDirection.LeftToRight, "right": Qt.LayoutDirection.RightToLeft}
LOOKS = tuple(itertools.product(language.LANGUAGES, ("light", "dark"), SCALES, DIRECTIONS))


def main() -> None:
    """Walk, print and keep pictures."""
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
    code, scheme, scale, direction = look
    language.speak(code)
    style.apply(application, scheme, SCALES[scale])
    application.setLayoutDirection(DIRECTIONS[direction])
    with tempfile.TemporaryDirectory() as home:
        os.environ["TUNESMITH_HOME"] = home
        fill_home()
        window = make_window(planned=True)
        window.resize(*SIZE)
        window.show()
        for key in PAGES:
            page = window.show_built(key)
            _settle(application)
            window.grab().save(str(folder / f"{key}-{'-'.join(look)}.png"))
            yield from (f"{' '.join(look)}, {key}: {fault}" for fault in layout_problems(page))
        close(window)


def _settle(application: QApplication) -> None:
    clock = QElapsedTimer()
    clock.start()
    while clock.elapsed() < SETTLE_MILLISECONDS:
        application.processEvents()


if __name__ == "__main__":
    main()
