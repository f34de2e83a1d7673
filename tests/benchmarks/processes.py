"""One run in several ranks: against one rank, with a sharded base model, and what differs.

Every run is a real one, of the command line. The ways take turns, in float32, without evaluations, and the median of
their steps counts. Memory is what the run says: of all its ranks, what they share counted once. Differences are those
of losses and of trained parameters between 1, 2 and 4 ranks. Arguments name models (starter, small) for the first, and
methods for the second.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import torch
from safetensors.torch import load_file

from engine.config import recipe as recipes
from engine.jobs.events import Event
from engine.methods import METHODS
from engine.methods import method as method_of
from engine.system import ranks
from engine.system.paths import application_root
from engine.worker.kernels.registry import PATCHES
from tests.helpers.benchmark_report import show
from tests.helpers.shaped_models import save_t5, t5_tokenizer

Row = tuple[str, str, str]
STEPS, TURNS = 20, 3
AGREEMENT_STEPS = 50
MODELS = {"starter": "the starter", "small": "flan-t5-small's shape"}
AGREEING = ("lora", "adalora", "ia3", "prompt_tuning")
GOAL = 1e-5
ALONE = ",".join(name for name in PATCHES if name != "ranks")


def main() -> None:
    """Measure and print."""
    known, asked = {method.id for method in METHODS}, sys.argv[1:]
    models = [name for name in MODELS if name in asked or not asked]
    methods = [name for name in asked if name in known] or ([] if asked else list(AGREEING))
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        for model in models:
            show(f"Two ranks and one, {MODELS[model]}", _speed(home, model))
        show(
            "1, 2 and 4 ranks, the starter",
            [row for method in methods for row in _agreement(home, method)],
        )


def _speed(home: Path, model: str) -> list[Row]:
    ways: dict[str, tuple[int, tuple[str, ...]]] = {
        "1 rank": (1, ()),
        "2 ranks": (2, ()),
        "2 ranks that share out the base": (2, ("--set", "training.shard=true")),
    }
    found: dict[str, list[float]] = {way: [] for way in ways}
    memory: dict[str, int] = {}
    recipe = _recipe(home, model, "lora", STEPS, batch_size=16, tokens=256)
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


def _agreement(home: Path, method: str) -> list[Row]:
    recipe = _recipe(home, "starter", method, AGREEMENT_STEPS, batch_size=8, tokens=64)
    runs = [train(home, recipe, count) for count in (1, 2, 4)]
    again = train(home, recipe, 4)
    losses = [[step["loss"] for step in steps_of(run)] for run in runs]
    weights = [weights_of(run) for run in runs]
    apart = max(abs(a - b) for other in losses[1:] for a, b in zip(losses[0], other, strict=True))
    moved = max(
        float((weights[0][name] - other[name]).abs().max()) for other in weights[1:] for name in weights[0]
    )
    same = all(torch.equal(each, weights_of(again)[name]) for name, each in weights[2].items())
    return [
        (f"{method}: loss of {AGREEMENT_STEPS} steps, most apart", f"{apart:.1e}", f"{GOAL:.0e}"),
        (f"{method}: trained parameters, most apart", f"{moved:.1e}", f"{GOAL:.0e}"),
        (f"{method}: 4 ranks twice", bits(same), "same bits"),
    ]


def bits(same: bool) -> str:
    """Return how a table says whether two runs train the same."""
    return "same bits" if same else "other bits"


def _recipe(home: Path, model: str, method: str, steps: int, *, batch_size: int, tokens: int) -> Path:
    folder = home / model
    if model != "starter" and not folder.exists():
        save_t5("flan-t5-small", t5_tokenizer(), folder)
    dropout = {"dropout": 0.0} if "dropout" in method_of(method).options.model_fields else {}
    tables: dict[str, Any] = {
        "base_model": {"id": "starter" if model == "starter" else str(folder), "precision": "float32"},
        "data": {"source": "sample", "max_conversation_tokens": tokens, "max_validation": 1, "max_test": 1},
        "method": {"id": method, **dropout},
        "training": {
            "max_steps": steps, "epochs": 100, "batch_size": batch_size, "device": "cpu", "evaluate_summaries": 0,
            "evaluate_every": 100_000, "checkpoint_every": 100_000, "keep": "last",
        },
        "evaluation": {"general_text": "none", "max_new_tokens": 4, "bootstrap": 100},
    }  # fmt: skip
    file = home / f"{model}-{method}-{steps}.toml"
    recipes.save(recipes.from_tables(tables), file)
    return file


def train(home: Path, recipe: Path, count: int, *options: str) -> list[Event]:
    """Train by the command line in so many ranks and return the run's events. Raises SystemExit."""
    many = {ranks.COUNT: str(count)} if count > 1 else {"TUNESMITH_PATCHES": ALONE}
    environment = os.environ | {"TUNESMITH_HOME": str(home / "home"), "HF_HUB_OFFLINE": "1"} | many
    done = subprocess.run(
        [sys.executable, str(application_root() / "main.py"), "train", str(recipe), "--json", *options],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def steps_of(events: list[Event]) -> list[Event]:
    """Return the steps of a run."""
    return [event for event in events if event.get("event") == "step_finished"]


def weights_of(events: list[Event]) -> dict[str, torch.Tensor]:
    """Return what a run has trained."""
    [saved] = [event for event in events if event.get("event") == "adapter_saved"]
    return load_file(Path(saved["path"]) / "adapter_model.safetensors")


if __name__ == "__main__":
    main()
