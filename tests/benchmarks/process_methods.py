"""Every method in several ranks, on tiny models of four families: the same bits again, and a shared-out base.

Every run is a real one, of the command line, in float32 and with the method's own dropout. 2 and 4 ranks are to train
the same bits twice; 2 that share out the base model (FSDP) are to train what 2 with whole base models do, in 4 bits too
where the method goes with it. Arguments name methods.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import torch

from engine.config import recipe as recipes
from engine.errors import RecipeError
from engine.jobs.events import Event
from engine.methods import METHODS, Method
from tests.benchmarks.processes import AGREEMENT_STEPS, GOAL, Row, bits, steps_of, train, weights_of
from tests.helpers.benchmark_report import show
from tests.helpers.tiny_models import Kind
from tests.helpers.tiny_runs import tiny_recipe

FAMILIES: tuple[Kind, ...] = ("llama", "t5", "gpt2", "bart")
# What bitsandbytes' 4 bits are tried on.
QUANTIZED: tuple[Kind, ...] = ("llama", "t5", "bart")
SHARD = ("--set", "training.shard=true")
VALUES = (
    f"training.max_steps={AGREEMENT_STEPS}", "training.epochs=50",
    "training.learning_rate=0.001", "training.evaluate_every=100000", "training.evaluate_summaries=0",
    "evaluation.general_text=none",
)  # fmt: skip


def main() -> None:
    """Train and print."""
    asked = sys.argv[1:]
    methods = [method for method in METHODS if method.trains and (method.id in asked or not asked)]
    rows = list[Row]()
    for place, method in enumerate(methods):
        for row in _method(place, method):
            print(*row, file=sys.stderr)
            rows.append(row)
    show(f"{len(methods)} methods in 2 and 4 ranks, {AGREEMENT_STEPS} steps", rows)


def _method(place: int, method: Method) -> Iterator[Row]:
    """Train by a method on the next of the families that it goes with."""
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        family, recipe = _recipe(home, method, FAMILIES, place)
        two, again, four, too = (train(home, recipe, count) for count in (2, 2, 4, 4))
        same = _are_same(two, again) and _are_same(four, too)
        yield f"{method.id}, {family}: 2 and 4 ranks, twice each", bits(same), "same bits"
        if method.id == "full":
            # A base model that is trained is not shared out.
            return
        sharded = train(home, recipe, 2, *SHARD)
        yield f"{method.id}, {family}: shared out against whole", _apart(two, sharded), f"{GOAL:.0e}"
        if "nf4" in method.quantizations:
            family, recipe = _recipe(home, method, QUANTIZED, place, "base_model.quantization=nf4")
            whole, sharded = train(home, recipe, 2), train(home, recipe, 2, *SHARD)
            yield (
                f"{method.id}, {family} in nf4: shared out against whole",
                _apart(whole, sharded),
                f"{GOAL:.0e}",
            )


def _recipe(
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
