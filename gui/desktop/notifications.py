"""Notifies when a run has ended while the window has no focus: the window asks for attention, the desktop shows a note.

Uses the tray, where a click brings the window to the front; without a tray, as under GNOME, the desktop's own
`notify-send`. Without either, only the window and its icon ask for attention.
"""

from __future__ import annotations

import html
import shutil

from PySide6.QtCore import QObject, QProcess
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget

from engine.api import escaping
from gui.desktop.taskbar import Taskbar
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
            if self._tray is None:
                self._tray = QSystemTrayIcon(icons.icon("mark", "accent"), self)
                self._tray.messageClicked.connect(self._come_to_front)
                self._tray.activated.connect(self._come_to_front)
            self._tray.show()
            self._tray.showMessage(title, text, icons.icon("mark", "accent"), SHOWN_MILLISECONDS)
        elif shutil.which("notify-send"):
            program, *arguments = desktop_command(title, text)
            QProcess.startDetached(program, arguments)

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
