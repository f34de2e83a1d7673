"""What a command says when a run's memory did not suffice: the smaller plans, and how to go on with each."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from typing import Any

from engine.commands.terminal.follow_job import Follower
from engine.commands.terminal.output import Output
from engine.config import recipe as recipes
from engine.jobs.events import Event
from engine.jobs.job import Job, create_job
from engine.jobs.run_state import RunState
from engine.jobs.supervisor import OUT_OF_MEMORY, Ending
from engine.runs import memory_fallbacks, run_store
from engine.runs.memory_fallbacks import MemoryFallback
from engine.system.paths import jobs_folder


def plans(job: Job, state: RunState, ending: Ending, output: Output) -> list[MemoryFallback]:
    """Return the plans that a run out of memory has told of; for one that was killed they are found now."""
    if ending.kind != OUT_OF_MEMORY:
        return []
    return memory_fallbacks.read(
        state.memory_exceeded or (_found(job, output) if ending.event is None else {})
    )


def _found(job: Job, output: Output) -> Mapping[str, Any]:
    """Ask a worker for smaller plans; nothing if that fails too, since the run's own end is what is to be told."""
    recipe = recipes.load(job.recipe_path)
    asked = create_job(
        jobs_folder(), "shrink", {"step": run_store.last_step(job)}, recipe=recipes.dumps(recipe)
    )
    results: list[Mapping[str, Any]] = []

    def tell(event: Event) -> None:
        if event["event"] == "result_made":
            results.append(event["result"])

    output.status("Looking for memory fallbacks …")
    Follower(asked, output).run(tell)
    if not results:
        return {}
    shutil.rmtree(asked.folder, ignore_errors=True)
    return results[-1]


def lines(fallbacks: Sequence[MemoryFallback], job: Job) -> list[str]:
    """Return the plans as lines for people."""
    if not fallbacks:
        return []
    step = run_store.last_step(job)
    loss_text = f"Nothing is lost up to the checkpoint at step {step:,}. " if step else ""
    title = f"{loss_text}To go on with less memory, every step with the examples that you asked for:"
    return ["", title, *memory_fallbacks.lines(fallbacks, job.id)]
