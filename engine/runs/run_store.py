"""Creates, finds, changes and deletes runs: jobs that train. `run_summaries` has the short form for long lists."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from engine.adapters.library import find
from engine.adapters.metadata import now_text
from engine.adapters.trash import restore, to_trash
from engine.config import recipe as recipes
from engine.config import run_changes
from engine.config.recipe import MethodSettings, Recipe
from engine.errors import AdapterError, AppError, Problem, RecipeError, WorkerError, disk_errors
from engine.jobs.events import Event, read_all
from engine.jobs.job import Job, create_job
from engine.jobs.run_state import Outcome, RunState
from engine.messages import say
from engine.system.command_name import command_name
from engine.system.files import write_atomically
from engine.system.paths import expand_user, path_exists, resolved, runs_folder

CHECKPOINT_PREFIX = "checkpoint-"
BEST_PREFIX = "best-"
START = "method.start_from"
_CHANGED = ("training", "base_model")


@dataclass(frozen=True)
class Run:
    """A run's folder, its recipe, and its state replayed from its events."""

    job: Job
    recipe: Recipe
    state: RunState
    running: bool

    @property
    def id(self) -> str:
        """The folder's name."""
        return self.job.id

    @property
    def outcome(self) -> Outcome | None:
        """The outcome, None while it runs or before it was started."""
        return self.state.outcome


def create_run(recipe: Recipe, computer: str = "", cards: int = 1) -> Job:
    """Create the folder of a new run, for this computer or for `cards` GPUs of another one.

    Raises RecipeError with all problems, StorageError.
    """
    refusals = problems(recipe)
    if refusals:
        raise RecipeError(refusals)
    return create_job(
        runs_folder(),
        "train",
        _sent_to(computer, cards) if computer else {},
        name=recipe.name,
        recipe=recipes.dumps(replace(recipe, changes=())),
    )


def _sent_to(computer: str, cards: int) -> dict[str, object]:
    """Return the part of a request about another computer, and the number of GPUs there."""
    return {"computer": computer, **({"demand": {"cards": cards}} if cards > 1 else {})}


def move_to(job: Job, computer: str, cards: int = 1) -> None:
    """Assign a run that is not running to another computer, from its last checkpoint. Raises StorageError."""
    request = job.request()
    moved = {name: value for name, value in request.items() if name != "demand"} | _sent_to(computer, cards)
    if request == moved:
        return
    with disk_errors("{} can't be written: {}.", job.folder):
        write_atomically(job.folder / "job.json", json.dumps(moved, indent=1))


def change(job: Job, wanted: Mapping[str, run_changes.Value]) -> Recipe:
    """Change values of a run that ended early, for the steps after its last checkpoint, and return its recipe.

    `wanted` has values by dotted names; the recipe records the changes. Raises RecipeError for values that can't
    change, WorkerError for a run that trains or is completed, StorageError.
    """
    with job.lock(wait_seconds=0.0):
        if open_run(job).outcome == "completed":
            raise WorkerError(say("{} is completed.", job.id), "Start a new run.", "run")
        recipe = recipes.load(job.recipe_path)
        changed_recipe = changed(recipe, wanted, last_step(job))
        _write(job, changed_recipe)
    return changed_recipe


def rename(job: Job, name: str) -> Recipe:
    """Rename a run, even while it trains; "" names it after its recipe. Raises RecipeError, StorageError."""
    renamed = replace(recipes.load(job.recipe_path), given_name=" ".join(name.split()))
    _write(job, renamed)
    return renamed


def name_of(run_id: str) -> str:
    """Return the name of the run with this id. Raises WorkerError, RecipeError."""
    return recipes.load(find_job(run_id).recipe_path).name


def current_name(job: Job, recipe: Recipe) -> str:
    """Return a run's name, which may have changed since its worker read the recipe."""
    try:
        return recipes.load(job.recipe_path).name
    except AppError:
        return recipe.name


def _write(job: Job, recipe: Recipe) -> None:
    with disk_errors("{} can't be written: {}.", job.recipe_path):
        write_atomically(job.recipe_path, recipes.dumps(recipe))


