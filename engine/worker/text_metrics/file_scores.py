"""The scores of summaries from files: of one file, of two of them paired, or of one paired with a run's base model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from engine.adapters.metadata import Scores
from engine.config.training import AUTO
from engine.errors import DataError
from engine.messages import say
from engine.runs import example_scores
from engine.runs.example_scores import ExampleScores, Written
from engine.text.conversations import Example
from engine.text.languages import ENGLISH
from engine.worker.dataset import dataset
from engine.worker.generation import Generated
from engine.worker.runtime.channel import Channel
from engine.worker.text_metrics import rouge, summary_metrics
from engine.worker.text_metrics.example_languages import tell_languages
from engine.worker.text_metrics.rouge import Values
from engine.worker.text_metrics.summary_metrics import ExampleMetrics, PartialValues, scored_texts

# Measured at a time, between two looks for a stop.
CHUNK = 100
# Only known of a model whose length limit is known.
UNKNOWN = "capped"


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
    own = _score(channel, scored, summaries, languages)
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
    before = _score(channel, scored, other, languages)
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
    own = _score(channel, scored, summaries, [languages[index] for index in indices])
    protocol = run.protocol
    if len(scored.examples) != len(run.examples):
        # Scores of all conversations stand beside the run's.
        digest = dataset.fingerprint({"train": (), "validation": (), "test": scored.examples})
        data = {**protocol.get("data", {}), "fingerprint": digest}
        protocol = {**protocol, "examples": len(scored.examples), "data": data}
    base = Written(
        summaries=tuple(run.base.summaries[index] for index in indices),
        rouge={name: tuple(each[index] for index in indices) for name, each in run.base.rouge.items()},
        metrics={name: tuple(each[index] for index in indices) for name, each in run.base.metrics.items()},
    )
    tuned = Written(
        summaries=tuple(summaries),
        rouge={name: tuple(values) for name, values in own.rouge.items()},
        metrics={name: tuple(values) for name, values in own.metrics.items()},
    )
    example_scores.save(
        channel.job.folder,
        ExampleScores(
            schema=1,
            protocol=protocol,
            examples=tuple(run.examples[index] for index in indices),
            base=base,
            tuned=tuned,
            texts=tuple(run.texts[index] for index in indices),
        ),
    )
    return {
        "protocol": protocol,
        "conversations": len(run.examples),
        "scores": own.scores,
        "measures": own.measures,
        "base": {
            "scores": summary_metrics.intervals(base.rouge, scored.draws),
            "measures": summary_metrics.intervals(base.metrics, scored.draws),
        },
        "difference": summary_metrics.differences(base.rouge, own.rouge, scored.draws),
        "measure_difference": summary_metrics.differences(base.metrics, own.metrics, scored.draws),
        "details": str(channel.job.folder),
    }


@dataclass(frozen=True)
class _TextScores:
    """One value per metric and example, and the means with intervals; `unreadable` as `ExampleMetrics` has it."""

    rouge: Values
    metrics: PartialValues
    scores: Scores
    measures: Scores
    unreadable: int


def _score(channel: Channel, scored: Scored, texts: Sequence[str], languages: Sequence[str]) -> _TextScores:
    """Return every metric of summaries, one per example. Raises Stopped."""
    parts = []
    for start in range(0, len(texts), CHUNK):
        channel.check_stop()
        channel.progress(start, len(texts), "summaries")
        chunk = slice(start, start + CHUNK)
        summaries = [Generated([], text, capped=False) for text in texts[chunk]]
        parts.append(summary_metrics.measure(scored.examples[chunk], summaries, 0, 0.0, languages[chunk]))
    channel.progress(len(texts), len(texts), "summaries")
    measured = reduce(ExampleMetrics.followed_by, parts)
    metrics = {name: each for name, each in measured.metrics.items() if name != UNKNOWN}
    return _TextScores(
        measured.rouge,
        metrics,
        summary_metrics.intervals(measured.rouge, scored.draws),
        summary_metrics.intervals(metrics, scored.draws),
        measured.unreadable,
    )


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

    def named(metric: Any) -> str:
        if not isinstance(metric, dict):
            return "unknown"
        return ", ".join(f"{key} {value}" for key, value in metric.items())

    theirs, own = run.protocol.get("metric"), rouge.protocol(languages)
    if theirs != own:
        raise DataError(
            say("The arena was scored with another metric: {}, here {}.", named(theirs), named(own)),
            "Run an entry again to compare.",
            "run",
        )
