"""The pane below the table: charts and queue side by side (as tabs if narrow), or the recipe differences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtWidgets import QBoxLayout, QStackedWidget, QWidget

from engine.api import Curve, arenas, setting_text
from gui.core import actions
from gui.forms.value_text import value_text
from gui.inputs.choices import SegmentedControl
from gui.look import style
from gui.look.fonts import px
from gui.look.format import about_text, duration_text, left_text, number_text, percent
from gui.look.language import mark, tr, translate
from gui.models.grouped_table import Cell, Column, GroupedTable, IconTextCell, TextCell
from gui.pages.arena.charts import FrontView, LossView
from gui.tables.grouped_view import GroupedTableView
from gui.widgets.buttons import IconButton
from gui.widgets.cards import EmptyState
from gui.widgets.labels import ElidedLabel, Label
from gui.widgets.layouts import fill, hbox, vbox

TABS = (("front", mark("Quality against cost")), ("losses", mark("Loss")), ("queue", mark("Queue")))
Difference = arenas.Difference
EntryStatus = arenas.EntryStatus
# The width of the count and the buttons beside the title.
ROOM_BESIDE_TITLE = 248


class LowerPane(QWidget):
    """Lays out the parts; the page fills them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stack = QStackedWidget(self)
        self._charts = QWidget(self._stack)
        tabs = [(key, tr(title)) for key, title in TABS]
        self.tabs = SegmentedControl(tabs, short=True, name=tr("Below the table"), parent=self._charts)
        self._beside = QWidget(self._charts)
        self.front, self.losses = FrontView(self._beside), LossView(self._beside)
        self.queue = QueueView(self._beside)
        self.differences = DifferencesView(self._stack)
        self._parts: dict[str, QWidget] = {"front": self.front, "losses": self.losses, "queue": self.queue}
        self._narrow = False
        self._any_scored = self._any_losses = True
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self._beside)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(24)
        for part, stretch in ((self.front, 11), (self.losses, 9), (self.queue, 0)):
            self._row.addWidget(part, stretch)
        vbox(self.tabs, (self._beside, 1), of=self._charts, spacing=12)
        fill(self._stack, self._charts, self.differences)
        vbox(self._stack, of=self)
        self.tabs.currentChanged.connect(lambda _key: self._show_parts())
        self.set_narrow(False)

    def set_narrow(self, narrow: bool) -> None:
        self._narrow = narrow
        self._show_parts()

    def show_results(
        self,
        rows: Sequence[arenas.Row],
        losses: Sequence[tuple[str, Curve]],
        entries: dict[str, arenas.Entry],
        chosen: str,
    ) -> None:
        self._any_scored = bool(rows)
        self.front.show_rows(rows, chosen)
        self.losses.show_losses(losses, entries, chosen)
        self._any_losses = any(len(curve.steps) for _, curve in losses)
        self._show_parts()

    def choose(self, entry_id: str, row_id: str) -> None:
        """Highlight an entry in the queue, and the row that it is in, in both charts."""
        self.front.choose(row_id)
        self.losses.chart.choose(row_id)
        self.queue.view.choose(entry_id)

    def shows_differences(self) -> bool:
        return self._stack.currentWidget() is self.differences

    def show_differences_instead(self, shows: bool) -> None:
        """Show the differences instead of charts and queue, or hide them."""
        self._stack.setCurrentIndex(1 if shows else 0)

    def _show_parts(self) -> None:
        """Hide the charts that have nothing to draw: first the scores, then the losses. The queue takes their space."""
        any_charts = self._any_scored or self._any_losses
        tabbed = self._narrow and any_charts
        has_something = {"front": self._any_scored, "losses": any_charts, "queue": True}
        current = self.tabs.current() if has_something[self.tabs.current()] else "losses"
        self.tabs.setVisible(tabbed)
        for key, part in self._parts.items():
            part.setVisible(has_something[key] and (not tabbed or key == current))
        fixed = not self._narrow and any_charts
        self.queue.setMaximumWidth(self.queue.room() if fixed else 16_777_215)
        self.queue.setMinimumWidth(self.queue.room() if fixed else px(240))


class DifferencesTable(GroupedTable[Difference]):
    """Recipe keys and their values in each entry."""

    columns: tuple[Column, ...] = (Column("key", mark("Setting")),)
    key_attribute = "key"

    def show_values(self, names: Sequence[str], found: Sequence[Difference]) -> None:
        values = (Column(str(at), name, 152, as_is=True) for at, name in enumerate(names))
        self.set_rows(found, (Column("key", mark("Setting")), *values))

    def cell(self, item: Difference, key: str) -> Cell:
        if key == "key":
            return TextCell(translate(setting_text.title(item.key)), "body_medium", "text")
        value = item.values[int(key)]
        return TextCell(_said(item.key, value), "figure", "hint" if value is None else "text")


def _said(key: str, value: Any) -> str:
    """Return a value as the form shows it; of texts, only the words for values are translated."""
    if value is None:
        return translate(arenas.value_text(value))
    return value_text(setting_text.value(key, value))


