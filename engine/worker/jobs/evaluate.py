"""The job `evaluate`: scores a base model and adapters under one protocol."""

from __future__ import annotations

from functools import partial
from typing import Any

from engine.adapters import library
from engine.adapters.library import Adapter
from engine.config import recipe as recipes
from engine.config.decoding import CTRANSLATE2
from engine.system.paths import adapters_folder
from engine.worker.adapters import attach
from engine.worker.adapters.adapter_manager import AdapterManager
from engine.worker.dataset import dataset, token_counter
from engine.worker.dataset.prompting import resolve_format, resolve_limits, scored_examples
from engine.worker.evaluation import reporting
from engine.worker.evaluation.evaluator import BASE, Evaluation, Evaluator
from engine.worker.exports import ctranslate2_model
from engine.worker.generation.ctranslate2_runtime import CTranslate2Runtime
from engine.worker.modeling import base_models
from engine.worker.runtime.channel import Channel
from engine.worker.training import rank_models


def run(channel: Channel, request: dict[str, Any]) -> None:
    """Score the base and each adapter of the request; adapters of the library store their scores."""
    recipe = recipes.load(channel.job.recipe_path)
    adapters = [library.find(name) for name in request["adapters"]]
    converts = request.get("runtime") == CTRANSLATE2
    channel.enter("load_base")
    if converts:
        ctranslate2_model.fetch_all(channel, recipe.base_model, adapters)
        channel.enter("load_base")
    base = base_models.load(recipe.base_model, "cpu" if converts else recipe.training.device, channel)
    recipe = resolve_format(channel, recipe, base.tokenizer)
    for adapter in adapters:
        # Before minutes are spent on scoring the others.
        attach.refuse_other_base(base, adapter)
    channel.enter("read_data")
    # The prompt may show examples of the training split.
    needs = {recipe.evaluation.split, "train"} if recipe.data.shots else {recipe.evaluation.split}
    counter = partial(token_counter.fetch_counter, recipe.base_model, channel)
    splits = dataset.read(recipe.data, channel, needs=sorted(needs), counter=counter)
    recipe = resolve_limits(recipe, base, splits)
    channel.enter("evaluate")
    evaluator = Evaluator(channel, base, recipe, splits)
    # Another runtime writes in this process alone.
    prompts = 0 if converts else len(scored_examples(recipe, splits))
    with rank_models.writing(channel, base, recipe, prompts):
        baseline = evaluator.score_base(ctranslate2_model.load(channel, base, None) if converts else None)
        reporting.report(evaluator, baseline)
        manager = AdapterManager(base)
        evaluations = [
            _score(
                evaluator,
                manager,
                adapter,
                baseline,
                ctranslate2_model.load(channel, base, adapter) if converts else None,
            )
            for adapter in adapters
        ]
    channel.result(
        {
            "protocol": baseline.protocol,
            "base": _result(baseline),
            "adapters": [_result(evaluation) for evaluation in evaluations],
        }
    )


def _score(
    evaluator: Evaluator,
    manager: AdapterManager,
    adapter: Adapter,
    baseline: Evaluation,
    runtime: CTranslate2Runtime | None,
) -> Evaluation:
    """Score an adapter, report it, and add the scores to its metadata if it is in the library."""
    prompt = adapter.metadata.prompt if adapter.is_prompt else None
    if prompt is None:
        reporting.report_other_prompt(evaluator, adapter)
    step = adapter.metadata.training.step
    with manager.use(adapter) as model:
        rank_models.use_adapter(adapter)
        evaluation = evaluator.score(model, adapter.id, step, baseline, prompt, runtime)
    reporting.report(evaluator, evaluation)
    if adapter.folder.resolve().parent == adapters_folder().resolve():
        library.add_score(adapter, evaluation.card(baseline))
    return evaluation


def _result(evaluation: Evaluation) -> dict[str, Any]:
    """Return an evaluation as `evaluate --json` prints it."""
    result: dict[str, Any] = {} if evaluation.of == BASE else {"adapter": evaluation.of}
    result |= {"scores": evaluation.scores, "measures": evaluation.metrics}
    if evaluation.difference is not None:
        result["difference"] = evaluation.difference
        result["measure_difference"] = evaluation.metric_difference
    if evaluation.prompt is not None:
        result["prompt"] = evaluation.prompt
    values = evaluation.values
    return result | {
        "capped": values.truncated_fraction,
        "seconds": values.seconds,
        "tokens_per_second": round(values.tokens_per_second, 1),
    }
