"""How long the entries of an arena still take, by what the finished ones took and what the running one tells.

What nothing is known of is not guessed: neither for an entry nor for the queue it stands in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from engine.arena.entry_status import EntryStatus
from engine.runs.run_summaries import RunEntry

TO_GO = ("waiting", "running")


@dataclass(frozen=True)
class TimeLeft:
    """Seconds left by entry, where they can be told, and of all that wait or run: None while one of those can't."""

    entries: dict[str, float]
    queue: float | None


def time_left(statuses: Sequence[EntryStatus]) -> TimeLeft:
    """Return how long entries and queue still take, as far as can be told."""
    past = _Past.of(each for each in statuses if each.state == "completed")
    to_go = [each for each in statuses if each.state in TO_GO]
    found = {each.entry.id: _left(each, past) for each in to_go}
    known = {entry: seconds for entry, seconds in found.items() if seconds is not None}
    return TimeLeft(known, sum(known.values()) if known and len(known) == len(found) else None)


@dataclass(frozen=True)
class _Past:
    """What finished runs took, in seconds: training, all but training, and whole runs of what trains nothing."""

    training: float | None
    beside: float | None
    untrained: float | None

    @classmethod
    def of(cls, done: Iterable[EntryStatus]) -> _Past:
        training, beside, untrained = [], [], []
        for each in done:
            run = each.run
            if run is None:
                continue
            if _trains(each) and run.training_seconds is not None:
                training.append(run.training_seconds)
                beside.append(max(0.0, run.seconds - run.training_seconds))
            elif not _trains(each):
                untrained.append(run.seconds)
        return cls(*(median(values) if values else None for values in (training, beside, untrained)))


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
    """Return what a whole run takes; one that may train for so long only, no more than that."""
    if not _trains(status):
        return past.untrained if past.untrained is not None else past.beside
    minutes = status.recipe.training.max_minutes if status.recipe is not None else 0.0
    known = [seconds for seconds in (past.training, 60 * minutes or None) if seconds is not None]
    return min(known) + (past.beside or 0.0) if known else None


def _scoring(run: RunEntry) -> float:
    """Return how long scoring after training takes: about as long as that of the base model took."""
    return float((run.base_scored or {}).get("seconds") or 0.0)
