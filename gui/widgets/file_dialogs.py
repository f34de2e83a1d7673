"""The system's dialogs for files and folders, and what opens them and pages.

A dialog opens where one for the same purpose was last, also after a restart.

Tests give them an answer by replacing Qt's static functions.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Literal

from PySide6.QtCore import QStandardPaths, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QBoxLayout, QFileDialog, QMainWindow, QWidget

from engine.api import AppError, paths
from gui.core.background_tasks import in_gui_thread
from gui.core.clipboard import copy_text
from gui.core.preferences import Preferences
from gui.look.language import sentences, tr
from gui.widgets.cards import UndoStrip

Purpose = Literal["data", "recipe", "model", "import", "export"]


class _State:
    preferences: Preferences | None = None


def remember_in(preferences: Preferences) -> None:
    """Remember the folders in these preferences from now on."""
    _State.preferences = preferences


def open_file(parent: QWidget, purpose: Purpose, title: str, kinds: str) -> Path | None:
    """Ask for a file to read."""
    found = _paths([QFileDialog.getOpenFileName(parent, title, _place(purpose), kinds)[0]], purpose)
    return found[0] if found else None


def open_files(parent: QWidget, purpose: Purpose, title: str, kinds: str) -> list[Path]:
    """Ask for files to read."""
    return _paths(QFileDialog.getOpenFileNames(parent, title, _place(purpose), kinds)[0], purpose)


def save_file(parent: QWidget, purpose: Purpose, title: str, name: str, kinds: str) -> Path | None:
    """Ask where to write a file that is called `name` by default."""
    return save_file_as(parent, purpose, title, name, kinds)[0]


def save_file_as(
    parent: QWidget, purpose: Purpose, title: str, name: str, kinds: str
) -> tuple[Path | None, str]:
    """Ask where to write a file, and as which of several kinds."""
    path, kind = QFileDialog.getSaveFileName(parent, title, _place(purpose, name), kinds)
    found = _paths([path], purpose)
    return found[0] if found else None, kind


def write_failure(write: Callable[[Path], object], path: Path) -> str:
    """Write a file; return why it can't be written, "" if it was. `write` raises AppError or returns False."""
    try:
        written = write(path)
    except AppError as error:
        return sentences(error.message, error.hint)
    if written is False:
        return tr("{path} can't be written. Choose another folder, or free some space.", path=path)
    return ""


def choose_folder(parent: QWidget, purpose: Purpose, title: str) -> Path | None:
    """Ask for a folder."""
    path = QFileDialog.getExistingDirectory(parent, title, _place(purpose))
    if path:
        _remember(Path(path), purpose)
    return Path(path) if path else None


def _paths(chosen: Sequence[str], purpose: Purpose) -> list[Path]:
    found = [Path(each) for each in chosen if each]
    if found:
        _remember(found[0].parent, purpose)
    return found


def _place(purpose: Purpose, name: str = "") -> str:
    """Return where a dialog opens, at first in the user's documents, with the name of a file to write."""
    saved = _State.preferences.get(_key(purpose)) if _State.preferences is not None else None
    documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    there = (Path(each) for each in (saved, documents) if each)
    return str(next((each for each in there if each.is_dir()), paths.expand_user("~")) / name)


def _remember(folder: Path, purpose: Purpose) -> None:
    if _State.preferences is not None:
        _State.preferences.set(_key(purpose), str(folder))


def _key(purpose: Purpose) -> str:
    return f"folder.{purpose}"


XDG_OPEN = "xdg-open"


def open_path(path: Path) -> None:
    """Open a path; a failure is said in the window in front, as soon as it is known."""
    _open(path, QUrl.fromLocalFile(str(path)))


def open_page(address: str) -> None:
    """Open a page by its address, as `open_path` does a path."""
    _open(address, QUrl(address))


def _open(target: Path | str, url: QUrl) -> None:
    program = desktop_opener()
    if program is not None:
        # It tells by its exit status whether there is a program for the path, and may live as long as that one.
        Thread(target=_open_by, args=(program, target), name=XDG_OPEN, daemon=True).start()
    elif not QDesktopServices.openUrl(url):
        _say_not_open(target)


def desktop_opener() -> str | None:
    """Return the program by which a Linux desktop opens a path; None without it, or elsewhere."""
    return shutil.which(XDG_OPEN) if sys.platform.startswith("linux") else None


def _open_by(program: str, target: Path | str) -> None:
    """Wait for the desktop's opener; the body of a thread."""
    try:
        status = subprocess.run(
            [program, str(target)], stdin=subprocess.DEVNULL, capture_output=True, check=False
        ).returncode
    except OSError:
        status = 1
    if status:
        in_gui_thread(partial(_say_not_open, target))


def _say_not_open(target: Path | str) -> None:
    window = front_window()
    if window is None:
        return
    text = tr("No application can open {path}.", path=target)
    if isinstance(target, Path) and not paths.path_exists(target):
        text = tr("{path} no longer exists.", path=target)
    action = tr("Copy the path") if isinstance(target, Path) else tr("Copy the address")
    _strip_of(window).offer(text, lambda: copy_text(str(target)), action)


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
