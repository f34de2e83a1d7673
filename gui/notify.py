"""Tell that something has ended while the user looks elsewhere: the window asks for attention, the tray says it."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget

from gui.look import icons

SHOWN_MILLISECONDS = 10_000


def notify(window: QWidget, title: str, text: str) -> None:
    """Ask for attention, unless the window has it."""
    if window.isActiveWindow():
        return
    QApplication.alert(window)
    if QSystemTrayIcon.isSystemTrayAvailable():
        tray = QSystemTrayIcon(icons.icon("mark", "accent"), window)
        tray.messageClicked.connect(window.activateWindow)
        tray.show()
        tray.showMessage(title, text, icons.icon("mark", "accent"), SHOWN_MILLISECONDS)
