"""One run in several processes: against the forks of one process, with a sharded base model, and what differs.

Every run is a real one, of the command line; one in several processes is started by torchrun. Both ways take turns, in
float32, without evaluations, and the median of their steps counts. Memory is what the run says: of all its processes,
what they share counted once. Differences are those of losses and of trained parameters between 1 process without forks,
2 and 4 processes. Arguments name models (starter, small) for the first, and methods for the second.
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
from engine.system.paths import application_root
from engine.worker.kernels.patch_table import PATCHES
from tests.helpers.benchmark_report import show
from tests.helpers.shaped_models import save_t5, t5_tokenizer

Row = tuple[str, str, str]
STEPS, TURNS = 20, 3
AGREEMENT_STEPS = 50
MODELS = {"starter": "the starter", "small": "flan-t5-small's shape"}
AGREEING = ("lora", "adalora", "ia3", "prompt_tuning")
GOAL = 1e-5
WITHOUT_FORKS = ",".join(patch.name for patch in PATCHES if patch.name != "step_forks")


def main() -> None:
    """Measure and print."""
    known, asked = {method.id for method in METHODS}, sys.argv[1:]
    models = [name for name in MODELS if name in asked or not asked]
    methods = [name for name in asked if name in known] or ([] if asked else list(AGREEING))
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        for model in models:
            show(f"Two processes and two forks, {MODELS[model]}", _speed(home, model))
        show(
            "1, 2 and 4 processes, the starter",
            [row for method in methods for row in _agreement(home, method)],
        )


def _speed(home: Path, model: str) -> list[Row]:
    found: dict[str, list[float]] = {"forks": [], "processes": [], "sharded": []}
    memory: dict[str, int] = {}
    recipe = _recipe(home, model, "lora", STEPS, batch_size=16, tokens=256)
    for _ in range(TURNS):
        for way, processes in (("forks", 1), ("processes", 2), ("sharded", 2)):
            options = ("--set", "training.shard=true") if way == "sharded" else ()
            steps = steps_of(train(home, recipe, processes, *options))
            found[way].append(median(step["examples_per_second"] for step in steps[3:]))
            memory[way] = max(step["memory_bytes"] for step in steps)
    forks, in_processes, sharded = (median(speeds) for speeds in found.values())
    return [
        ("conversations a second, 2 forks", f"{forks:.1f}", "–"),
        ("conversations a second, 2 processes", f"{in_processes:.1f}", "–"),
        ("processes against forks", f"{in_processes / forks:.2f}", "1"),
        ("conversations a second, 2 processes that share out the base", f"{sharded:.1f}", "–"),
        ("memory, 2 forks", f"{memory['forks'] / 1e6:.0f} MB", "–"),
        ("memory, 2 processes", f"{memory['processes'] / 1e6:.0f} MB", "–"),
        ("memory, 2 processes that share out the base", f"{memory['sharded'] / 1e6:.0f} MB", "–"),
    ]


def _agreement(home: Path, method: str) -> list[Row]:
    recipe = _recipe(home, "starter", method, AGREEMENT_STEPS, batch_size=8, tokens=64)
    runs = [
        train(home, recipe, 1, TUNESMITH_PATCHES=WITHOUT_FORKS),
        *(train(home, recipe, n) for n in (2, 4)),
    ]
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
        (f"{method}: 4 processes twice", bits(same), "same bits"),
        (f"{method}: 1, 2 and 4 processes, 4 parts a step", bits(_of_four_parts(home, recipe)), "same bits"),
    ]


def _of_four_parts(home: Path, recipe: Path) -> bool:
    """Tell whether 1, 2 and 4 processes train the same where each step has four parts."""
    options = ("--set", "training.step_parts=4")
    first, *others = (train(home, recipe, count, *options) for count in (1, 2, 4))
    losses, trained = [step["loss"] for step in steps_of(first)], weights_of(first)
    return all(
        [step["loss"] for step in steps_of(other)] == losses
        and all(torch.equal(each, trained[name]) for name, each in weights_of(other).items())
        for other in others
    )


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


def train(home: Path, recipe: Path, processes: int, *options: str, **variables: str) -> list[Event]:
    """Train by the command line in so many processes and return the run's events. Raises SystemExit."""
    launcher = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    command = [sys.executable, *(launcher if processes > 1 else []), str(application_root() / "main.py")]
    environment = os.environ | {"TUNESMITH_HOME": str(home / "home"), "HF_HUB_OFFLINE": "1"} | variables
    done = subprocess.run(
        [*command, "train", str(recipe), "--json", *options],
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
