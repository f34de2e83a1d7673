"""Summaries written while a run trains: of pinned conversations for people to read, and of some that are scored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.adapters.metadata import Scores
from engine.config.recipe import Recipe
from engine.scoring.metrics import CHRF
from engine.text.conversations import Example
from engine.worker.dataset import prompting
from engine.worker.dataset.dataset import Splits
from engine.worker.dataset.prompter import Prompter
from engine.worker.evaluation.protocol import make_protocol
from engine.worker.generation import Generated, generate
from engine.worker.modeling.base_models import LoadedBase, Model
from engine.worker.runtime.channel import Channel
from engine.worker.text_metrics import rouge, summary_metrics
from engine.worker.text_metrics.example_languages import tell_languages
from engine.worker.text_metrics.summary_metrics import Protocol

# Enough of a pinned conversation to recognise it by; events stay small.
MAX_SHOWN_CHARACTERS = 4000


@dataclass(frozen=True)
class InterimScores:
    """Means with intervals of the summaries scored at one evaluation: `scores` is ROUGE, `measures` chrF."""

    scores: Scores
    measures: Scores


@dataclass(frozen=True)
class SampleSet:
    """The conversations that are summarised at each evaluation of a run.

    `pinned` are shown; `scored` are scored under `protocol`, and empty without a validation split. The shorter one is
    a prefix of the other.
    """

    pinned: tuple[Example, ...]
    scored: tuple[Example, ...]
    protocol: Protocol

    @property
    def all(self) -> tuple[Example, ...]:
        """All of them, each once."""
        return max(self.pinned, self.scored, key=len)


def choose(recipe: Recipe, splits: Splits) -> SampleSet:
    """Return the conversations that a recipe summarises at each evaluation, by greedy decoding."""
    scored = tuple(splits.validation[: recipe.training.evaluate_summaries])
    protocol = make_protocol(recipe, splits, "validation", scored, beams=1) | {"which": "first"}
    return SampleSet(prompting.pinned_examples(splits), scored, protocol)


def summarize(
    channel: Channel,
    base: LoadedBase,
    model: Model,
    prompter: Prompter,
    examples: Sequence[Example],
    *,
    max_new_tokens: int,
) -> list[Generated]:
    """Return a summary per example by greedy decoding, which draws no random number. Raises Stopped."""
    channel.check_stop()
    return generate.generate(
        model,
        base.tokenizer,
        base.family,
        [prompter.input_ids(example.conversation) for example in examples],
        beams=1,
        max_new_tokens=max_new_tokens,
        on_tick=channel.check_stop,
        end_tokens=prompter.end_tokens,
    )


def scores(
    scored: Sequence[Example], summaries: Sequence[Generated], draws: int, language: str
) -> InterimScores | None:
    """Return ROUGE and chrF of the first summaries, those of `scored`; None if `scored` is empty.

    `language` is the recipe's.
    """
    if not scored:
        return None
    values, chrf_values = _values(scored, summaries, language)
    return InterimScores(
        summary_metrics.intervals(values, draws), summary_metrics.intervals({CHRF.name: chrf_values}, draws)
    )


def _values(
    examples: Sequence[Example], summaries: Sequence[Generated], language: str
) -> tuple[rouge.Values, list[float]]:
    """Return ROUGE and chrF of each of the first summaries, those of `examples`."""
    texts = [summary.text for summary in summaries[: len(examples)]]
    references = [summary_metrics.references(example) for example in examples]
    languages = tell_languages(examples, language)
    return rouge.score_all(texts, references, languages).stemmed, summary_metrics.chrf(texts, references)


def report(
    channel: Channel, pinned: Sequence[Example], summaries: Sequence[Generated], step: int, language: str
) -> None:
    """Emit the first summaries, those of `pinned`, each with ROUGE-1 and chrF; `language` is the recipe's."""
    values, chrf_values = _values(pinned, summaries, language)
    rows = zip(pinned, summaries, values["rouge1"], chrf_values, strict=False)
    for example, summary, rouge1, chrf_value in rows:
        channel.emit(
            "sample_made",
            step=step,
            example=example.id,
            conversation=example.conversation[:MAX_SHOWN_CHARACTERS],
            reference=example.summary,
            summary=summary.text,
            rouge1=rouge1,
            chrf=chrf_value,
        )
