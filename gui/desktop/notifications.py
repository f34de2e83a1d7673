"""Notifies when a run has ended while the window has no focus, and shows its progress at the window's icon.

Uses the tray, where a click brings the window to the front; without a tray, as under GNOME, the desktop's own
`notify-send`. Without either, only the window and its icon ask for attention.
"""

from __future__ import annotations

import html
import os
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QProcess
from PySide6.QtGui import QGuiApplication, QWindow
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget

from engine.api import escaping
from gui.look import icons

SHOWN_MILLISECONDS = 10_000


class Notifier(QObject):
    """Notifies for one window; at most one tray icon, until it is clicked."""

    def __init__(self, window: QWidget, taskbar: Taskbar) -> None:
        super().__init__(window)
        self._window = window
        self._taskbar = taskbar
        self._tray: QSystemTrayIcon | None = None

    def notify(self, title: str, text: str) -> None:
        """Notify, unless the window has the focus."""
        if self._window.isActiveWindow():
            return
        title, text = escaping.in_one_line(title), escaping.escaped(text)
        QApplication.alert(self._window)
        self._taskbar.ask_for_attention()
        if QSystemTrayIcon.isSystemTrayAvailable():
            self._show_in_tray(title, text)
        elif shutil.which("notify-send"):
            program, *arguments = desktop_command(title, text)
            QProcess.startDetached(program, arguments)

    def _show_in_tray(self, title: str, text: str) -> None:
        if self._tray is None:
            self._tray = QSystemTrayIcon(icons.icon("mark", "accent"), self)
            self._tray.messageClicked.connect(self._come_to_front)
            self._tray.activated.connect(self._come_to_front)
        self._tray.show()
        self._tray.showMessage(title, text, icons.icon("mark", "accent"), SHOWN_MILLISECONDS)

    def _come_to_front(self) -> None:
        if self._tray is not None:
            self._tray.hide()
        self._window.raise_()
        self._window.activateWindow()


def desktop_command(title: str, text: str) -> list[str]:
    """Return the command of a desktop notification. The body is escaped: it may be markup, and names are untrusted."""
    return [
        "notify-send",
        "--app-name=Tunesmith",
        "--icon=tunesmith",
        "--",
        title,
        html.escape(text, quote=False),
    ]


Send = Callable[[Mapping[str, Any]], object]

# The desktop entry that the package installs; docks find the icon by it.
ENTRY = "application://tunesmith.desktop"
PATH, INTERFACE, MEMBER = "/org/tunesmith/launcher", "com.canonical.Unity.LauncherEntry", "Update"
# More frequent updates would be work for the dock without a visible effect.
PAUSE_SECONDS = 1.0
DESKTOPS = ("xcb", "wayland")


class Taskbar(QObject):
    """The state of the icon: progress or none, and whether it asks for attention."""

    def __init__(
        self,
        parent: QObject | None = None,
        *,
        send: Send | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare; `send` passes properties to the desktop, `clock` returns seconds."""
        super().__init__(parent)
        self.send = send or send_to_desktop
        self._clock = clock
        self._shown: float | None = None
        self._sent_at = 0.0
        self._is_urgent = False
        application = QGuiApplication.instance()
        assert isinstance(application, QGuiApplication)
        application.focusWindowChanged.connect(self._on_focus)

    def show_share(self, share: float) -> None:
        """Show progress, 0 to 1; updates within a second of the last are skipped."""
        share, now = round(min(1.0, max(0.0, share)), 3), self._clock()
        if self._shown is None or (share != self._shown and now - self._sent_at >= PAUSE_SECONDS):
            self._shown, self._sent_at = share, now
            self.send({"progress": share, "progress-visible": True})

    def clear(self) -> None:
        """Remove the progress."""
        if self._shown is not None:
            self._shown = None
            self.send({"progress-visible": False})

    def ask_for_attention(self) -> None:
        """Mark the icon until the window gets the focus."""
        self._is_urgent = True
        self.send({"urgent": True})

    def _on_focus(self, window: QWindow | None) -> None:
        if window is not None and self._is_urgent:
            self._is_urgent = False
            self.send({"urgent": False})


def has_desktop(platform: str) -> bool:
    """Return whether a dock may listen; connecting to a bus where there is none could start one."""
    if not platform.startswith(DESKTOPS):
        return False
    folder = os.environ.get("XDG_RUNTIME_DIR")
    return "DBUS_SESSION_BUS_ADDRESS" in os.environ or (
        folder is not None and (Path(folder) / "bus").exists()
    )


def send_to_desktop(properties: Mapping[str, Any]) -> None:
    if not has_desktop(QGuiApplication.platformName()):
        return
    # Imported late: the window's start need not wait for it.
    from PySide6.QtDBus import QDBusConnection, QDBusMessage

    message = QDBusMessage.createSignal(PATH, INTERFACE, MEMBER)
    message.setArguments([ENTRY, dict(properties)])
    QDBusConnection.sessionBus().send(message)
