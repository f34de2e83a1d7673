"""Scores summaries of any origin. Knows nothing of files, prompts or models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

from engine.adapters.metadata import Scores
from engine.text.conversations import Example
from engine.worker.generation.generated import Generated
from engine.worker.runtime.channel import Channel
from engine.worker.text_metrics import summary_metrics
from engine.worker.text_metrics.example_languages import tell_languages
from engine.worker.text_metrics.rouge import Values
from engine.worker.text_metrics.summary_metrics import ExampleMetrics, PartialValues

# Measured at a time, between two looks for a stop.
CHUNK = 100
# Only known of a model whose length limit is known.
UNKNOWN = "capped"


@dataclass(frozen=True)
class TextScores:
    """One value per metric and example, and the means with intervals; `unreadable` as `ExampleMetrics` has it."""

    summaries: tuple[str, ...]
    rouge: Values
    metrics: PartialValues
    scores: Scores
    measures: Scores
    unreadable: int


def score(
    channel: Channel,
    examples: Sequence[Example],
    texts: Sequence[str],
    draws: int,
    languages: Sequence[str] | None = None,
) -> TextScores:
    """Return every metric of summaries, one per example, whose `languages` are told from them unless given.

    Raises Stopped.
    """
    codes = languages or tell_languages(examples)
    parts = []
    for start in range(0, len(texts), CHUNK):
        channel.check_stop()
        channel.progress(start, len(texts), "summaries")
        chunk = slice(start, start + CHUNK)
        summaries = [Generated([], text, capped=False) for text in texts[chunk]]
        parts.append(summary_metrics.measure(examples[chunk], summaries, 0, 0.0, codes[chunk]))
    channel.progress(len(texts), len(texts), "summaries")
    measured_all = reduce(ExampleMetrics.followed_by, parts)
    rouge = measured_all.rouge
    metrics = {name: each for name, each in measured_all.metrics.items() if name != UNKNOWN}
    return TextScores(
        tuple(texts),
        rouge,
        metrics,
        summary_metrics.intervals(rouge, draws),
        summary_metrics.intervals(metrics, draws),
        measured_all.unreadable,
    )
