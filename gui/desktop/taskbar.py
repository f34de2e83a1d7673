"""Shows progress and requests for attention on the icon in the desktop's taskbar or dock.

Sends the D-Bus signal that KDE, Ubuntu's dock, Dash to Dock, Plank and others read (LauncherEntry, from Unity). On
other desktops nothing is sent.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication, QWindow

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
        self._send = send or send_to_desktop
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
            self._send({"progress": share, "progress-visible": True})

    def clear(self) -> None:
        """Remove the progress."""
        if self._shown is not None:
            self._shown = None
            self._send({"progress-visible": False})

    def ask_for_attention(self) -> None:
        """Mark the icon until the window gets the focus."""
        self._is_urgent = True
        self._send({"urgent": True})

    def _on_focus(self, window: QWindow | None) -> None:
        if window is not None and self._is_urgent:
            self._is_urgent = False
            self._send({"urgent": False})


def has_desktop(platform: str) -> bool:
    """Return whether a dock may listen; connecting to a bus where there is none could start one."""
    if not platform.startswith(DESKTOPS):
        return False
    folder = os.environ.get("XDG_RUNTIME_DIR")
    return "DBUS_SESSION_BUS_ADDRESS" in os.environ or (
        folder is not None and (Path(folder) / "bus").exists()
    )


def send_to_desktop(properties: Mapping[str, Any]) -> None:
    """Send properties of the icon to the desktop."""
    if not has_desktop(QGuiApplication.platformName()):
        return
    # Imported late: the window's start need not wait for it.
    from PySide6.QtDBus import QDBusConnection, QDBusMessage

    message = QDBusMessage.createSignal(PATH, INTERFACE, MEMBER)
    message.setArguments([ENTRY, dict(properties)])
    QDBusConnection.sessionBus().send(message)
