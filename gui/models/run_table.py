"""The history's table model: runs grouped by the day they started."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Literal

from PySide6.QtCore import QObject

from engine.api import OUT_OF_MEMORY, RunEntry
from gui.look.format import UNKNOWN, duration_text, gain, number_text, percent
from gui.look.language import mark, tr, translate
from gui.models.grouped_table import (
    EMPTY,
    Cell,
    Column,
    GroupedTable,
    Heading,
    IconTextCell,
    LinkCell,
    NameCell,
    SparklineCell,
    TextCell,
)
from gui.models.list_text import UNKNOWN_VERDICT, VERDICTS, base_text, data_text, day_text

Show = Literal["all", "completed", "resumable"]
SHOWN: tuple[Show, ...] = ("all", "completed", "resumable")
Action = Literal["", "open", "resume", "again", "edit"]


@dataclass(frozen=True)
class Outcome:
    """An outcome's text, icon and colours."""

    icon: str
    text: str
    token: str = "muted"
    text_token: str = "text"


_OUTCOMES = {
    "completed": Outcome("check", mark("Completed")),
    "stopped": Outcome("stop", mark("Stopped")),
    "failed": Outcome("problem", mark("Failed"), "error", "error"),
    "crashed": Outcome("warning", mark("Crashed"), "warning", "warning"),
    "away": Outcome("link", mark("At another computer"), "accent"),
}
_FAILURES = {
    OUT_OF_MEMORY: mark("Out of memory"),
    "DataError": mark("Data problem"),
    "BaseModelError": mark("Base model problem"),
    "RecipeError": mark("Recipe problem"),
    "OfflineError": mark("No network"),
    "DeviceError": mark("Device problem"),
    "StorageError": mark("Storage problem"),
}
_VERDICTS = {
    "better": mark("better"),
    "no measurable difference": mark("no measurable difference"),
    "too few to tell": mark("too few conversations to tell"),
    "worse": mark("worse"),
}
_RECIPE_ERRORS = {"RecipeError", "DataError", "BaseModelError", "TrainingError", "DeviceError"}


def outcome_of(entry: RunEntry) -> Outcome:
    """Return how a run ended, or its current state."""
    if entry.running:
        return Outcome("play", tr("Running, {share}", share=percent(entry.fraction_done)), "accent", "accent")
    if entry.outcome is None:
        return Outcome("clock", tr("Not started"), "hint", "muted")
    if entry.device_released:
        return Outcome("pause", tr("Paused"), "warning", "warning")
    found = _OUTCOMES[entry.outcome]
    failed = entry.outcome == "failed"
    text = _FAILURES.get(entry.failure_kind, found.text) if failed else found.text
    return replace(found, text=tr(text))


def next_step(entry: RunEntry) -> tuple[Action, str]:
    """Return the suggested next action for a run, and its text; nothing for a completed one."""
    if entry.running:
        return "open", tr("Show")
    if entry.recipe is None or entry.outcome == "completed":
        return "", ""
    if entry.failure_kind == OUT_OF_MEMORY:
        return "open", tr("Choose a plan") if entry.has_fallbacks else tr("Show")
    if entry.outcome == "failed" and entry.failure_kind in _RECIPE_ERRORS:
        return "edit", tr("New run from these settings")
    if entry.device_released:
        return "resume", tr("Continue")
    return ("resume", tr("Resume")) if entry.can_resume else ("again", tr("Run again"))


def is_shown(entry: RunEntry, show: Show) -> bool:
    """Return whether a filter includes a run."""
    if show == "completed":
        return entry.outcome == "completed"
    return show == "all" or entry.can_resume


def matches(entry: RunEntry, text: str) -> bool:
    """Return whether every word of a search is in a run's name, id, base model, data, method or outcome."""
    parts = [entry.name, entry.id, outcome_of(entry).text]
    if entry.recipe is not None:
        recipe = entry.recipe
        parts += [
            base_text(recipe.base_model.id),
            data_text(recipe.data.source),
            translate(recipe.method.method.title),
        ]
    found = " ".join(parts).casefold()
    return all(word in found for word in text.casefold().split())


def started(entry: RunEntry) -> datetime:
    """Return when a run was started, in local time."""
    return datetime.fromtimestamp(entry.started_at, UTC).astimezone()


