"""The figures of a run as data: a tree for programs, a long table and a table by conversation for spreadsheets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine import voting
from engine.jobs.run_state import Curve
from engine.report import blind_votes
from engine.report.run_facts import Report
from engine.runs.example_scores import ExampleScores, Written
from engine.system.csv_file import Cell

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
        "blind_votes": blind_votes.as_data(voting.of_runs([report.job.id])),
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
    scores = {name: values[index] for name, values in {**written.rouge, **written.metrics}.items()}
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
        for name, values in {**written.rouge, **written.metrics}.items():
            for example, value in zip(examples.examples, values, strict=True):
                yield (name, model, example, "", _cell(value), "", "", "")


def _cell(value: float | None) -> Cell:
    """Return a value, empty where it can't be told."""
    return "" if value is None else value


def conversations_table(examples: ExampleScores) -> tuple[list[str], list[list[Cell]]]:
    """Return head and rows of a table with a row for each conversation: texts, summaries and scores of both models."""
    names = list({**examples.base.rouge, **examples.base.metrics})
    head = ["conversation", "text", "reference", "base summary", "tuned summary"]
    head += [f"{model} {name}" for name in names for model in ("base", "tuned")]
    base, tuned = ({**written.rouge, **written.metrics} for written in (examples.base, examples.tuned))
    table: list[list[Cell]] = []
    for index, example in enumerate(examples.examples):
        texts = examples.texts[index] if examples.texts else None
        read = [texts.conversation, "\n".join(texts.references)] if texts else ["", ""]
        line: list[Cell] = [example, *read, examples.base.summaries[index], examples.tuned.summaries[index]]
        for name in names:
            line += [_cell(base[name][index]), _cell(tuned[name][index] if name in tuned else None)]
        table.append(line)
    return head, table
