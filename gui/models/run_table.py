"""The table model of the list of runs: what trains now, what waits, and what has ended, by the day it started."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Literal

from PySide6.QtCore import QObject

from engine.api import RunEntry, run_names
from gui.look.format import about_text, duration_text, gain, number_text, percent
from gui.look.language import mark, tr, tr_count, translate
from gui.models.grouped_table import Column, GroupedTable, Heading, TwoLineCell
from gui.models.list_text import UNKNOWN_VERDICT, VERDICTS, base_text, data_text, day_text, moment_text

Show = Literal["all", "completed", "resumable"]
SHOWN: tuple[Show, ...] = ("all", "completed", "resumable")


@dataclass(frozen=True)
class WaitingRun:
    """A run or an arena that waits in the queue, and what for."""

    id: str
    name: str
    reason: str


@dataclass(frozen=True)
class Outcome:
    """An outcome's text, icon and colours."""

    icon: str
    text: str
    token: str = "muted"
    text_token: str = "text"


_OUTCOMES = {
    "completed": ("check", "muted", "text"),
    "stopped": ("stop", "muted", "text"),
    "failed": ("problem", "error", "error"),
    "crashed": ("warning", "warning", "warning"),
    "away": ("link", "accent", "text"),
    "paused": ("pause", "warning", "warning"),
    None: ("clock", "hint", "muted"),
}
_VERDICTS = {
    "better": mark("better"),
    "no measurable difference": mark("no measurable difference"),
    "too few to tell": mark("too few conversations to tell"),
    "worse": mark("worse"),
}


def outcome_of(entry: RunEntry) -> Outcome:
    """Return how a run ended, or its current state."""
    if entry.running:
        return Outcome("play", tr("Running, {share}", share=percent(entry.fraction_done)), "accent", "accent")
    icon, token, text_token = _OUTCOMES["paused" if entry.device_released else entry.outcome]
    return Outcome(icon, translate(entry.status), token, text_token)


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


class RunTable(GroupedTable[RunEntry | WaitingRun]):
    """Runs by day, newest first, below those that train or wait; `put` adds or updates, `show_only` filters."""

    columns = (Column("run", mark("Run"), least=0),)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._entries: dict[str, RunEntry] = {}
        self._waiting: list[WaitingRun] = []
        self._show: Show = "all"
        self._search = ""

    def put(self, entries: Iterable[RunEntry]) -> None:
        self._entries |= {entry.id: entry for entry in entries}
        self._refill()

    def put_waiting(self, waiting: Sequence[WaitingRun]) -> None:
        if list(waiting) != self._waiting:
            self._waiting = list(waiting)
            self._refill()

    def retain(self, ids: Iterable[str]) -> None:
        known = set(ids)
        if self._entries.keys() - known:
            self._entries = {key: entry for key, entry in self._entries.items() if key in known}
            self._refill()

    def update_live(self, entry: RunEntry) -> None:
        """Update a listed run; no row moves unless it has just begun."""
        known = self._entries.get(entry.id)
        if known is not None and known.running != entry.running:
            self.put([entry])
        elif known is not None:
            self._entries[entry.id] = entry
            self.replace(entry)

    def entries(self) -> list[RunEntry]:
        """Return all runs, shown or not, newest first."""
        return sorted(self._entries.values(), key=lambda entry: entry.started_at, reverse=True)

    def runs(self) -> list[RunEntry]:
        return [item for item in self.items() if isinstance(item, RunEntry)]

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
        rows: list[Heading | RunEntry | WaitingRun] = []
        if now := [entry for entry in shown if entry.running]:
            rows += [Heading(tr("Now")), *now]
        if self._waiting and self._show == "all" and not self._search:
            rows += [Heading(tr("Waiting")), *self._waiting]
        today = datetime.now(UTC).astimezone().date()
        for day, found in groupby((entry for entry in shown if not entry.running), key=_day):
            rows.append(Heading(day_text(day, today)))
            rows.extend(found)
        self.set_rows(rows)

    def name_of(self, item: RunEntry | WaitingRun) -> str:
        return item.name if isinstance(item, RunEntry) and item.recipe is not None else ""

    def cell(self, item: RunEntry | WaitingRun, key: str) -> TwoLineCell:
        if isinstance(item, WaitingRun):
            return TwoLineCell(item.name, item.reason)
        outcome = outcome_of(item)
        if item.running:
            left = (
                tr("{time} left", time=about_text(item.seconds_left)) if item.seconds_left else outcome.text
            )
            return TwoLineCell(_title(item), _foot(item, left), share=item.fraction_done)
        if item.outcome == "completed":
            icon, _, token = VERDICTS.get(item.verdict, UNKNOWN_VERDICT)
            foot = _foot(item, duration_text(item.seconds or None))
            return TwoLineCell(
                _title(item), foot, *((icon, gain(item.gain), token) if item.gain is not None else ())
            )
        return TwoLineCell(_title(item), _foot(item, outcome.text), outcome.icon, "", outcome.token)

    def accessible_text(self, item: RunEntry | WaitingRun) -> str:
        if isinstance(item, WaitingRun):
            return f"{item.name}, {item.reason}"
        return ", ".join(filter(None, (item.name, outcome_of(item).text, *_facts(item))))

    def explanation(self, item: RunEntry | WaitingRun, key: str) -> str:
        if isinstance(item, WaitingRun):
            return item.name
        when = tr("Started {when}", when=moment_text(started(item), datetime.now(UTC)))
        why = translate(item.failure_message or item.error)
        return "\n".join(filter(None, (item.name, outcome_of(item).text, why, when, *_facts(item))))


def _title(entry: RunEntry) -> str:
    """Return base model and method, or the name that a person gave."""
    parts = entry.name.split(run_names.SEPARATOR)
    is_named = entry.recipe is None or entry.recipe.given_name
    return entry.name if is_named or len(parts) != 3 else run_names.SEPARATOR.join((parts[0], parts[2]))


def _foot(entry: RunEntry, fact: str) -> str:
    data = data_text(entry.recipe.data.source) if entry.recipe is not None else ""
    return run_names.SEPARATOR.join(filter(None, (data, fact)))


def _facts(entry: RunEntry) -> list[str]:
    """Return the figures of a run."""
    facts = (
        [tr("steps: {steps}", steps=_steps(entry)), duration_text(entry.seconds)] if entry.total_steps else []
    )
    if entry.gain is not None:
        verdict = tr(_VERDICTS[entry.verdict]) if entry.verdict in _VERDICTS else tr("not compared")
        facts.append(f"ROUGE-1 {gain(entry.gain)}, {verdict}")
    if entry.chrf_gain is not None:
        facts.append(f"chrF {gain(entry.chrf_gain)}")
    if entry.attempts > 1:
        facts.append(tr_count(entry.attempts, "{n} attempt", "{n} attempts"))
    return facts


def _day(entry: RunEntry) -> date:
    return started(entry).date()


def _steps(entry: RunEntry) -> str:
    done = number_text(entry.step)
    if entry.step < entry.total_steps:
        return tr("{step} of {total}", step=done, total=number_text(entry.total_steps))
    return done
