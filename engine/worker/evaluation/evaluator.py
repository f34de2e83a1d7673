"""The job `evaluate`, and the scoring that every run does: base and tuned, under one protocol, paired.

Owns what a protocol is and what an evaluation holds. Knows nothing of how adapters are trained.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from engine.adapters import library
from engine.adapters.library import Adapter
from engine.adapters.metadata import PromptFacts, ScoreCard, Scores, now_text
from engine.config import recipe as recipes
from engine.config.recipe import Recipe
from engine.runs.example_scores import ExampleScores, Texts, Written
from engine.system.paths import adapters_folder
from engine.text.conversations import Example
from engine.worker.adapters import attach
from engine.worker.adapters.adapter_manager import Switcher
from engine.worker.dataset import dataset, token_counter
from engine.worker.dataset.dataset import Splits
from engine.worker.dataset.prompting import Prompter, make_prompter, remembered, scored, shown
from engine.worker.evaluation import rouge, score_cache, summary_metrics
from engine.worker.evaluation.score_cache import Measured, Protocol
from engine.worker.evaluation.summary_metrics import Differences
from engine.worker.generation.generate import generate
from engine.worker.ingestion.sources import Split
from engine.worker.modeling import base_models
from engine.worker.modeling.base_models import LoadedBase, Model
from engine.worker.runtime import devices
from engine.worker.runtime.channel import Channel

BASE = "base"
CAPPED_WORTH_SAYING = 0.05


@dataclass(frozen=True)
class Evaluation:
    """One model's scores under a protocol; differences are paired with the base, and None for the base.

    `scores` are the stemmed ROUGE, `measures` what else is measured. `prompt` is what it read in the place of the
    protocol's prompt, None for all but an adapter that is a prompt.
    """

    of: str
    step: int
    protocol: Protocol
    measured: Measured
    scores: Scores
    measures: Scores
    difference: Differences | None = None
    measure_difference: Differences | None = None
    prompt: dict[str, Any] | None = None

    def card(self, base: Evaluation) -> ScoreCard:
        """Return the scores as an adapter's passport keeps them."""
        return ScoreCard(
            protocol=self.protocol,
            base=base.scores,
            scores=self.scores,
            difference=self.difference or {},
            base_measures=base.measures,
            measures=self.measures,
            measure_difference=self.measure_difference or {},
            capped=self.measured.capped,
            scored_at=now_text(),
        )

    def by_example(self, base: Evaluation, examples: Sequence[Example]) -> ExampleScores:
        """Return what base and model wrote and scored on each of the scored examples, as the run keeps it."""
        return ExampleScores(
            schema=1,
            protocol=self.protocol,
            examples=self.measured.examples,
            base=_written(base.measured),
            tuned=_written(self.measured),
            texts=tuple(
                Texts(conversation=example.conversation, references=summary_metrics.references(example))
                for example in examples
            ),
        )

    def as_result(self) -> dict[str, Any]:
        """Return the scores as `evaluate --json` prints them."""
        facts: dict[str, Any] = {} if self.of == BASE else {"adapter": self.of}
        facts["scores"] = self.scores
        facts["measures"] = self.measures
        if self.difference is not None:
            facts["difference"] = self.difference
            facts["measure_difference"] = self.measure_difference
        if self.prompt is not None:
            facts["prompt"] = self.prompt
        speed = round(self.measured.tokens_per_second, 1)
        return facts | {
            "capped": self.measured.capped,
            "seconds": self.measured.seconds,
            "tokens_per_second": speed,
        }


def _written(measured: Measured) -> Written:
    return Written(
        summaries=measured.summaries,
        rouge={name: tuple(values) for name, values in measured.rouge.items()},
        more={name: tuple(values) for name, values in measured.more.items()},
    )


def run(channel: Channel, request: dict[str, Any]) -> None:
    """Score the base and each named adapter; library adapters get the scores into their passports."""
    recipe = recipes.load(channel.job.recipe_path)
    chosen = [library.find(name) for name in request["adapters"]]
    devices.reserve(recipe.training.device)
    channel.enter("load_base")
    base = base_models.load(recipe.base_model, recipe.training.device, channel)
    for adapter in chosen:
        # Before minutes are spent on scoring the others.
        attach.refuse_other_base(base, adapter)
    channel.enter("read_data")
    needs = {recipe.evaluation.split, "train"} if recipe.data.shots else {recipe.evaluation.split}
    counter = partial(token_counter.fetched, recipe.base_model, channel)
    splits = dataset.read(recipe.data, channel, needs=sorted(needs), counter=counter)
    channel.enter("evaluate")
    before = base_evaluation(channel, base, base.model, recipe, splits)
    switcher = Switcher(base)
    found = [_score_adapter(channel, switcher, adapter, recipe, splits, before) for adapter in chosen]
    channel.result(
        {
            "protocol": before.protocol,
            "base": before.as_result(),
            "adapters": [evaluation.as_result() for evaluation in found],
        }
    )