class DifferencesView(QWidget):
    """The differences between the recipes of checked entries, or an empty state."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.table = DifferencesTable(self)
        self.view = GroupedTableView(self.table, tr("Recipe differences"))
        self._title = Label(tr("Recipe differences"), "section", "text")
        self._empty = EmptyState("equals", tr("Nothing to compare"), tr("Select two or more entries above."))
        vbox(self._title, (self.view, 1), (self._empty, 1), of=self, spacing=8)

    def show_differences(self, names: Sequence[str], tables: Sequence[dict[str, Any]]) -> None:
        found = arenas.differences(tables) if len(tables) > 1 else ()
        self.table.show_values(names, found)
        self.view.setVisible(bool(found))
        self._empty.setVisible(not found)


class QueueView(QWidget):
    """The queue, with actions for the selected entry.

    Signals: `move_wanted(entry id, by)`, `remove_wanted`, `open_wanted` and `menu_wanted(…, point)` of an entry.
    """

    move_wanted = Signal(str, int)
    remove_wanted = Signal(object)
    open_wanted = Signal(object)
    chosen = Signal(object)
    menu_wanted = Signal(object, QPoint)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.table = QueueTable(self)
        self.view = GroupedTableView(self.table, tr("Queue"))
        self._title = Label(tr("Queue"), "section", "text")
        self.left = ElidedLabel("", "label", "muted")
        self.up_button = IconButton("chevron-up", actions.titled(tr("Earlier"), "queue.earlier"))
        self.down_button = IconButton("chevron-down", actions.titled(tr("Later"), "queue.later"))
        self.remove_button = IconButton("trash", actions.titled(tr("Remove from the arena"), "list.delete"))
        head = hbox(self._title, spacing=4)
        head.addSpacing(8)
        fill(head, (self.left, 1), self.up_button, self.down_button, self.remove_button)
        vbox(head, (self.view, 1), of=self, spacing=8)
        style.scale(self, QWidget.setMinimumWidth, 250)
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
        self._show_operations(None)

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
        self.left.setText(", ".join(part for part in parts if part))
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


SIGNS = {
    "waiting": ("clock", "muted"),
    "running": ("train", "accent"),
    "completed": ("check", "muted"),
    "stopped": ("pause", "warning"),
    "failed": ("problem", "error"),
    "crashed": ("problem", "error"),
    "away": ("link", "accent"),
    "refused": ("warning", "warning"),
}


class QueueTable(GroupedTable[EntryStatus]):
    """`set_statuses` takes the entries in order; `current` is the run followed by this window.

    Times are of whole runs, from loading the base model to scoring the adapter.
    """

    columns = (Column("name", mark("Entry")), Column("state", mark("Whole run"), 130, right=True))

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.left = arenas.TimeLeft({}, None)

    @property
    def seconds_left(self) -> float | None:
        """The remaining seconds of all waiting and running entries, None if unknown."""
        return self.left.queue

    def set_statuses(
        self, statuses: Sequence[EntryStatus], current: str, planned_seconds: float = 0.0
    ) -> None:
        """Show other entries; a run that has just started is shown as running.

        `planned_seconds` are those of one run, 0 if they are unknown.
        """
        shown = [
            replace(each, state="running", reason="") if current and each.entry.run == current else each
            for each in statuses
        ]
        self.left = arenas.time_left(shown, planned_seconds)
        self.set_rows(shown)

    def key_of(self, item: EntryStatus) -> str:
        return item.entry.id

    def cell(self, item: EntryStatus, key: str) -> Cell:
        icon, token = SIGNS[item.state]
        if key == "name":
            done = item.state == "completed"
            # Seeds of a method differ at the end of their names.
            tail = f", {translate(item.entry.seed_text)}" if item.entry.seed is not None else ""
            text_token = "muted" if done else "text"
            return IconTextCell(icon, translate(item.entry.name), token, text_token=text_token, tail=tail)
        quiet = item.state in ("waiting", "completed")
        return TextCell(
            state_text(item, self._left_of(item)), "figure_small", "hint" if quiet else token, right=True
        )

    def _left_of(self, item: EntryStatus) -> float | None:
        return self.left.entries.get(item.entry.id)

    def accessible_text(self, item: EntryStatus) -> str:
        title = f"{translate(item.entry.name)}, {translate(arenas.STATE_TEXTS[item.state])}"
        return f"{title}: {translate(item.reason)}" if item.reason else f"{title}, {self._in_full(item)}"

    def explanation(self, item: EntryStatus, key: str) -> str:
        return translate(item.reason) or self._in_full(item)

    def _in_full(self, item: EntryStatus) -> str:
        run, left = item.run, self._left_of(item)
        if item.state == "completed" and run is not None:
            trained = run.training_seconds is not None and bool(run.trainable_parameters)
            parts = [tr("whole run {time}", time=duration_text(run.seconds))]
            parts += (
                [tr("training alone {time}", time=duration_text(run.training_seconds))] if trained else []
            )
            return ", ".join(parts)
        if item.state == "running" and run is not None and run.total_steps and left is not None:
            return ", ".join([tr("{share} trained", share=percent(run.fraction_done)), left_text(left)])
        return state_text(item, left)


def state_text(status: EntryStatus, left: float | None = None) -> str:
    """Return the status of an entry in short: "13 min 06 s", "about 12 min", "46 %", "can't run".

    `left` is the remaining time in seconds, None if unknown.
    """
    run = status.run
    begun = run is not None and run.total_steps > 0
    text = translate(arenas.STATE_TEXTS[status.state])
    if status.state == "completed" and run is not None:
        text = duration_text(run.seconds)
    elif status.state == "waiting" and left is not None:
        text = about_text(left)
    elif status.state == "running" and (left is not None or begun):
        text = (
            about_text(left) if left is not None else percent(run.fraction_done if run is not None else None)
        )
    elif status.state == "stopped" and run is not None and begun:
        text = tr("at {share}", share=percent(run.fraction_done))
    return text
