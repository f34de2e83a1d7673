"""Computes every metric of `engine.scoring.metrics` for each summary, their means and their paired differences.

Knows nothing of models or of how summaries are written.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from engine.adapters.metadata import Scores
from engine.scoring import bootstrap, faithfulness
from engine.scoring.metrics import METRICS, UNSTEMMED
from engine.text.conversations import Example
from engine.worker.evaluation import rouge
from engine.worker.evaluation.rouge import Values
from engine.worker.generation.generate import Generated

Differences = dict[str, dict[str, Any]]

_WORD = re.compile(r"\w+(?:['’]\w+)*")


class ExampleMetrics(BaseModel):
    """Metrics of one model's summaries, one value per example, in the order of the ids in `examples`.

    `rouge` holds the stemmed scores, `metrics` all other metrics. `cut` counts conversations over the token limit,
    `unreadable` references without a character that ROUGE reads. `tokens` were generated in `seconds`.
    """

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    examples: tuple[str, ...]
    summaries: tuple[str, ...]
    rouge: Values
    metrics: Values = Field(alias="more")
    cut: int
    unreadable: int
    tokens: int
    seconds: float

    def followed_by(self, other: ExampleMetrics) -> ExampleMetrics:
        """Return these metrics and then those of further examples."""
        return ExampleMetrics(
            examples=(*self.examples, *other.examples),
            summaries=(*self.summaries, *other.summaries),
            rouge=_appended(self.rouge, other.rouge),
            metrics=_appended(self.metrics, other.metrics),
            cut=self.cut + other.cut,
            unreadable=self.unreadable + other.unreadable,
            tokens=self.tokens + other.tokens,
            seconds=self.seconds + other.seconds,
        )

    @property
    def truncated_fraction(self) -> float:
        """The fraction of summaries that reach the length limit."""
        return sum(self.metrics["capped"]) / len(self.metrics["capped"])

    @property
    def tokens_per_second(self) -> float:
        """How fast the summaries were generated."""
        return self.tokens / max(self.seconds, 1e-9)


def _appended(first: Values, second: Values) -> Values:
    return {name: [*values, *second[name]] for name, values in first.items()}


def references(example: Example) -> tuple[str, ...]:
    """Return all reference summaries of an example."""
    return (example.summary, *example.more_references)


def measure(
    examples: Sequence[Example], summaries: Sequence[Generated], cut: int, seconds: float
) -> ExampleMetrics:
    """Return the metrics of summaries, one per example; `cut` and `seconds` as `ExampleMetrics` has them."""
    texts = tuple(summary.text for summary in summaries)
    reference_sets = [references(example) for example in examples]
    scores = rouge.score_all(texts, reference_sets)
    return ExampleMetrics(
        examples=tuple(example.id for example in examples),
        summaries=texts,
        rouge=scores.stemmed,
        metrics={UNSTEMMED[name]: values for name, values in scores.unstemmed.items()}
        | {"capped": [float(summary.capped) for summary in summaries]}
        | _of_texts(texts, [example.conversation for example in examples]),
        cut=cut,
        unreadable=rouge.unreadable([" ".join(several) for several in reference_sets]),
        tokens=sum(len(summary.ids) for summary in summaries),
        seconds=seconds,
    )


def _of_texts(summaries: Sequence[str], conversations: Sequence[str]) -> Values:
    rows = [_of_text(*texts) for texts in zip(summaries, conversations, strict=True)]
    return {name: [row[name] for row in rows] for name in ("words", "novel1", "novel2", "unsupported")}


def _of_text(summary: str, conversation: str) -> dict[str, float]:
    words, known = _words(summary), _words(conversation)
    return {
        "words": float(len(words)),
        "novel1": _novel_fraction(words, set(known)),
        "novel2": _novel_fraction(list(pairwise(words)), set(pairwise(known))),
        "unsupported": faithfulness.check_claims(summary, conversation).unsupported_fraction,
    }


def _words(text: str) -> list[str]:
    """Return the words of a text in any script."""
    return _WORD.findall(text.casefold())


def _novel_fraction(ngrams: Sequence[object], known: set[Any]) -> float:
    """Return the fraction of n-grams that are not known, 0 for an empty summary."""
    return sum(ngram not in known for ngram in ngrams) / len(ngrams) if ngrams else 0.0


def intervals(values: Values, draws: int) -> Scores:
    """Return the mean and bootstrap interval of each metric."""
    return {name: bootstrap.interval(each, draws).as_dict() for name, each in values.items()}


def differences(before: Values, after: Values, draws: int) -> Differences:
    """Return the paired difference of each metric that both have, with its verdict."""
    return {
        name: bootstrap.difference_dict(bootstrap.difference(before[name], values, draws), METRICS[name].good)
        for name, values in after.items()
        if name in before
    }