def _score_adapter(
    channel: Channel, switcher: Switcher, adapter: Adapter, recipe: Recipe, splits: Splits, before: Evaluation
) -> Evaluation:
    prompt = adapter.passport.prompt if adapter.is_prompt else None
    if prompt is None:
        _tell_of_other_prompt(channel, adapter, recipe, splits)
    step = adapter.passport.training.step
    with switcher.use(adapter) as model:
        found = compare(channel, switcher.base, model, recipe, splits, adapter.id, step, before, prompt)
    tell(channel, found, recipe, switcher.base)
    if adapter.folder.resolve().parent == adapters_folder().resolve():
        library.add_score(adapter, found.card(before))
    return found


def _tell_of_other_prompt(channel: Channel, adapter: Adapter, recipe: Recipe, splits: Splits) -> None:
    trained_with, texts = adapter.passport.prompt, [shot.conversation for shot in shown(recipe, splits)]
    if trained_with is None:
        return
    same_shots = [shot.conversation for shot in trained_with.shots] == texts
    if trained_with.template != recipe.data.prompt or not same_shots:
        channel.notice(
            f"{adapter.name} was trained with another prompt than the recipe's.",
            "It is scored with the recipe's prompt, like the base.",
        )


def protocol(recipe: Recipe, splits: Splits) -> Protocol:
    """Return all that decides a score but the model: equal protocols make scores comparable.

    An adapter that is a prompt stands under the protocol of the base that it is compared with, whose prompt is
    the yardstick: its own prompt is to it what weights are to others. Examples, limits and decoding are the same,
    so its scores may share a column; its prompt is told beside them.
    """
    return protocol_on(
        recipe, splits, recipe.evaluation.split, scored(recipe, splits), recipe.evaluation.beams
    )


def protocol_on(
    recipe: Recipe, splits: Splits, split: Split, examples: Sequence[Example], beams: int
) -> Protocol:
    """Return the protocol of a recipe on other examples than it is scored on, or decoded otherwise."""
    in_prompt = shown(recipe, splits)
    parts: dict[Split, Sequence[Example]] = {"train": in_prompt, "validation": (), "test": examples}
    most = max((len(summary_metrics.references(example)) for example in examples), default=1)
    return {
        "split": split,
        "examples": len(examples),
        "data": {"source": attach.public_name(splits.source), "fingerprint": dataset.fingerprint(parts)},
        "prompt": recipe.data.prompt,
        "shots": len(in_prompt),
        "max_conversation_tokens": recipe.data.max_conversation_tokens,
        "beams": beams,
        "max_new_tokens": recipe.evaluation.max_new_tokens,
        "metric": {"name": rouge.METRIC, "stemmer": True},
        # Said where there are any only, so that scores of plain data keep their protocol.
        **({"references": {"most": most, "counted": "best"}} if most > 1 else {}),
    }


def base_evaluation(
    channel: Channel, base: LoadedBase, model: Model, recipe: Recipe, splits: Splits
) -> Evaluation:
    """Return the base model's evaluation, the kept one if nothing that decides it has changed."""
    rules = protocol(recipe, splits)
    measured = score_cache.load(rules, base)
    if measured is None:
        prompter = make_prompter(recipe, base, splits)
        measured = _measure(channel, base, model, recipe, splits, prompter)
        score_cache.save(rules, base, measured)
    draws = recipe.evaluation.bootstrap
    found = Evaluation(
        BASE,
        0,
        rules,
        measured,
        *(summary_metrics.spreads(lists, draws) for lists in (measured.rouge, measured.more)),
    )
    _tell_of_data(channel, measured, recipe)
    tell(channel, found, recipe, base)
    return found


def score(
    channel: Channel,
    base: LoadedBase,
    model: Model,
    recipe: Recipe,
    splits: Splits,
    of: str,
    step: int,
    base_evaluation: Evaluation,
) -> Evaluation:
    """Score `model` with the adapter that is active in it, against the base, and tell of it."""
    found = compare(channel, base, model, recipe, splits, of, step, base_evaluation)
    tell(channel, found, recipe, base)
    return found


