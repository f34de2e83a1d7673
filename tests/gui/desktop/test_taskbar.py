import pytest
from PySide6.QtWidgets import QWidget

from gui.desktop import notifications
from gui.desktop.notifications import Taskbar


class FakeSender:
    """A sender that keeps what is sent, and a clock that is set by hand."""

    def __init__(self) -> None:
        self.sent: list[dict[str, object]] = []
        self.now = 100.0

    def send(self, properties):
        self.sent.append(properties)

    def clock(self):
        return self.now


@pytest.fixture
def sender():
    return FakeSender()


@pytest.fixture
def bar(qapp, sender):
    return Taskbar(send=sender.send, clock=sender.clock)


def test_a_share_is_shown_at_most_once_a_second_and_only_if_it_changed(bar, sender):
    for at in range(25):
        sender.now = 100.0 + at / 10
        bar.show_share(at / 100)
    sender.now += 60
    bar.show_share(0.2001)
    assert [each["progress"] for each in sender.sent] == [0.0, 0.1, 0.2]
    assert all(each["progress-visible"] is True for each in sender.sent)


def test_shares_stay_between_nothing_and_all_and_are_taken_away_at_once(bar, sender):
    bar.clear()
    assert sender.sent == []
    bar.show_share(0.5)
    bar.clear()
    bar.clear()
    assert sender.sent[1:] == [{"progress-visible": False}]
    for share, shown in ((0.5, 0.5), (1.7, 1.0), (-1, 0.0)):
        bar.show_share(share)
        assert sender.sent[-1] == {"progress": shown, "progress-visible": True}
        sender.now += 2


def test_it_is_urgent_until_the_window_is_looked_at(bar, sender, qapp):
    bar.ask_for_attention()
    assert sender.sent == [{"urgent": True}]
    qapp.focusWindowChanged.emit(None)
    assert len(sender.sent) == 1
    window = QWidget()
    window.winId()
    qapp.focusWindowChanged.emit(window.windowHandle())
    assert sender.sent[-1] == {"urgent": False}
    qapp.focusWindowChanged.emit(window.windowHandle())
    assert len(sender.sent) == 2


def test_without_a_desktop_of_the_kind_or_a_session_s_bus_nothing_is_sent(monkeypatch, tmp_path):
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
    assert not any(notifications.has_desktop(platform) for platform in ("offscreen", "windows", "cocoa"))
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert not notifications.has_desktop("xcb")
    (tmp_path / "bus").touch()
    assert notifications.has_desktop("xcb")
    assert notifications.has_desktop("wayland")


def test_a_bus_that_does_not_answer_is_no_trouble(monkeypatch, qapp, capfd):
    monkeypatch.setattr(notifications, "has_desktop", lambda _platform: True)
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/at/all")
    bar = Taskbar()
    bar.show_share(0.5)
    bar.clear()
    assert capfd.readouterr().err == ""
