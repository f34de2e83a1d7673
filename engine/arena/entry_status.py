"""How each entry of an arena stands, read from its run's folder and from nothing else: two truths would drift apart.

An entry that can't run is told with the reason; it never runs, and the others go on. Knows nothing of scores.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine.arena import arena_store
from engine.arena.arena_store import Arena, Entry
from engine.config import recipe as recipes
from engine.config.recipe import Recipe
from engine.errors import AppError, RecipeError
from engine.jobs.job import Job
from engine.runs import run_store
from engine.runs.run_summaries import RunEntry, Stamp, read_entry, stamp
from engine.scoring import score_text
from engine.system.paths import runs_folder

State = Literal["waiting", "running", "completed", "stopped", "failed", "crashed", "refused"]
# What the queue takes up; a run that failed would fail again.
OPEN: tuple[State, ...] = ("waiting", "stopped", "crashed")
GONE = "Its run is no longer there. Run it again, or take it out."


@dataclass(frozen=True)
class EntryStatus:
    """An entry as it stands; `reason` says why it is refused or failed, `run` is None before it has one."""

    entry: Entry
    state: State
    reason: str = ""
    recipe: Recipe | None = None
    run: RunEntry | None = None


class Reader:
    """Reads entry statuses again and again; a run that has not changed is not read twice."""

    def __init__(self) -> None:
        self._kept: dict[str, RunEntry] = {}
        self._recipes: dict[Path, Recipe] = {}

    def read(self, arena: Arena) -> list[EntryStatus]:
        """Return how every entry stands, in the queue's order."""
        return [self._status(arena, entry) for entry in arena.entries]

    def _status(self, arena: Arena, entry: Entry) -> EntryStatus:
        recipe, reason = self._recipe(arena.recipe_path(entry))
        if entry.run:
            run = self._run(entry.run)
            if run is None:
                return EntryStatus(entry, "failed", GONE, recipe)
            if run.running or run.outcome is not None:
                return EntryStatus(entry, *_state_of(run), recipe, run)
        if recipe is None:
            return EntryStatus(entry, "refused", reason)
        found = run_store.problems(recipe)
        if found:
            return EntryStatus(entry, "refused", _told(found[0].message, found[0].hint), recipe)
        return EntryStatus(entry, "waiting", "", recipe)

    def _recipe(self, path: Path) -> tuple[Recipe | None, str]:
        """Return a recipe, which never changes once it is written, or None and why it can't be read."""
        try:
            if path not in self._recipes:
                self._recipes[path] = recipes.load(path)
            return self._recipes[path], ""
        except RecipeError as error:
            first = error.problems[0]
            return None, _told(first.message, first.hint)

    def _run(self, run_id: str) -> RunEntry | None:
        job = Job(runs_folder() / run_id)
        try:
            if run_id not in self._kept or self._kept[run_id].stamp != _stamp(job):
                self._kept[run_id] = read_entry(job)
            return self._kept[run_id]
        except OSError:
            return None


def _stamp(job: Job) -> Stamp:
    """Return the run's stamp. Raises FileNotFoundError if its folder is gone."""
    job.folder.stat()
    return stamp(job)


def _state_of(run: RunEntry) -> tuple[State, str]:
    """Return state and reason; what the worker found against the recipe is a refusal like any other."""
    if run.running:
        return "running", ""
    if run.outcome == "failed" and run.failure_kind == "RecipeError":
        return "refused", run.failure_message
    if run.outcome == "failed":
        return "failed", run.failure_message
    if run.outcome == "crashed":
        return (
            "crashed",
            "Its worker went without a word. The queue goes on with it from its last checkpoint.",
        )
    return run.outcome or "waiting", ""


def _told(message: str, hint: str) -> str:
    return f"{message} {hint}".strip()


def next_up(statuses: list[EntryStatus], tried: set[str]) -> EntryStatus | None:
    """Return the entry to follow or to begin: one that runs already, else the first open one that was not tried."""
    for each in statuses:
        if each.state == "running" and each.entry.id not in tried:
            return each
    return next((each for each in statuses if each.state in OPEN and each.entry.id not in tried), None)


def job_of(arena: Arena, status: EntryStatus) -> Job:
    """Return the run of an entry that is about to begin or to go on, made and noted in the arena if it has none.

    Raises AppError.
    """
    if status.entry.run:
        return Job(runs_folder() / status.entry.run)
    assert status.recipe is not None
    job = run_store.create_run(status.recipe)
    arena_store.set_run(arena, status.entry.id, job.id)
    return job


def counted(statuses: Sequence[EntryStatus]) -> dict[State, int]:
    """Return how many entries are in each state that occurs."""
    found: dict[State, int] = {}
    for each in statuses:
        found[each.state] = found.get(each.state, 0) + 1
    return found


def progress_text(arena: Arena, statuses: Sequence[EntryStatus]) -> str:
    """Return in one line how far an arena is: "9 of 14 entries completed, 1 refused. The queue is paused."."""
    counts = counted(statuses)
    done = (
        f"{counts.pop('completed', 0)} of {score_text.counted(len(statuses), 'entry', 'entries')} completed"
    )
    others = [f"{count} {state}" for state, count in counts.items()]
    held = (
        "The queue is paused." if arena.paused and any(each.state == "waiting" for each in statuses) else ""
    )
    return " ".join(filter(None, (f"{', '.join([done, *others])}.", held)))


def why_not(error: AppError) -> str:
    """Return an error as the reason of an entry."""
    return _told(error.message, error.hint)
