"""Computes every metric of `engine.scoring.metrics` for each summary, their means and their paired differences.

Knows nothing of models or of how summaries are written. Also the part of a score's protocol that holds for summaries of
any origin: conversations and metric.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from engine.adapters.metadata import Scores
from engine.config.recipe import public_name
from engine.messages import say
from engine.scoring import bootstrap, faithfulness
from engine.scoring.metrics import CHRF, METRICS, UNSTEMMED
from engine.text.conversations import Example
from engine.text.words import characters, words
from engine.worker.dataset import dataset
from engine.worker.generation import Generated
from engine.worker.ingestion.sources import Split
from engine.worker.runtime.channel import Channel
from engine.worker.text_metrics import rouge
from engine.worker.text_metrics.example_languages import tell_languages
from engine.worker.text_metrics.rouge import Values

# One value per example where there is one, by the name of a metric.
PartialValues = Mapping[str, Sequence[float | None]]
Differences = dict[str, dict[str, Any]]
Protocol = dict[str, Any]


class ExampleMetrics(BaseModel):
    """Metrics of one model's summaries, one value per example, in the order of the ids in `examples`.

    `rouge` holds the stemmed scores, `metrics` all other metrics, None where a metric can't be told for an example.
    `cut` counts conversations over the token limit, `unreadable` references without a word that ROUGE reads. `tokens`
    were generated in `seconds`.
    """

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    examples: tuple[str, ...]
    summaries: tuple[str, ...]
    rouge: Values
    metrics: PartialValues = Field(alias="more")
    cut: int
    unreadable: int
    tokens: int
    seconds: float

    def followed_by(self, other: ExampleMetrics) -> ExampleMetrics:
        """Return these metrics and then those of further examples."""
        return ExampleMetrics(
            examples=(*self.examples, *other.examples),
            summaries=(*self.summaries, *other.summaries),
            rouge={name: [*values, *other.rouge[name]] for name, values in self.rouge.items()},
            metrics={name: [*values, *other.metrics[name]] for name, values in self.metrics.items()},
            cut=self.cut + other.cut,
            unreadable=self.unreadable + other.unreadable,
            tokens=self.tokens + other.tokens,
            seconds=self.seconds + other.seconds,
        )

    @property
    def truncated_fraction(self) -> float:
        """The fraction of summaries that reach the length limit."""
        return sum(filter(None, self.metrics["capped"])) / len(self.metrics["capped"])

    @property
    def tokens_per_second(self) -> float:
        """How fast the summaries were generated."""
        return self.tokens / max(self.seconds, 1e-9)


def references(example: Example) -> tuple[str, ...]:
    """Return all reference summaries of an example."""
    return (example.summary, *example.more_references)


def measure(
    examples: Sequence[Example],
    summaries: Sequence[Generated],
    cut: int,
    seconds: float,
    languages: Sequence[str] | None = None,
) -> ExampleMetrics:
    """Return the metrics of summaries, one per example; `cut` and `seconds` as `ExampleMetrics` has them.

    `languages` are those of the examples, told from them unless given.
    """
    texts = tuple(summary.text for summary in summaries)
    reference_sets = [references(example) for example in examples]
    languages = languages or tell_languages(examples)
    scores = rouge.score_all(texts, reference_sets, languages)
    return ExampleMetrics(
        examples=tuple(example.id for example in examples),
        summaries=texts,
        rouge=scores.stemmed,
        metrics={CHRF.name: chrf(texts, reference_sets)}
        | {UNSTEMMED[name]: values for name, values in scores.unstemmed.items()}
        | {"capped": [float(summary.capped) for summary in summaries]}
        | _of_texts(texts, [example.conversation for example in examples], languages),
        cut=cut,
        unreadable=rouge.unreadable([" ".join(several) for several in reference_sets], languages),
        tokens=sum(len(summary.ids) for summary in summaries),
        seconds=seconds,
    )


@cache
def _chrf() -> Any:
    from sacrebleu.metrics.chrf import CHRF

    return CHRF()


def chrf(predictions: Sequence[str], references: Sequence[Sequence[str]]) -> list[float]:
    """Return chrF of every example, 0 to 1, against the best of its references, of which it has at least one.

    The overlap of character sequences, computed by `sacrebleu`. It needs no words, so it reads every language and every
    script alike: letters composed or not, wide or narrow, are the same.
    """
    return [
        _chrf().sentence_score(characters(prediction), [*map(characters, several)]).score / 100
        for prediction, several in zip(predictions, references, strict=True)
    ]


def report_unreadable(channel: Channel, unreadable: int, total: int, option: str) -> None:
    """Warn of references without a word that ROUGE reads; `option` sets the language."""
    if unreadable:
        channel.notice(
            say("No word that ROUGE reads: {:,} of {:,} references.", unreadable, total),
            say("English ROUGE reads only a to z and 0 to 9; set another language with {}.", option),
            "warning",
        )


def scores_of(summary: str, reference: str, conversation: str) -> dict[str, float]:
    """Return stemmed ROUGE and chrF of one summary, in the language of the reference and the conversation."""
    languages = tell_languages([Example("", conversation, reference)])
    values = rouge.score([summary], [reference], languages=languages)
    return {name: value for name, [value] in values.items()} | {CHRF.name: chrf([summary], [[reference]])[0]}


def _of_texts(
    summaries: Sequence[str], conversations: Sequence[str], languages: Sequence[str]
) -> dict[str, list[float | None]]:
    """Return length, novelty and unsupported claims of each summary."""

    def novel_fraction(ngrams: Sequence[object], known: set[Any]) -> float:
        return sum(ngram not in known for ngram in ngrams) / len(ngrams) if ngrams else 0.0

    found: dict[str, list[float | None]] = {"words": [], "novel1": [], "novel2": [], "unsupported": []}
    for summary, conversation, language in zip(summaries, conversations, languages, strict=True):
        own, known = words(summary), words(conversation)
        claims = faithfulness.check_claims(summary, conversation, language)
        found["words"].append(float(len(own)))
        found["novel1"].append(novel_fraction(own, set(known)))
        found["novel2"].append(novel_fraction(list(pairwise(own)), set(pairwise(known))))
        found["unsupported"].append(claims.unsupported_fraction)
    return found


def intervals(values: PartialValues, draws: int) -> Scores:
    """Return the mean and bootstrap interval of each metric over the examples that have it; absent if none has."""
    known = {name: [value for value in each if value is not None] for name, each in values.items()}
    return {name: bootstrap.interval(each, draws).as_dict() for name, each in known.items() if each}


def differences(before: PartialValues, after: PartialValues, draws: int) -> Differences:
    """Return the paired difference of each metric over the examples that have it in both, with its verdict."""
    found: Differences = {}
    for name in [each for each in after if each in before]:
        pairs = [
            (old, new)
            for old, new in zip(before[name], after[name], strict=True)
            if old is not None and new is not None
        ]
        if pairs:
            olds, news = zip(*pairs, strict=True)
            found[name] = bootstrap.difference_dict(
                bootstrap.difference(olds, news, draws), METRICS[name].good
            )
    return found


def scored_texts(
    source: str,
    split: str,
    examples: Sequence[Example],
    languages: Sequence[str],
    shots: Sequence[Example] = (),
) -> Protocol:
    """Return the protocol of examples, in whose `languages` the metric reads words; `shots` are in the prompt."""
    parts: dict[Split, Sequence[Example]] = {"train": shots, "validation": (), "test": examples}
    max_references = max((len(references(example)) for example in examples), default=1)
    return {
        "split": split,
        "examples": len(examples),
        "data": {"source": public_name(source), "fingerprint": dataset.fingerprint(parts)},
        "metric": rouge.protocol(languages),
        # Absent without further references, so that scores of plain data keep their protocol.
        **({"references": {"most": max_references, "counted": "best"}} if max_references > 1 else {}),
    }
