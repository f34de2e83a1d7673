"""The queue beside the charts: entries in order, with actions for the selected one."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engine.api import arenas
from gui.core import actions
from gui.look import style
from gui.look.fonts import px
from gui.look.format import left_text, number_text
from gui.look.language import tr
from gui.models.queue_table import QueueTable
from gui.tables.grouped_view import GroupedTableView
from gui.widgets.buttons import IconButton
from gui.widgets.labels import ElidedLabel, Label

EntryStatus = arenas.EntryStatus
# The width of the count and the buttons beside the title.
ROOM_BESIDE_TITLE = 248


class QueueView(QWidget):
    """Signals: `move_wanted(entry id, by)`, `remove_wanted`, `open_wanted` and `menu_wanted(…, point)` of an entry."""

    move_wanted = Signal(str, int)
    remove_wanted = Signal(object)
    open_wanted = Signal(object)
    chosen = Signal(object)
    menu_wanted = Signal(object, QPoint)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.table = QueueTable(self)
        self.view = GroupedTableView(self.table, tr("Queue"))
        self._title = Label(tr("Queue"), "section", "ink")
        self._left = ElidedLabel("", "label", "ink2")
        self.up_button = IconButton("chevron-up", actions.titled(tr("Earlier"), "queue.earlier"))
        self.down_button = IconButton("chevron-down", actions.titled(tr("Later"), "queue.later"))
        self.remove_button = IconButton("trash", actions.titled(tr("Remove from the arena"), "list.delete"))
        self._lay_out()
        self._connect()
        self._show_operations(None)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(4)
        head.addWidget(self._title)
        head.addSpacing(8)
        head.addWidget(self._left, 1)
        for button in (self.up_button, self.down_button, self.remove_button):
            head.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self.view, 1)
        style.scale(self, QWidget.setMinimumWidth, 250)

    def _connect(self) -> None:
        view = self.view
        view.chosen.connect(self._show_operations)
        view.chosen.connect(self.chosen)
        view.opened.connect(self.open_wanted)
        view.delete_wanted.connect(self.remove_wanted)
        view.menu_wanted.connect(self.menu_wanted)
        self.up_button.clicked.connect(lambda: self._move(-1))
        self.down_button.clicked.connect(lambda: self._move(1))
        self.remove_button.clicked.connect(self._remove)
        here = Qt.ShortcutContext.WidgetShortcut
        actions.bind(view, "queue.earlier", self.up_button, here)
        actions.bind(view, "queue.later", self.down_button, here)

    def room(self) -> int:
        """Return the width needed by the title row."""
        return px(ROOM_BESIDE_TITLE) + self._title.sizeHint().width()

    def show_queue(self, statuses: Sequence[EntryStatus], current: str, planned_seconds: float = 0.0) -> None:
        """Show the entries; `current` is the run followed by this window."""
        self.table.set_statuses(statuses, current, planned_seconds)
        to_go = sum(each.state in ("waiting", "running") for each in self.table.items())
        seconds = self.table.seconds_left
        parts = [
            tr("{count} left", count=number_text(to_go)) if to_go else "",
            left_text(seconds) if to_go and seconds is not None else "",
        ]
        self._left.setText(", ".join(part for part in parts if part))
        self._show_operations(self.view.current())

    def _show_operations(self, status: EntryStatus | None) -> None:
        items = self.table.items()
        position = items.index(status) if status in items else -1
        self.up_button.setEnabled(position > 0)
        self.down_button.setEnabled(0 <= position < len(items) - 1)
        self.remove_button.setEnabled(status is not None and status.state != "running")

    def _move(self, by: int) -> None:
        status = self.view.current()
        if status is not None:
            self.move_wanted.emit(status.entry.id, by)

    def _remove(self) -> None:
        status = self.view.current()
        if status is not None:
            self.remove_wanted.emit(status)