def compare(
    channel: Channel,
    base: LoadedBase,
    model: Model,
    recipe: Recipe,
    splits: Splits,
    of: str,
    step: int,
    base_evaluation: Evaluation,
    prompt: PromptFacts | None = None,
) -> Evaluation:
    """Score `model` with the adapter that is active in it, against the base, example by example.

    With `prompt` it reads that in the place of the recipe's; the recipe's limits hold all the same.
    """
    prompter = make_prompter(recipe, base, splits)
    if prompt is not None:
        prompter = remembered(
            prompt, base, recipe.data.max_conversation_tokens, recipe.data.max_summary_tokens
        )
    measured = _measure(channel, base, model, recipe, splits, prompter)
    before, draws = base_evaluation.measured, recipe.evaluation.bootstrap
    return Evaluation(
        of,
        step,
        protocol(recipe, splits),
        measured,
        scores=summary_metrics.spreads(measured.rouge, draws),
        measures=summary_metrics.spreads(measured.more, draws),
        difference=summary_metrics.differences(before.rouge, measured.rouge, draws),
        measure_difference=summary_metrics.differences(before.more, measured.more, draws),
        prompt={"template": prompt.template, "shots": len(prompt.shots)} if prompt is not None else None,
    )


def _measure(
    channel: Channel, base: LoadedBase, model: Model, recipe: Recipe, splits: Splits, prompter: Prompter
) -> Measured:
    examples = scored(recipe, splits)
    inputs = [prompter.input_ids(example.conversation) for example in examples]
    started = time.perf_counter()
    channel.progress(0, len(inputs), "summaries")
    done = itertools.count(1)
    written = generate(
        model,
        base.tokenizer,
        base.family,
        inputs,
        beams=recipe.evaluation.beams,
        max_new_tokens=recipe.evaluation.max_new_tokens,
        between=channel.check_stop,
        on_written=lambda *_: channel.progress(next(done), len(inputs), "summaries"),
    )
    seconds = time.perf_counter() - started
    return summary_metrics.measure(examples, written, prompter.cut, seconds)


def tell(channel: Channel, found: Evaluation, recipe: Recipe, base: LoadedBase) -> None:
    """Say how a model scored, and whether many of its summaries were cut."""
    measured = found.measured
    channel.emit(
        "evaluated",
        step=found.step,
        split=recipe.evaluation.split,
        of=found.of,
        protocol=found.protocol,
        loss=None,
        scores=found.scores,
        difference=found.difference,
        measures=found.measures,
        measure_difference=found.measure_difference,
        capped=measured.capped,
        seconds=round(measured.seconds, 3),
        tokens_per_second=round(measured.tokens_per_second, 1),
        memory_bytes=devices.memory_bytes(base.device),
        **({} if found.prompt is None else {"prompt": found.prompt}),
    )
    _tell_of_summaries(channel, found, recipe)


def _tell_of_summaries(channel: Channel, found: Evaluation, recipe: Recipe) -> None:
    """Say whether many summaries were cut, or some have no word."""
    measured = found.measured
    whose = "the base model's summaries" if found.of == BASE else "the tuned model's summaries"
    whose = whose if found.prompt is None else "the summaries written with this prompt"
    if measured.capped > CAPPED_WORTH_SAYING:
        limit = recipe.evaluation.max_new_tokens
        channel.notice(
            f"{measured.capped * 100:.0f} % of {whose} reach {limit} tokens and are cut there.",
            "Raise the longest summary (evaluation.max_new_tokens) to score them whole.",
        )
    pairs = zip(measured.summaries, measured.more["capped"], strict=True)
    empty = sum(not summary and not capped for summary, capped in pairs)
    if empty:
        channel.notice(
            f"Empty: {empty:,} of {len(measured.summaries):,} of {whose}.",
            "The model ends before it writes a word. Each counts as 0.",
            "warning",
        )


def _tell_of_data(channel: Channel, measured: Measured, recipe: Recipe) -> None:
    """Say what of the scored examples can't be read in full. It is the same for every model, so said once."""
    if measured.cut:
        channel.notice(
            f"{measured.cut:,} of {len(measured.examples):,} scored conversations are longer than "
            f"{recipe.data.max_conversation_tokens} tokens and lose their end.",
            "Raise data.max_conversation_tokens to keep them whole.",
        )
    if measured.unreadable:
        channel.notice(
            f"{measured.unreadable:,} of {len(measured.examples):,} reference summaries hold no letter that "
            "ROUGE reads.",
            "It compares a to z and 0 to 9 alone: summaries in other scripts score 0.",
            "warning",
        )
