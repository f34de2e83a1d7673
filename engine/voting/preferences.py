"""How often the systems of runs were preferred in blind votes, to stand beside their scores.

Only comparisons whose names came out are shown, so that nobody sees a result while they vote.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import lru_cache

from engine.errors import AppError
from engine.voting.comparisons import ComparisonInfo, System, find, list_comparisons, load
from engine.voting.outcomes import Probability, Tally
from engine.voting.results import Results, results
from engine.voting.votes import read_votes


@dataclass(frozen=True)
class Preferred:
    """How a system did: the probability to be preferred to another one of its comparison, and its votes."""

    system: System
    preferred: Probability
    tally: Tally

    def as_dict(self) -> dict[str, float]:
        """Return the figures as plain values, for JSON."""
        return asdict(self.preferred) | asdict(self.tally)


@dataclass(frozen=True)
class Preferences:
    """The result of one comparison, by strength; `by_run` has the tuned systems only."""

    info: ComparisonInfo
    results: Results
    systems: tuple[Preferred, ...]

    @property
    def by_run(self) -> dict[str, Preferred]:
        """The adapters, by the ids of their runs."""
        return {each.system.run: each for each in self.systems if each.system.tuned and each.system.run}


def of_runs(run_ids: Collection[str]) -> Preferences | None:
    """Return the result of the comparison with most of these runs, of equal ones the newest; None without one."""
    wanted, best, found = set(run_ids), 0, None
    for info in list_comparisons():
        common = len(wanted & {each.run for each in info.systems if each.tuned})
        if common > best:
            preferences = _preferences(info)
            if preferences is not None:
                best, found = common, preferences
    return found


def stamp() -> tuple[tuple[str, int, int], ...]:
    """Return a stamp that changes with any vote."""
    found = []
    for info in list_comparisons():
        with suppress(OSError):
            facts = info.votes_path.stat()
            found.append((info.id, facts.st_size, facts.st_mtime_ns))
    return tuple(found)


def _preferences(info: ComparisonInfo) -> Preferences | None:
    try:
        facts = info.votes_path.stat()
    except OSError:
        return None
    return _read(info.id, (facts.st_size, facts.st_mtime_ns))


@lru_cache(maxsize=32)
def _read(comparison_id: str, _stamp: tuple[int, int]) -> Preferences | None:
    """Return the result of a comparison, cached until its votes change; None before its names came out."""
    try:
        comparison = load(find(comparison_id))
        votes = read_votes(comparison.info.votes_path, comparison)
    except AppError:
        return None
    found = results(comparison, votes) if votes.revealed else None
    if found is None:
        return None
    systems = tuple(
        Preferred(comparison.systems[each.system], each.preferred, each.tally) for each in found.systems
    )
    return Preferences(comparison.info, found, systems)
