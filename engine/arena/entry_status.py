"""The status of each entry of an arena, read from its run's folder, and the time left.

An entry that can't run has a reason; the queue skips it. The time left is estimated from finished entries, from the
progress of the running one, or from the plan of a run; without these there is no estimate.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Literal

from engine.arena import arena_store, external_summaries
from engine.arena.arena_store import Arena
from engine.arena.entries import Entry
from engine.arena.external_summaries import ExternalScores
from engine.config import hub_sources
from engine.config import recipe as recipes
from engine.config.recipe import Recipe
from engine.errors import AppError, Problem, RecipeError
from engine.jobs.job import Job
from engine.messages import counted, joined, say
from engine.runs import run_store
from engine.runs.run_summaries import RunEntry, read_entry, stamp
from engine.system.paths import runs_folder

State = Literal["waiting", "running", "completed", "stopped", "failed", "crashed", "away", "refused"]
STATE_TEXTS: dict[State, str] = {
    "waiting": say("waiting"),
    "running": say("running"),
    "completed": say("completed"),
    "stopped": say("stopped"),
    "failed": say("failed"),
    "crashed": say("crashed"),
    "away": say("on another computer"),
    "refused": say("can't run"),
}
# States that the queue starts; a failed run would fail again.
OPEN: tuple[State, ...] = ("waiting", "stopped", "crashed", "away")
UNREADABLE = "Its summaries can't be read. Add the file again."
GONE = "Its run is gone. Run it again, or remove it."
TO_GO = ("waiting", "running")


@dataclass(frozen=True)
class EntryStatus:
    """The state of an entry; `reason` is why it is refused or failed, `run` is None before it has one.

    Another system's summaries have neither recipe nor run; `external` are their scores.
    """

    entry: Entry
    state: State
    reason: str = ""
    recipe: Recipe | None = None
    run: RunEntry | None = None
    external: ExternalScores | None = None


class Reader:
    """Reads entry statuses repeatedly; runs that have not changed are cached."""

    def __init__(self) -> None:
        self._runs: dict[str, RunEntry] = {}
        self._recipes: dict[Path, Recipe] = {}
        self._external: dict[Path, ExternalScores] = {}

    def read(self, arena: Arena) -> list[EntryStatus]:
        """Return the status of every entry, in the queue's order."""
        return [self._status(arena, entry) for entry in arena.entries]

    def _status(self, arena: Arena, entry: Entry) -> EntryStatus:
        if entry.file:
            return self._external_status(arena, entry)
        recipe, reason = self._recipe(arena.recipe_path(entry))
        if entry.run:
            run = self._run(entry.run)
            if run is None:
                return EntryStatus(entry, "failed", GONE, recipe)
            if run.running or run.outcome is not None:
                return EntryStatus(entry, *_state_of(run), recipe, run)
        if recipe is None:
            return EntryStatus(entry, "refused", reason)
        problems = (*run_store.problems(recipe), *hub_sources.offline_problems(recipe))
        if problems:
            return EntryStatus(entry, "refused", why_not(problems[0]), recipe)
        return EntryStatus(entry, "waiting", "", recipe)

    def _external_status(self, arena: Arena, entry: Entry) -> EntryStatus:
        """Return the status of another system's summaries, which never change."""
        folder = external_summaries.folder_of(arena, entry)
        found = self._external.get(folder) or external_summaries.load(folder)
        if found is None:
            return EntryStatus(entry, "failed", UNREADABLE)
        self._external[folder] = found
        return EntryStatus(entry, "completed", external=found)

    def _recipe(self, path: Path) -> tuple[Recipe | None, str]:
        """Return a recipe, which never changes, or None and the reason why it can't be read."""
        try:
            if path not in self._recipes:
                self._recipes[path] = recipes.load(path)
            return self._recipes[path], ""
        except RecipeError as error:
            return None, why_not(error.problems[0])

    def _run(self, run_id: str) -> RunEntry | None:
        """Return a run, None if its folder is gone."""
        job = Job(runs_folder() / run_id)
        try:
            job.folder.stat()
            if run_id not in self._runs or self._runs[run_id].stamp != stamp(job):
                self._runs[run_id] = read_entry(job)
            return self._runs[run_id]
        except OSError:
            return None


def _state_of(run: RunEntry) -> tuple[State, str]:
    """Return state and reason; a recipe that the worker rejects is refused too."""
    if run.running:
        return "running", ""
    if run.outcome == "failed" and run.failure_kind == "RecipeError":
        return "refused", run.failure_message
    if run.outcome == "failed":
        return "failed", run.failure_message
    if run.outcome == "crashed":
        return "crashed", "It crashed. The queue resumes it from its checkpoint."
    if run.outcome == "away":
        return "away", "It runs on another computer."
    return run.outcome or "waiting", ""


def next_up(statuses: list[EntryStatus], tried: set[str]) -> EntryStatus | None:
    """Return the entry to follow or start: a running one, else the first open one that was not tried."""
    for each in statuses:
        if each.state == "running" and each.entry.id not in tried:
            return each
    return next((each for each in statuses if each.state in OPEN and each.entry.id not in tried), None)


def job_of(arena: Arena, status: EntryStatus) -> Job:
    """Return the run of an entry that is about to start or resume, created if it has none. Raises AppError."""
    return jobs_of(arena, [status])[status.entry.id]


def jobs_of(arena: Arena, statuses: Sequence[EntryStatus], computer: str = "") -> dict[str, Job]:
    """Return the runs of entries by the entries' ids, as `job_of` does; new ones are for the named `computer`.

    Writes the arena once for all. Raises AppError.
    """
    jobs: dict[str, Job] = {}
    for status in statuses:
        if status.entry.run:
            jobs[status.entry.id] = Job(runs_folder() / status.entry.run)
        else:
            assert status.recipe is not None
            jobs[status.entry.id] = run_store.create_run(status.recipe, computer)
    new = {status.entry.id: jobs[status.entry.id].id for status in statuses if not status.entry.run}
    if new:
        arena_store.set_runs(arena, new)
    return jobs


def by_state(statuses: Sequence[EntryStatus]) -> dict[State, int]:
    """Return the number of entries by state."""
    return dict(Counter(each.state for each in statuses))


def progress_text(arena: Arena, statuses: Sequence[EntryStatus]) -> str:
    """Return the progress in one line: "9 of 14 entries completed, 1 can't run. The queue is paused."."""
    counts = by_state(statuses)
    done = say(
        "{} of {} completed",
        counts.pop("completed", 0),
        counted(len(statuses), "entry", "entries"),
    )
    others = [say("{} {}", count, STATE_TEXTS[state]) for state, count in counts.items()]
    paused = (
        "The queue is paused." if arena.paused and any(each.state == "waiting" for each in statuses) else ""
    )
    return joined(" ", (say("{}.", joined(", ", [done, *others])), paused))


def why_not(error: AppError | Problem) -> str:
    """Return an error as the reason of an entry."""
    return joined(" ", (error.message, error.hint))


@dataclass(frozen=True)
class TimeLeft:
    """The seconds left of entries, where known, and of the whole queue: None while any entry is unknown."""

    entries: dict[str, float]
    queue: float | None


def time_left(statuses: Sequence[EntryStatus], planned_seconds: float = 0.0) -> TimeLeft:
    """Return the remaining time of entries and queue as far as known; `planned_seconds` is the plan of one run."""
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
        # Scoring the adapter takes about as long as scoring the base model.
        return run.seconds_left + float((run.base_scored or {}).get("seconds") or 0.0)
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
