"""What a command says when a run's memory did not suffice: the smaller plans, and how to go on with each."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from typing import Any

from engine import recipe as recipes
from engine import runs, smaller_plans
from engine.commands.follow import Follower
from engine.commands.output import Output
from engine.events import Event
from engine.jobs import Job, create_job
from engine.paths import jobs_folder
from engine.run_state import RunState
from engine.smaller_plans import SmallerPlan
from engine.supervisor import OUT_OF_MEMORY, Ending


def plans(job: Job, state: RunState, ending: Ending, output: Output) -> list[SmallerPlan]:
    """Return the plans that a run out of memory has told of; for one that was killed they are found now."""
    if ending.kind != OUT_OF_MEMORY:
        return []
    return smaller_plans.read(state.shortage or (_found(job, output) if ending.event is None else {}))


def _found(job: Job, output: Output) -> Mapping[str, Any]:
    """Ask a worker for smaller plans; nothing if that fails too, since the run's own end is what is to be told."""
    recipe = recipes.load(job.recipe_path)
    asked = create_job(jobs_folder(), "shrink", {"step": runs.last_step(job)}, recipe=recipes.dumps(recipe))
    results: list[Mapping[str, Any]] = []

    def tell(event: Event) -> None:
        if event["event"] == "result_made":
            results.append(event["result"])

    output.status("Looking for smaller plans …")
    Follower(asked, output).run(tell)
    if not results:
        return {}
    shutil.rmtree(asked.folder, ignore_errors=True)
    return results[-1]


def lines(found: Sequence[SmallerPlan], job: Job) -> list[str]:
    """Return the plans as lines for people."""
    if not found:
        return []
    step = runs.last_step(job)
    kept = f"Nothing is lost up to the checkpoint at step {step:,}. " if step else ""
    title = f"{kept}To go on with less memory, every step with the examples that you asked for:"
    return ["", title, *smaller_plans.lines(found, job.id)]
