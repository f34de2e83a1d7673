"""An arena's queue as a Qt model: every entry in its turn, and how it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.api import arenas
from gui.look.format import duration_text, percent
from gui.models.cells import Cell, Signed, Text
from gui.models.grouped_table import Column, GroupedTable

Standing = arenas.Standing

SIGNS = {
    "waiting": ("clock", "ink2"),
    "running": ("train", "accent"),
    "completed": ("check", "ink2"),
    "stopped": ("pause", "copper"),
    "failed": ("problem", "brick"),
    "crashed": ("problem", "brick"),
    "refused": ("warning", "copper"),
}


class QueueTable(GroupedTable[Standing]):
    """`set_standings` takes the entries in order; `current` is the run that this window follows."""

    columns = (Column("name", "Entry"), Column("state", "State", 100, right=True))

    def set_standings(self, standings: Sequence[Standing], current: str) -> None:
        """Show other entries; a run that has begun a moment ago is shown as running."""
        self.set_rows(
            [
                replace(each, state="running") if current and each.entry.run == current else each
                for each in standings
            ]
        )

    def key_of(self, thing: Standing) -> str:
        return thing.entry.id

    def cell(self, thing: Standing, key: str) -> Cell:
        icon, token = SIGNS[thing.state]
        if key == "name":
            done = thing.state == "completed"
            return Signed(icon, thing.entry.name, token, text_token="ink2" if done else "ink")
        quiet = thing.state in ("waiting", "completed")
        return Text(state_words(thing), "figure_small", "ink3" if quiet else token, right=True)

    def words(self, thing: Standing) -> str:
        said = f"{thing.entry.name}, {thing.state}"
        return f"{said}: {thing.reason}" if thing.reason else f"{said}, {state_words(thing)}"

    def explanation(self, thing: Standing, key: str) -> str:
        return thing.reason


def state_words(standing: Standing) -> str:
    """Return in a few words how an entry stands: "13.1 min", "46 %", "about 10 min", "can't run here"."""
    run = standing.run
    if standing.state == "completed" and run is not None:
        return duration_text(run.seconds)
    if standing.state == "running":
        return percent(run.share) if run is not None and run.total_steps else "begins"
    if standing.state == "waiting":
        minutes = standing.recipe.training.max_minutes if standing.recipe is not None else 0.0
        trains = standing.recipe is not None and standing.recipe.method.method.trains
        return f"about {duration_text(60 * minutes)}" if minutes and trains else "waits"
    if standing.state == "refused":
        return "can't run"
    if standing.state == "stopped" and run is not None and run.total_steps:
        return f"at {percent(run.share)}"
    return standing.state
