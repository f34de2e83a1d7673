"""What a report tells of a run, gathered from its folder and its adapter's metadata. Knows nothing of how it looks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.adapters import library
from engine.adapters.metadata import AdapterMetadata
from engine.config.recipe import Recipe
from engine.errors import AdapterError
from engine.jobs.event_schema import validated
from engine.jobs.events import Event, read_all
from engine.jobs.job import Job
from engine.jobs.run_state import RunState
from engine.runs import example_scores, run_store
from engine.runs.example_scores import ExampleScores
from engine.scoring.metrics import METRICS, Metric

Spread = dict[str, Any]


@dataclass(frozen=True)
class Compared:
    """One measure of a run: base, tuned and the paired difference, each a mean with its interval if it has one."""

    metric: Metric
    base: Spread
    tuned: Spread
    difference: Spread


@dataclass(frozen=True)
class Report:
    """A run's recipe and state; its adapter's metadata, its scores by conversation and its versions as far as known."""

    job: Job
    recipe: Recipe
    state: RunState
    metadata: AdapterMetadata | None
    examples: ExampleScores | None
    versions: dict[str, str]

    @property
    def protocol(self) -> dict[str, Any]:
        """Under what it was scored; empty if it was not."""
        return dict((self.state.tuned_scores or {}).get("protocol") or {})

    @property
    def trains(self) -> bool:
        """Tell whether it trained something; a prompt alone has no steps."""
        return self.recipe.method.method.trains

    @property
    def sides(self) -> tuple[str, str]:
        """What is compared."""
        return ("base", "tuned") if self.trains else ("plain prompt", "this prompt")

    def compared(self) -> list[Compared]:
        """Return every measure that base and tuned have, in the order in which they are declared."""
        base, tuned = self.state.base_scores or {}, self.state.tuned_scores or {}
        before = {**(base.get("scores") or {}), **(base.get("measures") or {})}
        after = {**(tuned.get("scores") or {}), **(tuned.get("measures") or {})}
        between = {**(tuned.get("difference") or {}), **(tuned.get("measure_difference") or {})}
        return [
            Compared(metric, before[name], after[name], between[name])
            for name, metric in METRICS.items()
            if name in before and name in after and name in between
        ]

    def remarks(self) -> list[Event]:
        """Return the run's notices, each once; what was left out of the data is among them."""
        return list({notice["message"]: notice for notice in self.state.notices}.values())


def gather(job: Job) -> Report:
    """Return all that is known of a run. Raises RecipeError if its recipe can't be read."""
    run = run_store.open_run(job)
    return Report(
        job=job,
        recipe=run.recipe,
        state=run.state,
        metadata=_metadata(run.state),
        examples=example_scores.load(job.folder),
        versions=_versions(job),
    )


def _metadata(state: RunState) -> AdapterMetadata | None:
    if state.adapter is None:
        return None
    try:
        return library.find(str(state.adapter["adapter"])).metadata
    except AdapterError:
        return None


def _versions(job: Job) -> dict[str, str]:
    """Return the versions that the last attempt ran with."""
    found: dict[str, str] = {}
    for event in map(validated, read_all(job.events_path)):
        if event["event"] == "job_accepted":
            found = dict(event.get("versions") or {})
    return found