def changed(recipe: Recipe, wanted: Mapping[str, run_changes.Value], step: int) -> Recipe:
    """Return the recipe of a run that resumes after `step` with other values. Raises RecipeError."""
    tables = recipe.as_tables()
    before = {f"{table}.{key}": value for table in _CHANGED for key, value in tables[table].items()}
    needs_base = not recipe.method.method.whole_in_file(recipe.method.options)
    refusals = run_changes.refusals(before, wanted, step=step, needs_base=needs_base)
    if refusals:
        raise RecipeError(refusals)
    for name, value in wanted.items():
        table, _, key = name.partition(".")
        tables[table][key] = value
    after = recipes.from_tables(tables)
    refusals = problems(after)
    if refusals:
        raise RecipeError(refusals)
    return replace(after, changes=(*after.changes, *run_changes.recorded(before, wanted, step, now_text())))


def last_step(job: Job) -> int:
    """Return the step of a run's last checkpoint, 0 without one."""
    return max((int(path.name.removeprefix(CHECKPOINT_PREFIX)) for path in checkpoints(job)), default=0)


def problems(recipe: Recipe) -> tuple[Problem, ...]:
    """Return the problems of a recipe that are known without loading a model, including those of the library."""
    return (*recipes.problems(recipe), *_start_problems(recipe.method))


def _start_problems(settings: MethodSettings) -> tuple[Problem, ...]:
    if not settings.start_from:
        return ()
    if not settings.method.trains:
        message = say("{} trains nothing and can't continue from an adapter.", settings.method.title)
        return (Problem(START, message, "Choose another method, or no adapter."),)
    try:
        adapter = find(settings.start_from)
    except AdapterError as error:
        return (Problem(START, error.message, error.hint),)
    if adapter.is_prompt:
        message = say("{} is a prompt without weights.", adapter.name)
        return (Problem(START, message, "Use its prompt in a new recipe."),)
    return ()


def find_job(name: str) -> Job:
    """Return the job of the run with this id, beginning of an id, or folder. Raises WorkerError."""
    folder = expand_user(name)
    if path_exists(folder / "job.json"):
        return Job(resolved(folder))
    # Compared as text, not as a pattern: the name may be anything.
    matches = [job.folder for job in list_jobs() if name and job.id.startswith(name)]
    if len(matches) != 1:
        message = (
            say('Several runs begin with "{}".', name) if matches else say('There is no run "{}".', name)
        )
        raise WorkerError(message, say("`{} runs` lists them.", command_name()), "run")
    return Job(matches[0])


def open_run(job: Job) -> Run:
    """Return a run with its whole state. Raises RecipeError if its recipe can't be read."""
    recipe = recipes.load(job.recipe_path)
    state = replay(read_all(job.events_path))
    running = job.is_running()
    if state.outcome is None and state.attempt > 0 and not running:
        # Read again: the worker may have ended in between.
        state = replay(read_all(job.events_path))
        if state.outcome is None:
            state.close("crashed" if job.sent_to() is None else "away", None)
    return Run(job, recipe, state, running and state.outcome is None)


def replay(events: Iterable[Event]) -> RunState:
    state = RunState()
    for event in events:
        state.apply(event)
    return state


def list_jobs() -> list[Job]:
    """Return the jobs of all runs, newest first, without reading them."""
    folders = sorted(runs_folder().iterdir(), reverse=True)
    return [Job(folder) for folder in folders if (folder / "job.json").is_file()]


def checkpoints(job: Job) -> list[Path]:
    """Return the folders of the run's checkpoints, oldest first."""
    folders = [
        path
        for path in job.folder.glob(f"{CHECKPOINT_PREFIX}*")
        if path.name.removeprefix(CHECKPOINT_PREFIX).isdecimal()
    ]
    return sorted(folders, key=lambda path: int(path.name.removeprefix(CHECKPOINT_PREFIX)))


def best_states(job: Job) -> list[Path]:
    """Return the folders of the run's best states, including unfinished ones of a killed worker."""
    return [
        path
        for path in job.folder.glob(f"{BEST_PREFIX}*")
        if path.name.removeprefix(BEST_PREFIX).removesuffix(".partial").isdecimal()
    ]


def delete_run(job: Job) -> Path:
    """Move a run to the trash and return its path there. Raises WorkerError if it runs, StorageError."""
    if job.is_running():
        raise WorkerError(say("{} is running.", job.id), "Stop it first.")
    return to_trash(job.folder, runs_folder(), "run")


def restore_run(path: Path) -> Job:
    """Move a run back from the trash."""
    return Job(restore(path, runs_folder()))
