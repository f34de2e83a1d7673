"""Estimates the remaining time of an arena's entries, from the finished ones and the progress of the running one.

Before any is finished the plan of one run tells. Nothing is guessed: without either, an entry and its queue have no
estimate.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import median

from engine.arena.entry_status import EntryStatus
from engine.runs.run_summaries import RunEntry

TO_GO = ("waiting", "running")


@dataclass(frozen=True)
class TimeLeft:
    """The seconds left by entry, where they are known, and of the whole queue: None while one entry is unknown."""

    entries: dict[str, float]
    queue: float | None


def time_left(statuses: Sequence[EntryStatus], planned_seconds: float = 0.0) -> TimeLeft:
    """Return the remaining time of entries and queue, as far as it is known; `planned_seconds` are those of one run."""
    past = replace(
        _Past.of(each for each in statuses if each.state == "completed"), planned=planned_seconds or None
    )
    to_go = [each for each in statuses if each.state in TO_GO]
    seconds_by_entry = {each.entry.id: _left(each, past) for each in to_go}
    known = {entry: seconds for entry, seconds in seconds_by_entry.items() if seconds is not None}
    return TimeLeft(known, sum(known.values()) if known and len(known) == len(seconds_by_entry) else None)


@dataclass(frozen=True)
class _Past:
    """Median seconds of finished runs: training, everything else, and whole runs of methods that do not train.

    `planned` are the seconds of a whole run by its plan.
    """

    training: float | None
    other: float | None
    untrained: float | None
    planned: float | None = None

    @classmethod
    def of(cls, done: Iterable[EntryStatus]) -> _Past:
        training, other, untrained = [], [], []
        for each in done:
            run = each.run
            if run is None:
                continue
            if _trains(each) and run.training_seconds is not None:
                training.append(run.training_seconds)
                other.append(max(0.0, run.seconds - run.training_seconds))
            elif not _trains(each):
                untrained.append(run.seconds)
        return cls(*(median(values) if values else None for values in (training, other, untrained)))


def _trains(status: EntryStatus) -> bool:
    return status.recipe is None or status.recipe.method.method.trains


def _left(status: EntryStatus, past: _Past) -> float | None:
    run, whole = status.run, _whole(status, past)
    if status.state == "waiting" or run is None:
        return whole
    if run.seconds_left is not None:
        return run.seconds_left + _scoring(run)
    return whole - run.seconds if whole is not None and whole > run.seconds else None


def _whole(status: EntryStatus, past: _Past) -> float | None:
    """Return the time of a whole run, within its time limit."""
    if not _trains(status):
        known = (past.untrained, past.other, past.planned)
        return next((seconds for seconds in known if seconds is not None), None)
    if past.training is None and past.planned is not None:
        return past.planned
    minutes = status.recipe.training.max_minutes if status.recipe is not None else 0.0
    bounds = [seconds for seconds in (past.training, 60 * minutes or None) if seconds is not None]
    return min(bounds) + (past.other or 0.0) if bounds else None


def _scoring(run: RunEntry) -> float:
    """Return the time of scoring after training: about that of scoring the base model."""
    return float((run.base_scored or {}).get("seconds") or 0.0)
