"""The scores of summaries from files: of one file, of two of them paired, or of one paired with a run's base model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.config.training import AUTO
from engine.errors import DataError
from engine.runs import example_scores
from engine.runs.example_scores import ExampleScores, Written
from engine.text.conversations import Example
from engine.text.languages import ENGLISH
from engine.worker.dataset import dataset
from engine.worker.runtime.channel import Channel
from engine.worker.text_metrics import rouge, summary_metrics, text_scores
from engine.worker.text_metrics.example_languages import tell_languages
from engine.worker.text_metrics.text_protocol import Protocol, scored_texts
from engine.worker.text_metrics.text_scores import TextScores


@dataclass(frozen=True)
class Scored:
    """The conversations that are scored, where they are from, and the resamples of the intervals."""

    source: str
    split: str
    examples: Sequence[Example]
    draws: int


def against_file(
    channel: Channel,
    scored: Scored,
    languages: Sequence[str],
    summaries: Sequence[str],
    other: Sequence[str] | None,
) -> dict[str, Any]:
    """Return the scores of summaries as `score --json` prints them, paired with those of `other`, if there are any."""
    own = text_scores.score(channel, scored.examples, summaries, scored.draws, languages)
    summary_metrics.report_unreadable(channel, own.unreadable, len(summaries), "--language")
    result = {
        "scores": own.scores,
        "measures": own.measures,
        "protocol": scored_texts(scored.source, scored.split, scored.examples, languages),
        "difference": {},
        "measure_difference": {},
    }
    if other is None:
        return result
    before = text_scores.score(channel, scored.examples, other, scored.draws, languages)
    return {
        **result,
        "against": {"scores": before.scores, "measures": before.measures},
        "difference": summary_metrics.differences(before.rouge, own.rouge, scored.draws),
        "measure_difference": summary_metrics.differences(before.metrics, own.metrics, scored.draws),
    }


def against_base(
    channel: Channel, scored: Scored, summaries: Sequence[str], run: ExampleScores, indices: Sequence[int]
) -> dict[str, Any]:
    """Return the scores of summaries, paired with those of a run's base model on the same conversations.

    `indices` are those of the conversations in the run. The scores by conversation are written into the job's folder,
    `details`.
    Raises DataError if the run was scored by another metric.
    """
    languages = _languages(run)
    _require_metric(run, languages)
    codes = [languages[index] for index in indices]
    own = text_scores.score(channel, scored.examples, summaries, scored.draws, codes)
    rules = _protocol(run, scored)
    base = _subset(run.base, indices)
    tuned = Written(
        summaries=own.summaries,
        rouge={name: tuple(values) for name, values in own.rouge.items()},
        metrics={name: tuple(values) for name, values in own.metrics.items()},
    )
    example_scores.save(
        channel.job.folder,
        ExampleScores(
            schema=1,
            protocol=rules,
            examples=tuple(run.examples[index] for index in indices),
            base=base,
            tuned=tuned,
            texts=tuple(run.texts[index] for index in indices),
        ),
    )
    return {
        "protocol": rules,
        "conversations": len(run.examples),
        **_paired(base, own, scored.draws),
        "details": str(channel.job.folder),
    }


def _paired(base: Written, own: TextScores, draws: int) -> dict[str, Any]:
    before = {name: list(each) for name, each in base.rouge.items()}
    metrics = base.metrics
    return {
        "scores": own.scores,
        "measures": own.measures,
        "base": {
            "scores": summary_metrics.intervals(before, draws),
            "measures": summary_metrics.intervals(metrics, draws),
        },
        "difference": summary_metrics.differences(before, own.rouge, draws),
        "measure_difference": summary_metrics.differences(metrics, own.metrics, draws),
    }


def _languages(run: ExampleScores) -> tuple[str, ...]:
    """Return the languages in which a run's conversations were read, which its recipe may have chosen."""
    metric = run.protocol.get("metric")
    read = list(metric.get("languages", {ENGLISH: 0})) if isinstance(metric, dict) else []
    examples = [
        Example(example, texts.conversation, texts.references[0], texts.references[1:])
        for example, texts in zip(run.examples, run.texts, strict=True)
    ]
    return tell_languages(examples, read[0] if len(read) == 1 else AUTO)


def _require_metric(run: ExampleScores, languages: Sequence[str]) -> None:
    theirs, own = run.protocol.get("metric"), rouge.protocol(languages)
    if theirs != own:
        raise DataError(
            f"The arena's runs were scored with another metric: {_named(theirs)} there, {_named(own)} here.",
            "Run an entry again, and compare with that one.",
            "run",
        )


def _named(metric: Any) -> str:
    return (
        ", ".join(f"{key} {value}" for key, value in metric.items())
        if isinstance(metric, dict)
        else "unknown"
    )


def _protocol(run: ExampleScores, scored: Scored) -> Protocol:
    """Return the run's protocol, so that the scores stand beside the run's, or one of fewer conversations."""
    if len(scored.examples) == len(run.examples):
        return run.protocol
    digest = dataset.fingerprint({"train": (), "validation": (), "test": scored.examples})
    data = {**run.protocol.get("data", {}), "fingerprint": digest}
    return {**run.protocol, "examples": len(scored.examples), "data": data}


def _subset(written: Written, indices: Sequence[int]) -> Written:
    return Written(
        summaries=tuple(written.summaries[index] for index in indices),
        rouge={name: tuple(values[index] for index in indices) for name, values in written.rouge.items()},
        metrics={name: tuple(values[index] for index in indices) for name, values in written.metrics.items()},
    )
