import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from gui.widgets import file_dialogs as module
from gui.widgets.cards import UndoStrip
from gui.widgets.file_dialogs import open_page, open_path
from tests.helpers.systems import shell_scripts


@pytest.fixture
def window(styled, qtbot, monkeypatch):
    made = QWidget()
    QVBoxLayout(made)
    made.resize(800, 600)
    qtbot.addWidget(made)
    made.show()
    monkeypatch.setattr(module, "front_window", lambda: made)
    yield made
    wait_for_openers()
    QApplication.processEvents()


def wait_for_openers() -> None:
    for thread in threading.enumerate():
        if thread.name == module.XDG_OPEN:
            thread.join()


def opener(monkeypatch, folder: Path, script: str | None) -> None:
    """Let the desktop's program do what a script says; None: there is none."""
    program = folder / "xdg-open"
    if script is not None:
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
    monkeypatch.setattr(module, "desktop_opener", lambda: None if script is None else str(program))


def said(window: QWidget) -> list[str]:
    return [strip.text() for strip in window.findChildren(UndoStrip) if strip.isVisible()]


@pytest.mark.parametrize("script", ["exit 3", None])
def test_what_nothing_opens_is_said_with_its_path(script, window, qtbot, tmp_path, monkeypatch):
    opener(monkeypatch, tmp_path, script)
    (tmp_path / "runs").mkdir()
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda _url: False)
    for show, what in (
        (open_path, tmp_path / "runs"),
        (open_path, tmp_path / "runs"),
        (open_page, "https://hub/ann/tea"),
    ):
        show(what)
        qtbot.waitUntil(lambda: bool(said(window)))
        assert said(window) == [f"No application can open {what}."]
        [strip] = [each for each in window.findChildren(UndoStrip) if each.isVisible()]
        strip.action_button().click()
        assert QGuiApplication.clipboard().text() == str(what)
        assert said(window) == []
    if script is not None:
        # One that can't be started is as good as none.
        (tmp_path / "xdg-open").chmod(0o644)
        open_path(tmp_path)
        qtbot.waitUntil(lambda: bool(said(window)))


def test_a_folder_that_is_gone_is_said_to_be_gone(window, qtbot, tmp_path, monkeypatch):
    opener(monkeypatch, tmp_path, "exit 2")
    open_path(tmp_path / "gone")
    qtbot.waitUntil(lambda: said(window) == [f"{tmp_path / 'gone'} no longer exists."])


@shell_scripts
def test_what_is_opened_is_not_spoken_of(window, qtbot, tmp_path, monkeypatch):
    opener(monkeypatch, tmp_path, f'echo "$1" > {tmp_path}/opened')
    open_path(tmp_path / "a folder")
    wait_for_openers()
    QApplication.processEvents()
    assert (tmp_path / "opened").read_text() == f"{tmp_path / 'a folder'}\n"
    assert said(window) == []


def test_elsewhere_the_desktops_own_way_is_taken(window, tmp_path, monkeypatch):
    opened: list[str] = []

    def take(url: QUrl) -> bool:
        opened.append(url.toLocalFile())
        return True

    opener(monkeypatch, tmp_path, None)
    monkeypatch.setattr(QDesktopServices, "openUrl", take)
    open_path(tmp_path)
    assert opened == [str(tmp_path)]
    assert said(window) == []
