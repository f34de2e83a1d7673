"""How much does a small model that people use gain on conversations that people wrote, and in how long?

A model folder in `BENCH_MODEL` (the goals are for SmolLM2-135M-Instruct) is trained by LoRA on 600 conversations of the
data in `BENCH_DATA` (SAMSum), as any run is, and scored on 200 test conversations before and after: by the run itself
greedily, and then with four beams, each a protocol of its own. It sees each conversation once or twice, as often as ten
minutes allow; that this is better than once each was found on 200 validation conversations, and so was the gain by
beams.
"""

import os
import sys
from dataclasses import replace
from typing import Any

from engine.config import recipe as recipes
from engine.config.recipe import Recipe
from engine.jobs.events import Event
from engine.jobs.job import Job, create_job
from engine.runs import run_store
from engine.system import paths
from tests.helpers.benchmark_report import Row, followed, show, temporary_home

GOAL_ROUGE1, GOAL_SECONDS = 0.42, 600
BEAMS = 4
SETTINGS: dict[str, dict[str, Any]] = {
    "data": {
        "max_train": 600, "max_validation": 20, "max_test": 200,
        "prompt": "Summarize the following conversation.\n\n{conversation}\n\nSummary: ",
    },
    "method": {"id": "lora", "rank": 16, "alpha": 32, "dropout": 0.05, "target_modules": ["all-linear"]},
    "training": {
        "epochs": 2, "max_steps": 110, "batch_size": 8, "learning_rate": 0.001, "warmup": 0, "keep": "last",
        "evaluate_every": 1000,
    },
    "evaluation": {"split": "test", "examples": 200, "max_new_tokens": 60},
}  # fmt: skip


def main() -> None:
    """Train, score and print; arguments are overrides of the recipe, such as training.learning_rate=0.0005."""
    model, source = os.environ.get("BENCH_MODEL"), os.environ.get("BENCH_DATA")
    if not model or not source:
        print(
            "Name a model folder in BENCH_MODEL and a data source in BENCH_DATA; without them nothing is measured."
        )
        return
    with temporary_home():
        recipe = _recipe(model, source)
        events = _followed(run_store.create_run(recipe))
        rows = [_training(events), *_scores("greedy", *_evaluated(events))]
        saved = next(event["adapter"] for event in events if event["event"] == "adapter_saved")
        beams = recipe.evaluation.model_copy(update={"beams": BEAMS})
        scoring = recipes.dumps(replace(recipe, evaluation=beams))
        job = create_job(paths.jobs_folder(), "evaluate", {"adapters": [saved]}, recipe=scoring)
        (result,) = (event["result"] for event in _followed(job) if event["event"] == "result_made")
    rows += _scores(f"{BEAMS} beams", result["base"], *result["adapters"])
    show("A real model on real conversations", rows)


def _recipe(model: str, source: str) -> Recipe:
    tables = {name: dict(table) for name, table in SETTINGS.items()} | {"base_model": {"id": model}}
    tables["data"]["source"] = source
    return recipes.from_tables(recipes.overridden(tables, sys.argv[1:]))


def _followed(job: Job) -> list[Event]:
    events = []
    for event in followed(job):
        events.append(event)
        if event["event"] == "step_finished" and event["step"] % 5 == 0:
            print(f"step {event['step']}: loss {event['loss']:.3f}", flush=True)
    return events


def _training(events: list[Event]) -> Row:
    seconds = next(event["seconds"] for event in events if event["event"] == "adapter_saved")
    steps = sum(event["event"] == "step_finished" for event in events)
    examples = steps * SETTINGS["training"]["batch_size"]
    return "seconds of training", f"{seconds:.0f}, {examples / seconds:.2f} examples/s", f"{GOAL_SECONDS}"


def _evaluated(events: list[Event]) -> list[Event]:
    """Return what a run tells of the base's and the adapter's scores on the test split."""
    return [
        event
        for event in events
        if event["event"] == "evaluated" and event["split"] == "test" and event["scores"]
    ]


def _scores(decoding: str, base: Any, tuned: Any) -> list[Row]:
    rows = []
    for name in ("rouge1", "rouge2", "rougeL"):
        goal = f"{GOAL_ROUGE1 * 100:g}" if name == "rouge1" else ""
        reached = f"{_told(base['scores'][name])} to {_told(tuned['scores'][name])}"
        rows.append((f"{decoding}, {name}", reached, goal))
        rows.append((f"{decoding}, {name}, gain", _told(tuned["difference"][name]), ""))
    return rows


def _told(score: Any) -> str:
    mean, low, high = (100 * float(score[key]) for key in ("mean", "low", "high"))
    return f"{mean:.1f} ({low:.1f} to {high:.1f})"


if __name__ == "__main__":
    main()
