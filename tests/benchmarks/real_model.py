"""How much does a small model that people use gain on conversations that people wrote, and in how long?

A model folder in `BENCH_MODEL` (the goals are for SmolLM2-135M-Instruct) is trained by LoRA on 600 conversations of the
data in `BENCH_DATA` (SAMSum), as any run is, and scored on 200 test conversations before and after. It sees each once
or twice, as often as ten minutes allow; that this is better than once each was found on 200 validation conversations.
"""

from __future__ import annotations

import os
import sys
import tempfile
from typing import Any

from engine import recipe as recipes
from engine import runs
from engine.events import Event
from engine.recipe import Recipe
from engine.supervisor import Supervisor
from tests.helpers.benchmark_report import show

GOAL_ROUGE1, GOAL_SECONDS = 0.42, 600
SETTINGS: dict[str, dict[str, Any]] = {
    "data": {
        "max_train": 600,
        "max_validation": 20,
        "max_test": 200,
        "prompt": "Summarize the following conversation.\n\n{conversation}\n\nSummary: ",
    },
    "method": {"id": "lora", "rank": 16, "alpha": 32, "dropout": 0.05, "target_modules": ["all-linear"]},
    "training": {
        "epochs": 2,
        "max_steps": 110,
        "batch_size": 8,
        "learning_rate": 0.001,
        "warmup": 0,
        "keep": "last",
        "evaluate_every": 1000,
    },
    "evaluation": {"split": "test", "examples": 200, "max_new_tokens": 60},
}


def main() -> None:
    """Train, score and print; arguments are overrides of the recipe, such as training.learning_rate=0.0005."""
    model, source = os.environ.get("BENCH_MODEL"), os.environ.get("BENCH_DATA")
    if not model or not source:
        print(
            "Name a model folder in BENCH_MODEL and a data source in BENCH_DATA; without them nothing is measured."
        )
        return
    with tempfile.TemporaryDirectory() as home:
        os.environ["TUNESMITH_HOME"] = home
        events = _run(_recipe(model, source))
    show("A real model on real conversations", _rows(events))


def _recipe(model: str, source: str) -> Recipe:
    tables = {name: dict(table) for name, table in SETTINGS.items()} | {"base_model": {"id": model}}
    tables["data"]["source"] = source
    return recipes.from_tables(recipes.overridden(tables, sys.argv[1:]))


def _run(recipe: Recipe) -> list[Event]:
    supervisor = Supervisor(runs.create_run(recipe))
    supervisor.start()
    events = []
    for event in supervisor.follow():
        events.append(event)
        if event["event"] == "step_finished" and event["step"] % 5 == 0:
            print(f"step {event['step']}: loss {event['loss']:.3f}", flush=True)
    ending = supervisor.ending()
    if ending.outcome != "completed":
        raise SystemExit(f"{ending.message} {ending.hint}\n{ending.log_tail}")
    return events


def _rows(events: list[Event]) -> list[tuple[str, str, str]]:
    scored = [event for event in events if event["event"] == "evaluated" and event["split"] == "test"]
    base, tuned = (event for event in scored if event["scores"])
    (saved,) = (event for event in events if event["event"] == "adapter_saved")
    seconds = saved["seconds"]
    steps = sum(event["event"] == "step_finished" for event in events)
    examples = steps * SETTINGS["training"]["batch_size"]
    rows = [("seconds of training", f"{seconds:.0f}, {examples / seconds:.2f} examples/s", f"{GOAL_SECONDS}")]
    for name in ("rouge1", "rouge2", "rougeL"):
        goal = f"{GOAL_ROUGE1 * 100:g}" if name == "rouge1" else ""
        rows.append((name, f"{_told(base['scores'][name])} to {_told(tuned['scores'][name])}", goal))
        rows.append((f"{name}, gain", _told(tuned["difference"][name]), ""))
    return rows


def _told(score: Any) -> str:
    mean, low, high = (100 * float(score[key]) for key in ("mean", "low", "high"))
    return f"{mean:.1f} ({low:.1f} to {high:.1f})"


if __name__ == "__main__":
    main()
