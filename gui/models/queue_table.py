"""The table model of an arena's queue: entries in order, with their status."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QObject

from engine.api import arenas
from gui.look.format import about_text, duration_text, left_text, percent
from gui.look.language import mark, tr, translate
from gui.models.grouped_table import Cell, Column, GroupedTable, IconTextCell, TextCell
from gui.models.list_text import entry_text, seed_text

EntryStatus = arenas.EntryStatus

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
STATES = {
    "waiting": mark("waiting"),
    "running": mark("running"),
    "completed": mark("completed"),
    "stopped": mark("stopped"),
    "failed": mark("failed"),
    "crashed": mark("crashed"),
    "away": mark("elsewhere"),
    "refused": mark("refused"),
}
# Short forms, where they differ.
SHORT_STATES = {"waiting": mark("waiting"), "running": mark("starting"), "refused": mark("can't run")}


class QueueTable(GroupedTable[EntryStatus]):
    """`set_statuses` takes the entries in order; `current` is the run followed by this window.

    Times are of whole runs, from loading the base model to scoring the adapter.
    """

    columns = (Column("name", mark("Entry")), Column("state", mark("Whole run"), 130, right=True))

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._left = arenas.TimeLeft({}, None)

    @property
    def seconds_left(self) -> float | None:
        """The remaining seconds of all waiting and running entries, None if unknown."""
        return self._left.queue

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
        self._left = arenas.time_left(shown, planned_seconds)
        self.set_rows(shown)

    def key_of(self, item: EntryStatus) -> str:
        return item.entry.id

    def cell(self, item: EntryStatus, key: str) -> Cell:
        icon, token = SIGNS[item.state]
        if key == "name":
            done = item.state == "completed"
            # Seeds of a method differ at the end of their names.
            tail = f", {seed_text(item.entry)}" if item.entry.seed is not None else ""
            text_token = "muted" if done else "text"
            return IconTextCell(icon, entry_text(item.entry), token, text_token=text_token, tail=tail)
        quiet = item.state in ("waiting", "completed")
        return TextCell(
            state_text(item, self._left_of(item)), "figure_small", "hint" if quiet else token, right=True
        )

    def _left_of(self, item: EntryStatus) -> float | None:
        return self._left.entries.get(item.entry.id)

    def accessible_text(self, item: EntryStatus) -> str:
        title = f"{entry_text(item.entry)}, {tr(STATES[item.state])}"
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
    text = tr((STATES | SHORT_STATES)[status.state])
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
