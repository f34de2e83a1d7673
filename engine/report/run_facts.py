"""The facts of a run's report, gathered from its folder and its adapter's metadata."""

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

Interval = dict[str, Any]


@dataclass(frozen=True)
class ComparedMetric:
    """A metric of base and tuned model with the paired difference; each is a mean with its interval, if it has one."""

    metric: Metric
    base: Interval
    tuned: Interval
    difference: Interval


@dataclass(frozen=True)
class Report:
    """A run's recipe and state; as far as known its adapter's metadata, scores by conversation and library versions."""

    job: Job
    recipe: Recipe
    state: RunState
    metadata: AdapterMetadata | None
    examples: ExampleScores | None
    versions: dict[str, str]

    @property
    def protocol(self) -> dict[str, Any]:
        """The protocol of its scores; empty if it was not scored."""
        return dict((self.state.tuned_scores or {}).get("protocol") or {})

    @property
    def trains(self) -> bool:
        """Whether the method trains; a prompt alone has no steps."""
        return self.recipe.method.method.trains

    @property
    def sides(self) -> tuple[str, str]:
        """The names of the two models that are compared."""
        return ("base", "tuned") if self.trains else ("plain prompt", "this prompt")

    def compared(self) -> list[ComparedMetric]:
        """Return the metrics that both models have, in the order of their declaration."""
        base, tuned = self.state.base_scores or {}, self.state.tuned_scores or {}
        before = {**(base.get("scores") or {}), **(base.get("measures") or {})}
        after = {**(tuned.get("scores") or {}), **(tuned.get("measures") or {})}
        between = {**(tuned.get("difference") or {}), **(tuned.get("measure_difference") or {})}
        return [
            ComparedMetric(metric, before[name], after[name], between[name])
            for name, metric in METRICS.items()
            if name in before and name in after and name in between
        ]

    def remarks(self) -> list[Event]:
        """Return the run's notices, each once."""
        return list({notice["message"]: notice for notice in self.state.notices}.values())


def gather_run(job: Job) -> Report:
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
    versions: dict[str, str] = {}
    for event in map(validated, read_all(job.events_path)):
        if event["event"] == "job_accepted":
            versions = dict(event.get("versions") or {})
    return versions
