"""The queue for the device: what computes now, and what waits for its turn, in an order that can be changed."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QModelIndex, QSize, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QListWidget, QListWidgetItem, QWidget

from engine.api import AppError
from gui.core import actions
from gui.graphics.bars import BusyRow
from gui.look.fonts import px
from gui.look.icons import icon
from gui.look.language import tr
from gui.widgets.buttons import IconButton, plain, quiet
from gui.widgets.cards import ClosableNotice, EmptyState
from gui.widgets.growing_dialog import GrowingDialog
from gui.widgets.labels import Label
from gui.widgets.layouts import Line, hbox, vbox
from gui.workers.run_model import RunModel
from gui.workers.worker_manager import WorkerManager

KEY = Qt.ItemDataRole.UserRole


class QueueDialog(GrowingDialog):
    """`check_wanted`: a person wants to check this computer."""

    check_wanted = Signal()

    def __init__(self, manager: WorkerManager, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._manager, self._queue = manager, manager.device_queue
        self.setWindowTitle(tr("Queue"))
        self.pause_run_button, self.stop_button = plain(tr("Pause"), "pause"), plain(tr("Stop"), "stop")
        self.now_row = BusyRow("", self._beside(self.pause_run_button, self.stop_button))
        self.notice = ClosableNotice()
        self.list = QListWidget()
        self.empty = EmptyState(
            "clock", tr("Nothing is waiting"), tr("What you start while something is running waits here.")
        )
        self.up_button = IconButton("chevron-up", actions.titled(tr("Earlier"), "queue.earlier"))
        self.down_button = IconButton("chevron-down", actions.titled(tr("Later"), "queue.later"))
        self.remove_button = IconButton("trash", actions.titled(tr("Remove from the queue"), "list.delete"))
        self.pause_button = plain("")
        self.check_button, self.close_button = quiet(tr("Check this computer")), plain(tr("Close"))
        self.list.setAccessibleName(tr("Waiting tasks"))
        self.list.setIconSize(QSize(px(16), px(16)))
        self.list.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        for part in (self.list, self.empty):
            part.setFixedHeight(px(220))
        head = hbox(
            Label(tr("Waiting"), "section"),
            1,
            self.up_button,
            self.down_button,
            self.remove_button,
            spacing=4,
        )
        foot = hbox(self.pause_button, 1, self.check_button, self.close_button, spacing=8)
        vbox(
            Label(tr("Now"), "section"),
            self.now_row,
            self.notice,
            Line(),
            head,
            self.list,
            self.empty,
            foot,
            of=self,
            margins=24,
            spacing=12,
        )
        self._connect()
        self.resize(px(560), 0)
        self._show()
        self.list.setCurrentRow(0)

    @staticmethod
    def _beside(*buttons: QWidget) -> QWidget:
        part = QWidget()
        hbox(*buttons, of=part, spacing=8)
        return part

    def _connect(self) -> None:
        queue = self._queue
        for signal in (queue.changed, self._manager.run_changed):
            signal.connect(self._show)
        self.list.currentRowChanged.connect(lambda _row: self._show_actions())
        self.list.model().rowsMoved.connect(self._take_dragged)
        self.up_button.clicked.connect(lambda: self._move(-1))
        self.down_button.clicked.connect(lambda: self._move(1))
        self.remove_button.clicked.connect(self._remove)
        for name, button in (
            ("queue.earlier", self.up_button),
            ("queue.later", self.down_button),
            ("list.delete", self.remove_button),
        ):
            actions.bind(self.list, name, button, Qt.ShortcutContext.WidgetShortcut)
        self.pause_button.clicked.connect(lambda: queue.set_paused(not queue.paused))
        self.pause_run_button.clicked.connect(self._pause_run)
        self.stop_button.clicked.connect(self._stop)
        self.check_button.clicked.connect(self.check_wanted)
        self.check_button.clicked.connect(self.accept)
        self.close_button.clicked.connect(self.accept)

    # Showing

    def _show(self, _run: RunModel | None = None) -> None:
        if problems := self._queue.read_problems():
            self.notice.warn("\n".join(problems))
        now = self._queue.now()
        run = now.run if now is not None else None
        title = now.title if now is not None else tr("Nothing is running.")
        share, text = (now.share or 0.0, now.text) if now is not None else (0.0, "")
        self.now_row.set_progress(share, text, title)
        self.now_row.bar.setVisible(now is not None and now.share is not None)
        self.stop_button.setVisible(now is not None and now.stop is not None)
        self.stop_button.setEnabled(run is None or not run.stopping)
        self.pause_run_button.setVisible(run is not None)
        if run is not None:
            paused = run.state.paused
            self.pause_run_button.setText(tr("Continue") if paused else tr("Pause"))
            self.pause_run_button.set_icon("play" if paused else "pause")
            self.pause_run_button.setEnabled(run.state.stage == "train" and not run.stopping)
        waiting, chosen = self._queue.waiting, self._chosen()
        if [self.list.item(row).data(KEY) for row in range(self.list.count())] != [
            one.key for one in waiting
        ]:
            self.list.clear()
            for entry in waiting:
                item = QListWidgetItem(icon(entry.icon, "muted"), "", self.list)
                item.setData(KEY, entry.key)
                item.setSizeHint(QSize(0, px(48)))
                if entry.key == chosen:
                    self.list.setCurrentItem(item)
        for row, entry in enumerate(waiting):
            self.list.item(row).setText(f"{entry.title}\n{self._queue.waits_for(entry)}")
        self.list.setVisible(bool(waiting))
        self.empty.setVisible(not waiting)
        self.pause_button.setText(tr("Continue queue") if self._queue.paused else tr("Pause queue"))
        self.pause_button.set_icon("play" if self._queue.paused else "pause")
        self._show_actions()

    def _show_actions(self) -> None:
        row = self.list.currentRow()
        self.up_button.setEnabled(row > 0)
        self.down_button.setEnabled(0 <= row < self.list.count() - 1)
        self.remove_button.setEnabled(row >= 0)

    # Acting

    def _chosen(self) -> str:
        return str(self.list.currentItem().data(KEY)) if self.list.currentRow() >= 0 else ""

    def _move(self, by: int) -> None:
        self._queue.move(self._chosen(), self.list.currentRow() + by)

    def _take_dragged(self, _from: QModelIndex, start: int, _end: int, _to: QModelIndex, before: int) -> None:
        """Move what was dragged before another row, or to the end."""
        self._queue.move(self._queue.waiting[start].key, before if before < start else before - 1)

    def _remove(self) -> None:
        row = self.list.currentRow()
        self._queue.remove(self._chosen())
        self.list.setCurrentRow(min(row, self.list.count() - 1))

    def _pause_run(self) -> None:
        now = self._queue.now()
        if now is not None and now.run is not None:
            self._try(now.run.go_on if now.run.state.paused else now.run.pause)

    def _stop(self) -> None:
        now = self._queue.now()
        if now is not None and now.stop is not None:
            self._try(now.stop)

    def _try(self, act: Callable[[], object]) -> None:
        try:
            act()
        except AppError as error:
            self.notice.show_error(error)
