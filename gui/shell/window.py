"""The window's frame: the rail at the left and the pages beside it.

Handles which page is shown, the folding of the rail, the pages' shortcuts and the window's geometry. Knows pages as
widgets only; saves the geometry in the given settings object.
"""

from __future__ import annotations

from functools import partial
from typing import Protocol, cast

from PySide6.QtCore import QByteArray, QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QMainWindow, QStackedWidget, QWidget

from gui.core import actions
from gui.look import style
from gui.look.fonts import px
from gui.look.language import mark, tr
from gui.shell.navigation_rail import NavigationRail
from gui.shell.page import NARROW, Page
from gui.widgets import accessible_roles
from gui.widgets.layouts import hbox

MIN_SIZE = QSize(1024, 700)
DEFAULT = QSize(1440, 900)
# The size of a window frame; the real one is not known before the window is shown.
FRAME = QSize(8, 40)
# Platforms without a screen.
HEADLESS = {"offscreen", "minimal"}

# The name and icon of each page in the rail, by key.
ITEMS = {
    "data": (mark("Data"), "data"),
    "train": (mark("Train"), "train"),
    "arena": (mark("Arena"), "arena"),
    "library": (mark("Library"), "library"),
    "playground": (mark("Playground"), "playground"),
    "history": (mark("History"), "history"),
}


class Settings(Protocol):
    """Settings for the geometry: texts by key."""

    def get(self, key: str) -> str | None:
        """Return the saved text, or None."""

    def set(self, key: str, value: str) -> None:
        """Save a text."""


class ShellWindow(QMainWindow):
    """The rail and the pages. `page_shown(key)` reports the page in front."""

    page_shown = Signal(str)

    def __init__(self, settings: Settings | None = None) -> None:
        super().__init__()
        accessible_roles.install()
        self._settings = settings
        self._pages: dict[str, QWidget] = {}
        self._within: dict[str, str] = {}
        self.setWindowTitle("Tunesmith")
        self._fit()
        self.rail = NavigationRail()
        self.rail.chosen.connect(self.show_page)
        self._stack = QStackedWidget()
        middle = QWidget()
        hbox(self.rail, (self._stack, 1), of=middle, spacing=0)
        self.setCentralWidget(middle)
        self._restore()
        style.on_style_changed(self._fold)

    def add_inner_page(self, key: str, page: QWidget, within: str) -> None:
        """Add a page that is reached from the page `within` and shares its item in the rail."""
        self._stack.addWidget(page)
        self._pages[key] = page
        self._within[key] = within

    def add_page(self, key: str, page: QWidget) -> None:
        """Add a page at the end, with its item in the rail."""
        text, icon_name = ITEMS[key]
        self.rail.add_item(key, tr(text), icon_name)
        self._stack.addWidget(page)
        self._pages[key] = page
        actions.bind(self, f"window.{key}", partial(self.show_page, key))
        if len(self._pages) == 1:
            self.show_page(key)

    def show_page(self, key: str) -> None:
        """Bring a page to the front."""
        page, leaves = self._pages[key], self._stack.isAncestorOf(self.focusWidget())
        if leaves:
            # Qt would give the keyboard to the page's first button, the trash.
            self.setFocus(Qt.FocusReason.OtherFocusReason)
        self._stack.setCurrentWidget(page)
        self.rail.set_current(self._within.get(key, key))
        if isinstance(page, Page):
            page.shown()
        self.page_shown.emit(key)
        if leaves:
            # PySide's types know no page without one.
            former = cast(QWidget | None, page.focusWidget())
            (former or page).setFocus(Qt.FocusReason.OtherFocusReason)

    def page(self, key: str) -> QWidget:
        return self._pages[key]

    def current_key(self) -> str:
        """Return the key of the page in front."""
        shown = self._stack.currentWidget()
        return next(key for key, page in self._pages.items() if page is shown)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fold the rail below 1200."""
        self._fold()
        super().resizeEvent(event)

    def _fold(self) -> None:
        """Fold the rail or unfold it, by the width and the size of the text."""
        folded = self.width() < px(NARROW)
        if folded != self.rail.is_folded():
            self.rail.set_folded(folded)

    def showEvent(self, event: QShowEvent) -> None:
        """Start without a focus rim; Tab moves into the rail."""
        super().showEvent(event)
        if self.focusWidget() is None:
            self.setFocus(Qt.FocusReason.OtherFocusReason)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Save the window's geometry."""
        if self._settings is not None:
            self._settings.set("window_geometry", bytes(self.saveGeometry().toBase64().data()).decode())
        super().closeEvent(event)

    def _restore(self) -> None:
        saved = self._settings.get("window_geometry") if self._settings is not None else None
        if saved:
            self.restoreGeometry(QByteArray.fromBase64(QByteArray(saved.encode())))
            self._fit(self.size())

    def _fit(self, wanted: QSize = DEFAULT) -> None:
        """Take the wanted size, reduced to the screen; on a small screen the minimum size is reduced too."""
        room = self._room()
        self.setMinimumSize(fitting(MIN_SIZE, room))
        if not self.isMaximized() and not self.isFullScreen():
            self.resize(fitting(wanted, room))

    def _room(self) -> QSize | None:
        """Return the size available inside the window frame; None without a screen."""
        if QGuiApplication.platformName() in HEADLESS:
            return None
        return self.screen().availableSize() - FRAME


def fitting(wanted: QSize, room: QSize | None) -> QSize:
    """Return a size, reduced to the available one."""
    return wanted if room is None else wanted.boundedTo(room)