class RunTable(GroupedTable[RunEntry]):
    """Runs by day, newest first; `put` adds or updates runs, `show_only` filters them."""

    columns = (
        Column("name", mark("Run")),
        Column("outcome", mark("Outcome"), 150),
        Column("loss", mark("Loss"), 132, hidden_below=760),
        Column("steps", mark("Steps"), 128, right=True, hidden_below=1040),
        Column("time", mark("Time"), 100, right=True, hidden_below=1000),
        Column("gain", mark("ROUGE-1 gain"), 126, right=True, hidden_below=500),
        Column("chrf", mark("chrF gain"), 112, right=True, hidden_below=1240),
        Column("started", mark("Started"), 96, right=True, hidden_below=600),
        Column("next", "", 132, right=True),
    )

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._entries: dict[str, RunEntry] = {}
        self._show: Show = "all"
        self._search = ""

    def put(self, entries: Iterable[RunEntry]) -> None:
        self._entries |= {entry.id: entry for entry in entries}
        self._refill()

    def retain(self, ids: Iterable[str]) -> None:
        """Remove all runs but these."""
        known = set(ids)
        if self._entries.keys() - known:
            self._entries = {key: entry for key, entry in self._entries.items() if key in known}
            self._refill()

    def update_live(self, entry: RunEntry) -> None:
        """Update a listed run without moving any row."""
        if entry.id in self._entries:
            self._entries[entry.id] = entry
            self.replace(entry)

    def entries(self) -> list[RunEntry]:
        return sorted(self._entries.values(), key=lambda entry: entry.started_at, reverse=True)

    def entry(self, run_id: str) -> RunEntry | None:
        return self._entries.get(run_id)

    def show_only(self, show: Show, search: str) -> None:
        """List only the runs that match a filter and a search."""
        self._show, self._search = show, search
        self._refill()

    def count(self, show: Show) -> int:
        """Return how many runs a filter includes, of those that are searched for."""
        return sum(is_shown(entry, show) and self._is_found(entry) for entry in self._entries.values())

    def _is_found(self, entry: RunEntry) -> bool:
        return not self._search or matches(entry, self._search)

    def _refill(self) -> None:
        shown = [entry for entry in self.entries() if is_shown(entry, self._show) and self._is_found(entry)]
        rows: list[Heading | RunEntry] = []
        today = datetime.now(UTC).astimezone().date()
        for day, found in groupby(shown, key=_day):
            rows.append(Heading(day_text(day, today)))
            rows.extend(found)
        self.set_rows(rows)

    def key_of(self, item: RunEntry) -> str:
        return item.id

    def cell(self, item: RunEntry, key: str) -> Cell:
        return _CELLS[key](item)

    def accessible_text(self, item: RunEntry) -> str:
        parts = [
            item.name,
            outcome_of(item).text,
            tr("steps: {steps}", steps=_steps(item).text),
            duration_text(item.seconds),
        ]
        if item.gain is not None:
            verdict = tr(_VERDICTS[item.verdict]) if item.verdict in _VERDICTS else tr("not compared")
            parts.append(f"ROUGE-1 {gain(item.gain)}, {verdict}")
        if item.chrf_gain is not None:
            parts.append(f"chrF {gain(item.chrf_gain)}")
        action, text = next_step(item)
        parts.append(tr("started {time}", time=f"{started(item):%H:%M}"))
        parts += [tr("next: {step}", step=text)] if action else []
        return ", ".join(parts)

    def explanation(self, item: RunEntry, key: str) -> str:
        if key == "outcome":
            return translate(item.failure_message or item.error)
        if key == "gain":
            same = tr("No measurable difference") if item.verdict == "no measurable difference" else ""
            chrf = "" if item.chrf_gain is None else f"chrF {gain(item.chrf_gain)}"
            return "\n".join(filter(None, (same, chrf)))
        return ""


def _day(entry: RunEntry) -> date:
    return started(entry).date()


def _outcome(entry: RunEntry) -> Cell:
    found = outcome_of(entry)
    return IconTextCell(found.icon, found.text, found.token, text_token=found.text_token)


def _loss(entry: RunEntry) -> Cell:
    if len(entry.loss) < 2:
        return EMPTY
    token = "accent" if entry.running or entry.outcome == "completed" else "grey"
    return SparklineCell(entry.loss, entry.fraction_done, token)


def _steps(entry: RunEntry) -> TextCell:
    if not entry.total_steps:
        return TextCell(UNKNOWN, "figure", right=True)
    done = number_text(entry.step)
    if entry.step < entry.total_steps:
        done = tr("{step} of {total}", step=done, total=number_text(entry.total_steps))
    return TextCell(done, "figure", right=True)


def _time(entry: RunEntry) -> Cell:
    return TextCell(duration_text(entry.seconds or None), "figure", right=True)


def _gain(entry: RunEntry) -> Cell:
    if entry.gain is None:
        return TextCell(UNKNOWN, "figure", right=True)
    icon, _, token = VERDICTS.get(entry.verdict, UNKNOWN_VERDICT)
    return IconTextCell(icon, gain(entry.gain), token, right=True, role="figure_medium")


def _next(entry: RunEntry) -> Cell:
    _, text = next_step(entry)
    return LinkCell(text, right=True) if text else EMPTY


_CELLS = {
    "name": lambda entry: NameCell(entry.name),
    "outcome": _outcome,
    "loss": _loss,
    "steps": _steps,
    "time": _time,
    "gain": _gain,
    "chrf": lambda entry: TextCell(gain(entry.chrf_gain), "figure", right=True),
    "started": lambda entry: TextCell(f"{started(entry):%H:%M}", "figure", right=True),
    "next": _next,
}
