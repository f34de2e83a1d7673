"""The facts of a run's report, gathered from its folder and its adapter's metadata; also as data.

As data they are a tree for programs, and for spreadsheets a long table and a table by conversation.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from engine import voting
from engine.adapters import library
from engine.adapters.metadata import AdapterMetadata
from engine.config.recipe import Recipe
from engine.errors import AdapterError
from engine.jobs import run_text
from engine.jobs.event_schema import validated
from engine.jobs.events import Event, read_all
from engine.jobs.job import Job
from engine.jobs.run_state import Curve, RunState
from engine.runs import example_scores, run_store
from engine.runs.example_scores import ExampleScores, Written
from engine.scoring.metrics import METRICS, Metric
from engine.system.csv_file import Cell

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
        return run_text.sides(trains=self.trains)

    @property
    def side_heads(self) -> tuple[str, str]:
        """The same as heads of columns."""
        return run_text.side_heads(trains=self.trains)

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


# ------------------------------------------------------------------------------------------------- as data

HEAD = ("figure", "model", "conversation", "step", "value", "low", "high", "verdict")
Row = tuple[Cell, ...]


def tree(report: Report) -> dict[str, Any]:
    """Return everything in the report as plain values for JSON."""
    state, metadata = report.state, report.metadata
    return {
        "run": report.job.id,
        "name": report.recipe.name,
        "outcome": state.outcome,
        "protocol": report.protocol,
        "base": _scored(state.base_scores),
        "tuned": _scored(state.tuned_scores),
        "difference": state.difference or {},
        "measure_difference": (state.tuned_scores or {}).get("measure_difference") or {},
        "curves": curves_of(report),
        "conversations": list(_conversations(report.examples)) if report.examples else [],
        "started": state.started or {},
        "adapter": state.adapter or {},
        "blind_votes": votes_tree([report.job.id]),
        "remarks": [{"message": each["message"], "hint": each.get("hint", "")} for each in report.remarks()],
        "recipe": report.recipe.as_tables(),
        "passport": metadata.model_dump(mode="json", by_alias=True, exclude_none=True) if metadata else None,
        "versions": report.versions,
    }


def _scored(event: dict[str, Any] | None) -> dict[str, Any] | None:
    names = ("of", "step", "scores", "measures", "capped", "seconds", "tokens_per_second", "memory_bytes")
    return {name: event[name] for name in names if event.get(name) is not None} if event else None


def curves_of(report: Report) -> dict[str, dict[str, list[Any]]]:
    """Return a run's curves as plain lists of steps and values."""
    return {
        name: {"steps": list(curve.steps), "values": list(curve.values)}
        for name, curve in _curves(report).items()
    }


def _curves(report: Report) -> dict[str, Curve]:
    state = report.state
    return {
        "loss": state.loss,
        "validation_loss": state.evaluation_loss,
        "validation_rouge1": state.evaluation_rouge1,
        "validation_chrf": state.evaluation_chrf,
        "learning_rate": state.learning_rate,
    }


def _conversations(examples: ExampleScores) -> Iterator[dict[str, Any]]:
    for index, example in enumerate(examples.examples):
        texts = examples.texts[index] if examples.texts else None
        yield {
            "id": example,
            **({"conversation": texts.conversation, "references": list(texts.references)} if texts else {}),
            "base": _summary(examples.base, index),
            "tuned": _summary(examples.tuned, index),
        }


def _summary(written: Written, index: int) -> dict[str, Any]:
    scores = {name: values[index] for name, values in written.values.items()}
    return {"summary": written.summaries[index], "scores": scores}


def rows(report: Report) -> Iterator[Row]:
    """Yield every figure as a row of the long table whose columns `HEAD` names."""
    for each in report.compared():
        name = each.metric.name
        for model, values in (("base", each.base), ("tuned", each.tuned), ("difference", each.difference)):
            ends = (values.get("low", ""), values.get("high", ""))
            yield (name, model, "", "", values["mean"], *ends, values.get("verdict", ""))
    for model, scored in (("base", report.state.base_scores), ("tuned", report.state.tuned_scores)):
        for name in ("seconds", "tokens_per_second"):
            if scored and scored.get(name) is not None:
                yield (name, model, "", "", scored[name], "", "", "")
    for name, curve in _curves(report).items():
        for step, value in zip(curve.steps, curve.values, strict=True):
            yield (name, "tuned", "", step, value, "", "", "")
    if report.examples is not None:
        yield from _example_rows(report.examples)


def _example_rows(examples: ExampleScores) -> Iterator[Row]:
    for model, written in (("base", examples.base), ("tuned", examples.tuned)):
        for name, values in written.values.items():
            for example, value in zip(examples.examples, values, strict=True):
                yield (name, model, example, "", value, "", "", "")


def conversations_table(examples: ExampleScores) -> tuple[list[str], list[list[Cell]]]:
    """Return head and rows of a table with a row for each conversation: texts, summaries and scores of both models."""
    base, tuned = examples.base.values, examples.tuned.values
    head = ["conversation", "text", "reference", "base summary", "tuned summary"]
    head += [f"{model} {name}" for name in base for model in ("base", "tuned")]
    table: list[list[Cell]] = []
    for index, example in enumerate(examples.examples):
        texts = examples.texts[index] if examples.texts else None
        read = [texts.conversation, "\n".join(texts.references)] if texts else ["", ""]
        line: list[Cell] = [example, *read, examples.base.summaries[index], examples.tuned.summaries[index]]
        for name in base:
            line += [base[name][index], tuned[name][index] if name in tuned else None]
        table.append(line)
    return head, table


def votes_tree(run_ids: Collection[str]) -> dict[str, Any] | None:
    """Return the result of the blind comparison of runs as plain values for JSON, None without one."""
    found = voting.of_runs(run_ids)
    if found is None:
        return None
    return {
        "comparison": found.info.id,
        "votes": found.results.votes,
        "voters": found.results.voters,
        "systems": [
            {"name": each.system.name, "run": each.system.run, "tuned": each.system.tuned, **each.as_dict()}
            for each in found.systems
        ],
    }
