"""One short job for one answer: made, followed, its result taken, its folder removed when all went well."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from typing import Any

from engine.commands.terminal.follow_job import Follower, Tell, conclude
from engine.commands.terminal.output import Output
from engine.commands.terminal.progress import Narrator
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
    hear: Tell = lambda _event: None,
) -> tuple[int, Result]:
    """Do a job and write its result: as the last JSON line, or as the lines that `show` makes of it.

    `complete` may add what lies beside the events in the job's folder, before that goes; `hear` gets every event.
    Returns the exit code and the result, which is empty unless the job was completed.
    """
    text = recipes.dumps(recipe) if recipe else ""
    job = create_job(jobs_folder(), kind, arguments, recipe=text)
    narrator = Narrator(output)
    results: list[Result] = []

    def tell(event: Event) -> None:
        narrator.tell(event)
        hear(event)
        if event["event"] == "result_made":
            results.append(event["result"])

    ending = Follower(job, output).run(tell)
    code = conclude(ending, output)
    if code or not results:
        return code, {}
    result = complete(results[-1])
    shutil.rmtree(job.folder, ignore_errors=True)
    output.lines(show(result))
    output.json(result)
    return code, result
