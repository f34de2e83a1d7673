import pytest
from PySide6.QtWidgets import QSystemTrayIcon, QWidget

from gui.desktop.notifications import Notifier, Taskbar


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
    made = qtbot.add(QWidget())
    monkeypatch.setattr(made, "isActiveWindow", lambda: in_front)
    return made


def notifier(window: QWidget, sent: list | None = None) -> Notifier:
    """Return a notifier whose taskbar keeps what it is told in `sent`."""
    return Notifier(window, Taskbar(window, send=([] if sent is None else sent).append))


def test_who_does_not_look_at_the_window_is_told_in_plain_text(qtbot, monkeypatch, commands):
    sent: list = []
    notifier(window(qtbot, monkeypatch, in_front=True), sent).notify("Completed", "A run")
    assert (commands, sent) == ([], [])
    speaker = notifier(window(qtbot, monkeypatch, in_front=False), sent)
    # A name is neither an option nor a mark.
    speaker.notify("Completed", "-<b>A</b> & run")
    assert sent == [{"urgent": True}]
    [text] = commands
    assert text[0] == "notify-send"
    assert text[-3:] == ["--", "Completed", "-&lt;b&gt;A&lt;/b&gt; &amp; run"]
    # Where the desktop has no way, nothing fails.
    monkeypatch.setattr("gui.desktop.notifications.shutil.which", lambda _name: None)
    speaker.notify("Completed", "A run")
    assert len(commands) == 1


def test_the_tray_has_one_icon_however_much_is_said(qtbot, monkeypatch, styled, commands):
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", lambda: True)
    monkeypatch.setattr(QSystemTrayIcon, "show", lambda _self: None)
    monkeypatch.setattr(QSystemTrayIcon, "showMessage", lambda *_: None)
    speaker = notifier(window(qtbot, monkeypatch, in_front=False))
    speaker.notify("Stopped", "A run")
    speaker.notify("Completed", "A run")
    assert len(speaker.findChildren(QSystemTrayIcon)) == 1
    assert commands == []
