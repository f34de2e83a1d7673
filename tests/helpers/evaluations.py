"""Small base models, scored and reported as jobs do it."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.config.recipe import Recipe
from engine.worker.dataset import dataset
from engine.worker.dataset.dataset import Splits
from engine.worker.evaluation import reporting
from engine.worker.evaluation.evaluator import Evaluation, Evaluator
from engine.worker.modeling.base_models import LoadedBase, Model
from engine.worker.runtime.channel import Channel
from tests.helpers.worker_setup import load_tiny, make_channel, make_recipe


def parts(source: str, **evaluation: object) -> tuple[Recipe, LoadedBase, Splits, Channel]:
    """Return all that scoring takes, for a small T5 and the conversations of `source`, without general text."""
    recipe = make_recipe("t5", source, evaluation={"general_text": "none"} | evaluation)
    channel = make_channel("evaluate", recipe)
    return recipe, load_tiny("t5"), dataset.read(recipe.data, channel), channel


def score_base(recipe: Recipe, base: LoadedBase, splits: Splits, channel: Channel) -> Evaluation:
    evaluator = Evaluator(channel, base, recipe, splits)
    baseline = evaluator.score_base()
    reporting.report(evaluator, baseline)
    return baseline


def score(
    recipe: Recipe,
    base: LoadedBase,
    splits: Splits,
    channel: Channel,
    model: Model,
    baseline: Evaluation,
    **facts: Any,
) -> Evaluation:
    """Score a model with its active adapter, "mine" at step 1 if not told otherwise, and report it."""
    facts = {"of": "mine", "step": 1} | facts
    evaluator = Evaluator(channel, base, recipe, splits)
    evaluation = evaluator.score(model, baseline=baseline, **facts)
    reporting.report(evaluator, evaluation)
    return evaluation


def give_references(source: str, *summaries: Sequence[str]) -> None:
    """Make references of what the models write, in turn: random models match nothing else."""
    path = Path(source) / "test.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for index, row in enumerate(rows):
        row["summary"] = f"{summaries[index % len(summaries)][index]} word"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
