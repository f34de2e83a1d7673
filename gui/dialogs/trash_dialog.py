"""The trash: what was deleted, to be restored or deleted for good."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QStackedWidget, QWidget

from engine.api import AppError, trash, trash_contents
from gui.core.background_tasks import BackgroundTasks
from gui.look.fonts import px
from gui.look.format import bytes_text
from gui.look.language import mark, tr, tr_count
from gui.models.grouped_table import Cell, Column, GroupedTable, NameCell, TextCell
from gui.models.list_text import when_text
from gui.tables.grouped_view import GroupedTableView
from gui.widgets.buttons import plain, quiet
from gui.widgets.cards import ClosableNotice, EmptyState, UndoStrip
from gui.widgets.labels import Label
from gui.widgets.layouts import fill, hbox, vbox

Trashed = trash_contents.Trashed
KINDS = {
    "adapter": mark("Adapter"),
    "run": mark("Run"),
    "arena": mark("Arena"),
    "comparison": mark("Blind comparison"),
    "unknown": mark("Unknown"),
}


class TrashDialog(QDialog):
    """Lists the trash; several rows can be selected. `changed` reports that something left it."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._background = BackgroundTasks(self)
        self.setWindowTitle(tr("Trash"))
        self.table = TrashTable(self)
        self.view = GroupedTableView(self.table, tr("Trash"), several=True)
        self.about = Label("", "body", "muted", wrap=True)
        self.confirm_strip, self.notice = UndoStrip(), ClosableNotice()
        self.restore_button = plain(tr("Restore"), "undo", press=self._restore)
        self.delete_button = plain(tr("Delete permanently…"), "trash")
        self.empty_button = quiet(tr("Empty the trash…"), press=lambda: self._ask(self.table.items()))
        self.close_button = plain(tr("Close"), press=self.accept)
        self._stack = QStackedWidget()
        column = vbox(Label(tr("Trash"), "section"), self.about, of=self, margins=24, spacing=12)
        empty = EmptyState("trash", tr("The trash is empty"), tr("Deleted items can be restored here."))
        fill(self._stack, self.view, empty)
        fill(column, (self._stack, 1), self.confirm_strip, self.notice)
        foot = hbox(
            self.restore_button, self.delete_button, 1, self.empty_button, self.close_button, spacing=8
        )
        column.addLayout(foot)
        self.view.chosen.connect(lambda _item: self._show_actions())
        self.view.delete_wanted.connect(lambda _item: self._ask(self.view.selected()))
        self.view.opened.connect(lambda _item: self._restore())
        self.delete_button.clicked.connect(lambda: self._ask(self.view.selected()))
        self.resize(px(720), px(480))
        self.refresh()

    # Display.
    def refresh(self) -> None:
        self._background.run(trash_contents.contents, self._show)

    def _show(self, found: list[Trashed]) -> None:
        self.table.set_rows(found)
        self._stack.setCurrentIndex(0 if found else 1)
        self.about.setText(_about(found))
        if self.view.current() is None:
            self.view.choose_first()
        self._show_actions()

    def _show_actions(self) -> None:
        """Follow the selection; a question about another one is dropped."""
        self.confirm_strip.dismiss()
        chosen = self.view.selected()
        self.restore_button.setEnabled(any(each.kind != "unknown" for each in chosen))
        self.delete_button.setEnabled(bool(chosen))
        self.empty_button.setEnabled(bool(self.table.items()))

    # Actions.
    def _restore(self) -> None:
        known = [each for each in self.view.selected() if each.kind != "unknown"]
        self._carry_out(trash_contents.restore, known)

    def _ask(self, chosen: Sequence[Trashed]) -> None:
        """Ask in place: what is deleted here can't be brought back."""
        if not chosen:
            return
        question = (
            tr("Delete {name} permanently? This can't be undone.", name=chosen[0].name)
            if len(chosen) == 1
            else tr_count(
                len(chosen),
                "Delete {n} item for good? It can't be brought back.",
                "Delete {n} items permanently? This can't be undone.",
            )
        )
        delete = partial(self._carry_out, trash_contents.delete, list(chosen))
        self.confirm_strip.offer(question, delete, tr("Delete permanently"), stays=True)

    def _carry_out(self, operation: Callable[[Trashed], object], chosen: Sequence[Trashed]) -> None:
        self.notice.hide()
        self._background.run(
            lambda: [operation(each) for each in chosen], lambda _done: self._on_changed(), self._on_failed
        )

    def _on_failed(self, error: AppError) -> None:
        self.notice.show_error(error)
        # Of several, those before it are done.
        self._on_changed()

    def _on_changed(self) -> None:
        self.refresh()
        self.changed.emit()


def _about(found: Sequence[Trashed]) -> str:
    kept = tr("Deleted items stay here for {days} days.", days=trash.TRASH_DAYS)
    total = sum(each.size_bytes for each in found)
    return f"{kept} {tr('Its size is {size}.', size=bytes_text(total))}" if found else kept


class TrashTable(GroupedTable[Trashed]):
    """What is in the trash; `set_rows` takes it."""

    columns = (
        Column("name", mark("Name")),
        Column("kind", mark("Kind"), 140),
        Column("deleted", mark("Deleted"), 112, right=True),
        Column("size", mark("Size"), 88, right=True),
    )

    def key_of(self, item: Trashed) -> str:
        return item.folder.name

    def cell(self, item: Trashed, key: str) -> Cell:
        if key == "name":
            return NameCell(item.name)
        if key == "kind":
            return TextCell(tr(KINDS[item.kind]))
        if key == "deleted":
            return TextCell(_when(item), "figure", right=True)
        return TextCell(bytes_text(item.size_bytes), "figure", "text", right=True)


def _when(trashed: Trashed) -> str:
    return when_text(datetime.fromtimestamp(trashed.at, UTC), datetime.now(UTC))
