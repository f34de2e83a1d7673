"""One run in several ranks: against one rank, and with a sharded base model.

Every run is a real one, of the command line, in float32. The ways take turns, without evaluations, and the median of
their steps counts; memory is what the run says: of all its ranks, what they share counted once. Arguments name models
(starter, small).
"""

import json
import sys
from pathlib import Path
from statistics import median
from typing import Any

from engine.config import recipe as recipes
from engine.jobs.events import Event
from engine.system import ranks
from engine.worker.kernels.registry import PATCHES
from tests.helpers.benchmark_report import Row, run_main, show, temporary_home
from tests.helpers.shaped_models import save_t5, t5_tokenizer

STEPS, TURNS = 20, 3
MODELS = {"starter": "the starter", "small": "flan-t5-small's shape"}
ALONE = ",".join(name for name in PATCHES if name != "ranks")


def main() -> None:
    asked = sys.argv[1:]
    models = [name for name in MODELS if name in asked or not asked]
    with temporary_home() as home:
        for model in models:
            show(f"Two ranks and one, {MODELS[model]}", _speed(home, model))


def _speed(home: Path, model: str) -> list[Row]:
    ways: dict[str, tuple[int, tuple[str, ...]]] = {
        "1 rank": (1, ()),
        "2 ranks": (2, ()),
        "2 ranks that share out the base": (2, ("--set", "training.shard=true")),
    }
    found: dict[str, list[float]] = {way: [] for way in ways}
    memory: dict[str, int] = {}
    recipe = _recipe(home, model)
    for _ in range(TURNS):
        for way, (count, options) in ways.items():
            steps = steps_of(train(home, recipe, count, *options))
            found[way].append(median(step["examples_per_second"] for step in steps[3:]))
            memory[way] = max(step["memory_bytes"] for step in steps)
    alone, together, _ = (median(speeds) for speeds in found.values())
    return [
        *((f"conversations a second, {way}", f"{median(found[way]):.1f}", "–") for way in ways),
        ("2 ranks against 1", f"{together / alone:.2f}", "1.5"),
        *((f"memory, {way}", f"{memory[way] / 1e6:.0f} MB", "–") for way in ways),
    ]


def _recipe(home: Path, model: str) -> Path:
    folder = home / model
    if model != "starter" and not folder.exists():
        save_t5("flan-t5-small", t5_tokenizer(), folder)
    tables: dict[str, Any] = {
        "base_model": {"id": "starter" if model == "starter" else str(folder), "precision": "float32"},
        "data": {"source": "sample", "max_conversation_tokens": 256, "max_validation": 1, "max_test": 1},
        "method": {"id": "lora", "dropout": 0.0},
        "training": {
            "max_steps": STEPS, "epochs": 100, "batch_size": 16, "device": "cpu", "evaluate_summaries": 0,
            "evaluate_every": 100_000, "checkpoint_every": 100_000, "keep": "last",
        },
        "evaluation": {"general_text": "none", "max_new_tokens": 4, "bootstrap": 100},
    }  # fmt: skip
    file = home / f"{model}.toml"
    recipes.save(recipes.from_tables(tables), file)
    return file


def train(home: Path, recipe: Path, count: int, *options: str) -> list[Event]:
    """Train by the command line in so many ranks and return the run's events. Raises SystemExit."""
    many = {ranks.COUNT: str(count)} if count > 1 else {"TUNESMITH_PATCHES": ALONE}
    variables = {"TUNESMITH_HOME": str(home / "home"), "HF_HUB_OFFLINE": "1"} | many
    return [
        json.loads(line)
        for line in run_main("train", str(recipe), "--json", *options, **variables).splitlines()
    ]


def steps_of(events: list[Event]) -> list[Event]:
    return [event for event in events if event.get("event") == "step_finished"]


if __name__ == "__main__":
    main()
