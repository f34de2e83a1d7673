"""The tabs at the top of a room, one for each of its views."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, QSize, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QTabBar, QWidget

from gui.look import style
from gui.look.fonts import font
from gui.look.language import tr
from gui.shell.header import MARGIN
from gui.shell.rooms import ROOMS
from gui.widgets.layouts import Line, hbox, vbox

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
        style.on_style_changed(self._restyle)

    def _restyle(self) -> None:
        self.bar.setFont(font("body_medium"))

    def show_view(self, room: str, key: str) -> None:
        """Show the tabs of a room with a view in front."""
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
        """Return no width."""
        return QSize(0, super().minimumSizeHint().height())

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to others."""
        event.ignore()
