"""The system's dialogs for files and folders. Each opens where one for the same purpose was last, also after a restart.

Tests give them an answer by replacing Qt's static functions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QStandardPaths
from PySide6.QtWidgets import QFileDialog, QWidget

from engine.api import AppError, paths
from gui.core.preferences import Preferences
from gui.look.language import sentences, tr

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
