"""Runs one short job and returns its result; the job's folder is deleted on success."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from typing import Any

from engine.commands.terminal.follow_job import Follower, OnEvent, conclude
from engine.commands.terminal.output import Output
from engine.commands.terminal.progress import ProgressPrinter
from engine.config import recipe as recipes
from engine.config.recipe import Recipe
from engine.jobs.events import Event
from engine.jobs.job import JobKind, create_job
from engine.system.paths import jobs_folder

Result = dict[str, Any]


def ask(
    kind: JobKind,
    arguments: Mapping[str, Any],
    output: Output,
    show: Callable[[Result], list[str]],
    recipe: Recipe | None = None,
    complete: Callable[[Result], Result] = lambda result: result,
    on_event: OnEvent = lambda _event: None,
) -> tuple[int, Result]:
    """Run a job and write its result: as the last JSON line, or as the lines that `show` returns.

    `complete` may add to the result from other files in the job's folder before it is deleted; `on_event` gets every
    event. Returns the exit code, and the result, which is empty unless the job was completed.
    """
    text = recipes.dumps(recipe) if recipe else ""
    job = create_job(jobs_folder(), kind, arguments, recipe=text)
    progress = ProgressPrinter(output)
    results: list[Result] = []

    def follow(event: Event) -> None:
        progress.show(event)
        on_event(event)
        if event["event"] == "result_made":
            results.append(event["result"])

    ending = Follower(job, output).run(follow)
    code = conclude(ending, output)
    if code or not results:
        return code, {}
    result = complete(results[-1])
    shutil.rmtree(job.folder, ignore_errors=True)
    output.lines(show(result))
    output.json(result)
    return code, result


def quiet_result(kind: JobKind, arguments: Mapping[str, Any]) -> Result:
    """Run a job of which nothing is written, and return its result, empty if it failed.

    Raises KeyboardInterrupt if the person stopped it, as if there were no job.
    """
    job = create_job(jobs_folder(), kind, arguments)
    results: list[Result] = []

    def follow(event: Event) -> None:
        if event["event"] == "result_made":
            results.append(event["result"])

    ending = Follower(job, Output(as_json=False)).run(follow)
    shutil.rmtree(job.folder, ignore_errors=True)
    if ending.outcome == "stopped":
        raise KeyboardInterrupt
    return results[-1] if results and ending.outcome == "completed" else {}
