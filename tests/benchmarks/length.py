"""How many steps does a run need, by the number of its examples? The evidence for `engine.config.automatic`.

The starter, or the base model that `BENCH_MODEL` names, is trained on 10 to 1,000 conversations of the data in
`BENCH_DATA` (SAMSum) at the presets' learning rates, as any run is, and evaluated on 40 held-out conversations on its
way. Arguments are methods ("lora" without any), sizes, and overrides of the recipe such as training.max_steps=60:
`python -m tests.benchmarks.length lora 10 30 training.max_steps=60 training.evaluate_every=10`.
"""

import os
import sys
from typing import Any

from engine.config import recipe as recipes
from engine.config.recipe import STARTER
from engine.config.training import MAX_EPOCHS
from engine.runs import run_store
from engine.system.paths import presets_folder
from tests.helpers.benchmark_report import followed, show, temporary_home

SIZES = (10, 30, 100, 300, 1000)
HELD_OUT = 40
TRAINING = {
    "epochs": MAX_EPOCHS, "max_steps": 160, "evaluate_every": 20, "evaluate_summaries": HELD_OUT,
    "checkpoint_every": 10_000, "keep": "last",
}  # fmt: skip


def main() -> None:
    """Train each method on each size, and print the validation loss and ROUGE-1 by steps."""
    source, model = os.environ.get("BENCH_DATA"), os.environ.get("BENCH_MODEL", STARTER)
    if not source:
        print("Name a data source in BENCH_DATA; without it nothing is measured.")
        return
    overrides = [text for text in sys.argv[1:] if "=" in text]
    sizes = [int(text) for text in sys.argv[1:] if text.isdigit()] or SIZES
    methods = [text for text in sys.argv[1:] if "=" not in text and not text.isdigit()] or ["lora"]
    with temporary_home():
        for method in methods:
            rows = [
                (f"{size} examples", _curve(source, model, method, size, overrides), "") for size in sizes
            ]
            show(f"{method} on {recipes.public_name(model)}: steps, validation loss, ROUGE-1", rows)


def _curve(source: str, model: str, method: str, size: int, overrides: list[str]) -> str:
    starter = recipes.load(presets_folder() / "starter.toml").as_tables()
    tables: dict[str, Any] = {
        "base_model": {"id": model},
        "data": {
            "source": source, "max_train": size, "max_validation": HELD_OUT, "max_test": 1,
            "max_conversation_tokens": 256,
        },
        "evaluation": {"max_new_tokens": 60},
        "method": {"id": method},
        "training": TRAINING,
    }  # fmt: skip
    if model == STARTER:
        tables["training"] = starter["training"] | TRAINING
        if method == "lora":
            tables["method"] = starter["method"]
        else:
            del tables["training"]["learning_rate"]
    recipe = recipes.from_tables(recipes.overridden(tables, overrides))
    points = []
    for event in followed(run_store.create_run(recipe)):
        if event["event"] == "evaluated" and event["split"] == "validation":
            rouge = f" {100 * event['scores']['rouge1']['mean']:.1f}" if event["scores"] else ""
            points.append(f"{event['step']}: {event['loss']:.3f}{rouge}")
            print(method, size, points[-1], f"at {event['time']}", flush=True)
    return ", ".join(points)


if __name__ == "__main__":
    main()
