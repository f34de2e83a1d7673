"""One run in several ranks: against one rank, with a sharded base model, and what differs.

Every run is a real one, of the command line, in float32. For speed the ways take turns, without evaluations, and the
median of their steps counts; memory is what the run says: of all its ranks, what they share counted once. Arguments
name models (starter, small). The methods named behind `every`, or all, are trained on tiny models of four families,
with their own dropout: 2 and 4 ranks are to train the same bits twice, and 2 that shard the base model (FSDP), in 4
bits too, what 2 with whole base models do.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Any

import torch
from safetensors.torch import load_file

from engine.config import recipe as recipes
from engine.errors import RecipeError
from engine.jobs.events import Event
from engine.methods import METHODS, Method
from engine.methods import method as method_of
from engine.system import ranks
from engine.worker.kernels.registry import PATCHES
from tests.helpers.benchmark_report import Row, run_main, show, temporary_home
from tests.helpers.shaped_models import save_t5, t5_tokenizer
from tests.helpers.tiny_models import Kind
from tests.helpers.tiny_runs import tiny_recipe

STEPS, TURNS = 20, 3
AGREEMENT_STEPS = 50
MODELS = {"starter": "the starter", "small": "flan-t5-small's shape"}
GOAL = 1e-5
ALONE = ",".join(name for name in PATCHES if name != "ranks")


def main() -> None:
    asked = sys.argv[1:]
    if asked[:1] == ["every"]:
        _show_every(asked[1:])
        return
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


def _bits(same: bool) -> str:
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
    variables = {"TUNESMITH_HOME": str(home / "home"), "HF_HUB_OFFLINE": "1"} | many
    return [
        json.loads(line)
        for line in run_main("train", str(recipe), "--json", *options, **variables).splitlines()
    ]


def steps_of(events: list[Event]) -> list[Event]:
    return [event for event in events if event.get("event") == "step_finished"]


def weights_of(events: list[Event]) -> dict[str, torch.Tensor]:
    [saved] = [event for event in events if event.get("event") == "adapter_saved"]
    return load_file(Path(saved["path"]) / "adapter_model.safetensors")


FAMILIES: tuple[Kind, ...] = ("llama", "t5", "gpt2", "bart")
# What bitsandbytes' 4 bits are tried on.
QUANTIZED: tuple[Kind, ...] = ("llama", "t5", "bart")
SHARD = ("--set", "training.shard=true")
VALUES = (
    f"training.max_steps={AGREEMENT_STEPS}", "training.epochs=50",
    "training.learning_rate=0.001", "training.evaluate_every=100000", "training.evaluate_summaries=0",
    "evaluation.general_text=none",
)  # fmt: skip


def _show_every(asked: list[str]) -> None:
    """Train by every method, or those named."""
    methods = [method for method in METHODS if method.trains and (method.id in asked or not asked)]
    rows = list[Row]()
    for place, method in enumerate(methods):
        for row in _every(place, method):
            print(*row, file=sys.stderr)
            rows.append(row)
    show(f"{len(methods)} methods in 2 and 4 ranks, {AGREEMENT_STEPS} steps", rows)


def _every(place: int, method: Method) -> Iterator[Row]:
    """Train by a method on the next of the families that it goes with."""
    with temporary_home() as home:
        family, recipe = _tiny_recipe(home, method, FAMILIES, place)
        two, again, four, too = (train(home, recipe, count) for count in (2, 2, 4, 4))
        same = _are_same(two, again) and _are_same(four, too)
        yield f"{method.id}, {family}: 2 and 4 ranks, twice each", _bits(same), "same bits"
        if method.id == "full":
            # A base model that is trained is not shared out.
            return
        sharded = train(home, recipe, 2, *SHARD)
        yield f"{method.id}, {family}: shared out against whole", _apart(two, sharded), f"{GOAL:.0e}"
        if "nf4" in method.quantizations:
            family, recipe = _tiny_recipe(home, method, QUANTIZED, place, "base_model.quantization=nf4")
            whole, sharded = train(home, recipe, 2), train(home, recipe, 2, *SHARD)
            yield (
                f"{method.id}, {family} in nf4: shared out against whole",
                _apart(whole, sharded),
                f"{GOAL:.0e}",
            )


def _tiny_recipe(
    home: Path, method: Method, families: Sequence[Kind], place: int, *values: str
) -> tuple[Kind, Path]:
    """Return the family at a place, or the next that a method goes with, and the recipe."""
    # No more than the smallest layer has.
    rank = ["method.rank=8"] if "rank" in method.options.model_fields else []
    for family in (*families[place % len(families) :], *families):
        file = home / f"{family}.toml"
        # BitFit trains biases, which some models don't have.
        with suppress(RecipeError):
            recipes.save(tiny_recipe(home, family, method.id, *VALUES, *rank, *values), file)
            return family, file
    raise SystemExit(f"{method.id} goes with none of {', '.join(families)}.")


def _are_same(one: list[Event], other: list[Event]) -> bool:
    losses = [[step["loss"] for step in steps_of(run)] for run in (one, other)]
    assert len(losses[0]) == AGREEMENT_STEPS
    trained, others = weights_of(one), weights_of(other)
    return losses[0] == losses[1] and all(torch.equal(trained[name], others[name]) for name in trained)


def _apart(one: list[Event], other: list[Event]) -> str:
    """Return how far apart trained parameters are at most.

    A bias of keys changes no attention. Its gradient is rounding alone, of which Adam makes whole steps.
    """
    trained, others = weights_of(one), weights_of(other)
    names = [name for name in trained if not ("k_proj" in name and name.endswith("bias"))]
    most = max(float((trained[name] - others[name]).abs().max()) for name in names)
    return f"{most:.1e}" if most else "same bits"


if __name__ == "__main__":
    main()
