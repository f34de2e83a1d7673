"""Scores summaries of any origin, on all cores. Knows nothing of files, prompts or models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import torch

from engine.adapters.metadata import Scores
from engine.text.conversations import Example
from engine.worker.generation.generated import Generated
from engine.worker.runtime import devices, fork_pool
from engine.worker.runtime.channel import Channel
from engine.worker.runtime.parallel_map import Emit, Tick, parallel_map
from engine.worker.text_metrics import summary_metrics
from engine.worker.text_metrics.example_languages import tell_languages
from engine.worker.text_metrics.rouge import Values
from engine.worker.text_metrics.summary_metrics import ExampleMetrics, PartialValues

# Measured at a time, between two looks for a stop.
CHUNK = 100
# Fewer are not worth a fork.
MIN_PER_PROCESS = 500
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
    chunks = [slice(start, start + CHUNK) for start in range(0, len(texts), CHUNK)]
    count = _process_count(len(texts))
    measured: dict[int, ExampleMetrics] = {}
    channel.progress(0, len(texts), "summaries")

    def work(part: Sequence[int], emit: Emit, tick: Tick) -> None:
        for index in part:
            tick()
            chunk = chunks[index]
            emit((index, _measure(examples[chunk], texts[chunk], codes[chunk])))

    def take(result: tuple[int, ExampleMetrics]) -> None:
        measured[result[0]] = result[1]
        channel.progress(min(len(texts), len(measured) * CHUNK), len(texts), "summaries")

    parallel_map(work, [range(part, len(chunks), count) for part in range(count)], take, channel.check_stop)
    parts = [measured[index] for index in range(len(chunks))]
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


def _process_count(summaries: int) -> int:
    if not fork_pool.is_supported():
        return 1
    return max(1, min(devices.threads(torch.device("cpu")), summaries // MIN_PER_PROCESS))


def _measure(examples: Sequence[Example], texts: Sequence[str], languages: Sequence[str]) -> ExampleMetrics:
    summaries = [Generated([], text, capped=False) for text in texts]
    return summary_metrics.measure(examples, summaries, 0, 0.0, languages)
