"""The desktop is told where nobody looks at the window, in its own way, and never with marks from a name."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QSystemTrayIcon, QWidget

from gui.desktop.notifications import Notifier
from gui.desktop.taskbar import Taskbar


@pytest.fixture
def commands(monkeypatch):
    """What the desktop's own program would be started with."""
    started: list[list[str]] = []

    class Process:
        @staticmethod
        def startDetached(program, arguments):
            started.append([program, *arguments])

    monkeypatch.setattr("gui.desktop.notifications.QProcess", Process)
    monkeypatch.setattr("gui.desktop.notifications.shutil.which", lambda name: name)
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", lambda: False)
    return started


def window(qtbot, monkeypatch, *, in_front: bool) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    monkeypatch.setattr(made, "isActiveWindow", lambda: in_front)
    return made


def notifier(window: QWidget, sent: list | None = None) -> Notifier:
    """Return a notifier whose taskbar keeps what it is told in `sent`."""
    return Notifier(window, Taskbar(window, send=([] if sent is None else sent).append))


def test_nothing_is_said_to_who_looks_at_the_window(qtbot, monkeypatch, commands):
    sent: list = []
    notifier(window(qtbot, monkeypatch, in_front=True), sent).notify("Completed", "A run")
    assert (commands, sent) == ([], [])


def test_the_icon_asks_for_attention_as_well(qtbot, monkeypatch, commands):
    sent: list = []
    notifier(window(qtbot, monkeypatch, in_front=False), sent).notify("Completed", "A run")
    assert sent == [{"urgent": True}]


def test_a_name_is_text_and_no_option_and_no_mark(qtbot, monkeypatch, commands):
    notifier(window(qtbot, monkeypatch, in_front=False)).notify("Completed", "-<b>A</b> & run")
    [text] = commands
    assert text[0] == "notify-send"
    assert text[-3:] == ["--", "Completed", "-&lt;b&gt;A&lt;/b&gt; &amp; run"]


def test_where_the_desktop_has_no_way_nothing_fails(qtbot, monkeypatch, commands):
    monkeypatch.setattr("gui.desktop.notifications.shutil.which", lambda _name: None)
    notifier(window(qtbot, monkeypatch, in_front=False)).notify("Completed", "A run")
    assert commands == []


def test_the_tray_has_one_icon_however_much_is_said(qtbot, monkeypatch, styled, commands):
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", lambda: True)
    monkeypatch.setattr(QSystemTrayIcon, "show", lambda _self: None)
    monkeypatch.setattr(QSystemTrayIcon, "showMessage", lambda *_: None)
    speaker = notifier(window(qtbot, monkeypatch, in_front=False))
    speaker.notify("Stopped", "A run")
    speaker.notify("Completed", "A run")
    assert len(speaker.findChildren(QSystemTrayIcon)) == 1
    assert commands == []
