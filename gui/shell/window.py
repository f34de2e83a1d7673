"""The window's frame: the rail at the left, and beside it a room's tabs and the page shown.

Handles which page is shown and when it is built, the folding of the rail, the rooms' shortcuts and the window's
geometry. Knows pages as widgets only; saves the geometry in the given settings object.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Protocol, cast

from PySide6.QtCore import QByteArray, QObject, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleInterface,
    QCloseEvent,
    QGuiApplication,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAccessibleWidget, QMainWindow, QStackedWidget, QTabBar, QWidget

from gui.core import actions
from gui.look import style
from gui.look.fonts import px
from gui.look.language import tr
from gui.shell.navigation_rail import NavigationRail
from gui.shell.page import MARGIN, NARROW, Page
from gui.shell.rooms import ROOMS, room_of
from gui.widgets.layouts import Line, hbox, vbox

MIN_SIZE = QSize(1024, 700)
DEFAULT = QSize(1440, 900)
# The size of a window frame; the real one is not known before the window is shown.
FRAME = QSize(8, 40)
# Platforms without a screen.
HEADLESS = {"offscreen", "minimal"}


class Settings(Protocol):
    """Settings for the geometry: texts by key."""

    def get(self, key: str) -> str | None:
        """Return the saved text, or None."""

    def set(self, key: str, value: str) -> None:
        """Save a text."""


class ShellWindow(QMainWindow):
    """The rooms. Subclasses make the pages. `page_shown(key)` reports the view in front."""

    page_shown = Signal(str)

    def __init__(self, settings: Settings | None = None) -> None:
        super().__init__()
        install_roles()
        self._settings = settings
        self.pages: dict[str, QWidget] = {}
        # The view shown last in each room.
        self._last: dict[str, str] = {}
        self.setWindowTitle("Tunesmith")
        self._fit()
        self.rail = NavigationRail()
        self.tabs = RoomTabs()
        self._stack = QStackedWidget()
        middle = QWidget()
        beside = vbox(self.tabs, (self._stack, 1), spacing=0)
        hbox(self.rail, Line(vertical=True), (beside, 1), of=middle, spacing=0)
        self.setCentralWidget(middle)
        for key, room in ROOMS.items():
            if room.in_rail:
                self.rail.add_item(key, tr(room.title), room.icon)
                actions.bind(self, f"window.{key}", partial(self.show_room, key))
        actions.bind(self, "window.next_tab", partial(self.tabs.step, 1))
        actions.bind(self, "window.previous_tab", partial(self.tabs.step, -1))
        self.rail.chosen.connect(self.show_room)
        self.tabs.chosen.connect(self.show_page)
        self._restore()
        style.on_style_changed(self._fold)

    def make_page(self, key: str) -> QWidget:
        raise NotImplementedError

    def built(self, key: str) -> Any:
        """Return the page of a view; make it first if needed."""
        if key not in self.pages:
            made = self.pages[key] = self.make_page(key)
            views = ROOMS[room_of(key)].views
            if isinstance(made, Page) and len(views) > 1:
                made.header.leave_out(tr(views[key].title))
            self._stack.addWidget(made)
        return self.pages[key]

    def show_room(self, key: str) -> None:
        """Bring a room to the front, with the view that was shown last."""
        self.show_page(self._last.get(key) or next(iter(ROOMS[key].views)))

    def show_built(self, key: str) -> Any:
        """Bring a view to the front and return its page."""
        self.show_page(key)
        return self.built(key)

    def show_page(self, key: str) -> None:
        """Bring a view to the front."""
        page, leaves = self.built(key), self._stack.isAncestorOf(self.focusWidget())
        if leaves:
            # Qt would give the keyboard to the page's first button, the trash.
            self.setFocus(Qt.FocusReason.OtherFocusReason)
        room = room_of(key)
        self._last[room] = key
        self.tabs.show_view(room, key)
        self.rail.set_current(room)
        self._stack.setCurrentWidget(page)
        if isinstance(page, Page):
            page.shown()
        self.page_shown.emit(key)
        if leaves:
            # PySide's types know no page without one.
            former = cast(QWidget | None, page.focusWidget())
            (former or page).setFocus(Qt.FocusReason.OtherFocusReason)

    def current_key(self) -> str:
        """Return the key of the view in front."""
        shown = self._stack.currentWidget()
        return next(key for key, page in self.pages.items() if page is shown)

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


# The style sheet's margin and border beside a tab's text.
BESIDE_TEXT = 12


class RoomTabs(QWidget):
    """The tabs of the room shown, hidden where it has one view; `chosen(key)` reports a view chosen by the user."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        style.set_background(self, "background")
        self.bar = _Bar(self)
        self._room = ""
        row = hbox(self.bar, 1, margins=(MARGIN - BESIDE_TEXT, 0, MARGIN - BESIDE_TEXT, 0))
        vbox(row, Line(), of=self, spacing=0)
        self.bar.currentChanged.connect(lambda at: self.chosen.emit(self.bar.tabData(at)))
        style.set_font(self.bar, "body_medium")

    def show_view(self, room: str, key: str) -> None:
        views = ROOMS[room].views
        with QSignalBlocker(self.bar):
            if room != self._room:
                self._room = room
                while self.bar.count():
                    self.bar.removeTab(0)
                for each, view in views.items():
                    self.bar.setTabData(self.bar.addTab(tr(view.title)), each)
                self.bar.setAccessibleName(tr(ROOMS[room].title))
            self.bar.setCurrentIndex(list(views).index(key))
        self.setVisible(len(views) > 1)

    def step(self, by: int) -> None:
        """Choose the next tab (1) or the one before (-1), around the ends."""
        if self.isVisible():
            self.bar.setCurrentIndex((self.bar.currentIndex() + by) % self.bar.count())


class _Bar(QTabBar):
    """The bar; it may be narrower than its tabs, which then scroll. The wheel changes no tab by accident."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setDrawBase(False)
        self.setExpanding(False)
        self.setUsesScrollButtons(True)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to others."""
        event.ignore()


def install_roles() -> None:
    """Register the roles with Qt; once per program."""
    if not _State.installed:
        _State.installed = True
        QAccessible.installFactory(_interface)


class _State:
    installed = False


def _interface(_class_name: str, found: QObject) -> QAccessibleInterface | None:
    role = getattr(found, "accessible_role", None)
    if isinstance(found, QWidget) and isinstance(role, QAccessible.Role):
        return QAccessibleWidget(found, role)
    return None
