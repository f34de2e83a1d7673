"""Memory fallbacks as text, for a run that ran out of memory: each with the command that resumes it so."""

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


def find_fallbacks(job: Job, state: RunState, ending: Ending, output: Output) -> list[MemoryFallback]:
    """Return the memory fallbacks that a run has reported; for a worker that was killed they are searched now."""
    if ending.kind != OUT_OF_MEMORY:
        return []
    return memory_fallbacks.read(
        state.memory_exceeded or (_search(job, output) if ending.event is None else {})
    )


def _search(job: Job, output: Output) -> Mapping[str, Any]:
    """Let a worker search for memory fallbacks. Empty if it fails: only the run's own error is reported."""
    recipe = recipes.load(job.recipe_path)
    search = create_job(
        jobs_folder(), "shrink", {"step": run_store.last_step(job)}, recipe=recipes.dumps(recipe)
    )
    results: list[Mapping[str, Any]] = []

    def on_event(event: Event) -> None:
        if event["event"] == "result_made":
            results.append(event["result"])

    output.status("Looking for memory fallbacks …")
    Follower(search, output).run(on_event)
    if not results:
        return {}
    shutil.rmtree(search.folder, ignore_errors=True)
    return results[-1]


def lines(fallbacks: Sequence[MemoryFallback], job: Job) -> list[str]:
    """Return the memory fallbacks as lines of text."""
    if not fallbacks:
        return []
    step = run_store.last_step(job)
    progress_text = f"Nothing is lost up to the checkpoint at step {step:,}. " if step else ""
    title = f"{progress_text}To go on with less memory, every step with the examples that you asked for:"
    return ["", title, *memory_fallbacks.lines(fallbacks, job.id)]
