"""Opens a file, a folder or a page with the desktop's program; where there is none, says so and offers a copy."""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from threading import Thread

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QBoxLayout, QMainWindow, QWidget

from engine.api import paths
from gui.core.clipboard import copy_text
from gui.look.language import tr
from gui.widgets.cards import UndoStrip

XDG_OPEN = "xdg-open"


def open_path(path: Path) -> None:
    """Open a path; a failure is said in the window in front, as soon as it is known."""
    _open(_Opening(path), QUrl.fromLocalFile(str(path)))


def open_page(address: str) -> None:
    """Open a page by its address, as `open_path` does a path."""
    _open(_Opening(address), QUrl(address))


def _open(opening: _Opening, url: QUrl) -> None:
    program = desktop_opener()
    if program is not None:
        # It tells by its exit status whether there is a program for the path, and may live as long as that one.
        Thread(target=opening.run, args=(program,), daemon=True).start()
    else:
        opening.ended.emit(QDesktopServices.openUrl(url))


def desktop_opener() -> str | None:
    """Return the program by which a Linux desktop opens a path; None without it, or elsewhere."""
    return shutil.which(XDG_OPEN) if sys.platform.startswith("linux") else None


class _Opening(QObject):
    """A path or an address that is being opened. `ended(whether it was)` is emitted from the thread that waits."""

    ended = Signal(bool)

    def __init__(self, target: Path | str) -> None:
        super().__init__(QApplication.instance())
        self._target = target
        self.ended.connect(self._end)

    def run(self, program: str) -> None:
        """Wait for the desktop's opener; the body of a thread."""
        try:
            status = subprocess.run(
                [program, str(self._target)], stdin=subprocess.DEVNULL, capture_output=True, check=False
            ).returncode
        except OSError:
            status = 1
        with suppress(RuntimeError):  # The application has ended meanwhile.
            self.ended.emit(status == 0)

    def _end(self, is_open: bool) -> None:
        window = None if is_open else front_window()
        if window is not None:
            strip, target = _strip_of(window), self._target
            text = tr("No application can open {path}.", path=target)
            if isinstance(target, Path) and not paths.path_exists(target):
                text = tr("{path} no longer exists.", path=target)
            action = tr("Copy the path") if isinstance(target, Path) else tr("Copy the address")
            strip.offer(text, lambda: copy_text(str(target)), action)
        self.deleteLater()


def front_window() -> QWidget | None:
    """Return the window with the keyboard, else one that is shown, None without any that has a foot."""
    shown = [each for each in (QApplication.activeWindow(), *QApplication.topLevelWidgets()) if each]
    return next((each for each in shown if each.isVisible() and _column_of(each)), None)


def _column_of(window: QWidget) -> QBoxLayout | None:
    content = window.centralWidget() if isinstance(window, QMainWindow) else window
    layout = content.layout() if content is not None else None
    return layout if isinstance(layout, QBoxLayout) else None


def _strip_of(window: QWidget) -> UndoStrip:
    """Return the strip at the foot of a window, made when it is first needed."""
    found = window.findChild(_OpenStrip)
    if found is None:
        found, column = _OpenStrip(foot=True), _column_of(window)
        assert column is not None
        column.addWidget(found)
    return found


class _OpenStrip(UndoStrip):
    """The strip of a window about paths that could not be opened."""
