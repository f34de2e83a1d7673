"""Tries every method at several learning rates on one base model and one data set, for the presets' sake.

Owns a grid: entries of the registry with their variants, times factors of the preset's rate. Each cell is trained
from the same start on the same examples by the application's own loop, and scored by the loss on validation
examples and by ROUGE on the first test examples. Done cells are kept and skipped, so that a sweep can be broken off.

    python packaging/lab/sweep.py RECIPE.toml --out RESULTS.jsonl [--only lora,lora+dora,…] [--factors 0.3,1,3]
        [--steps 60] [--train 600] [--validation 100] [--test 50] [--set method.rank=8 …]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TUNESMITH_HOME", tempfile.mkdtemp(prefix="tunesmith-sweep-"))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from engine.config import recipe as recipes
from engine.config.recipe import Recipe
from engine.config.training import MAX_EPOCHS
from engine.errors import AppError
from engine.jobs.events import EventWriter
from engine.jobs.job import create_job
from engine.methods import METHODS, Method, Variant
from engine.system.paths import jobs_folder
from engine.worker.adapters import attach
from engine.worker.adapters.method_hooks import InitContext
from engine.worker.dataset import dataset
from engine.worker.dataset.collator import (
    CPU_TOKENS,
    Collator,
    StepSampler,
    evaluation_batches,
    steps_from,
    train_loader,
)
from engine.worker.dataset.dataset import Splits
from engine.worker.dataset.prompting import make_prompter, resolve_limits
from engine.worker.evaluation.losses import Batches, mean_loss
from engine.worker.generation.generate import generate
from engine.worker.modeling import base_models
from engine.worker.modeling.base_models import LoadedBase
from engine.worker.runtime.channel import Channel
from engine.worker.text_metrics import rouge
from engine.worker.training.training_loop import train_step
from engine.worker.training.training_run import prepare

STANDARD = Variant("", "", {})


@dataclass(frozen=True)
class Cell:
    """One training of the grid."""

    method: Method
    variant: Variant
    factor: float

    @property
    def name(self) -> str:
        """The method and variant as `--only` takes them: "lora+dora"."""
        return f"{self.method.id}+{self.variant.id}" if self.variant.id else self.method.id


def cells(only: set[str], factors: list[float]) -> Iterator[Cell]:
    """Yield the grid: every method that trains something, with its variants, at each factor."""
    for method in METHODS:
        for variant in (STANDARD, *method.variants):
            if method.trains and not variant.tables:
                for factor in factors:
                    cell = Cell(method, variant, factor)
                    if not only or cell.name in only:
                        yield cell


class Bench:
    """The base model's recipe and the examples, made ready once."""

    def __init__(self, given: argparse.Namespace) -> None:
        self._given = given
        self._tables = recipes.load(Path(given.recipe), given.set).as_tables()
        self._own = {key.partition("=")[0].strip() for key in given.set}
        recipe = recipes.from_tables(self._tables)
        job = create_job(jobs_folder(), "plan", {})
        self._channel = Channel(job, EventWriter(job.events_path, {"job": job.id, "attempt": 1}))
        self._splits: Splits = dataset.read(recipe.data, self._channel)

    def base_figures(self) -> dict[str, Any]:
        """Return what the base does without an adapter."""
        recipe = recipes.from_tables(self._tables)
        base = self._load(recipe)
        recipe = resolve_limits(recipe, base, self._splits)
        return {"cell": "base", **self._measure(recipe, base, base.model)}

    def run(self, cell: Cell) -> dict[str, Any]:
        """Train and measure one cell; an error is its result."""
        facts: dict[str, Any] = {"cell": cell.name, "factor": cell.factor}
        started = time.monotonic()
        try:
            base = self._load(recipes.from_tables(self._tables))
            recipe = self._recipe(cell, base)
            rate = recipe.learning_rate(base.family) * cell.factor
            facts |= {"rate": rate, "options": recipe.as_tables()["method"]}
            facts |= self._train(recipe, base, rate)
        except (AppError, RuntimeError, ValueError, TypeError, KeyError, AttributeError) as error:
            facts["error"] = f"{type(error).__name__}: {str(error)[:300]}"
        return facts | {"seconds": round(time.monotonic() - started, 1)}

    def _load(self, recipe: Recipe) -> LoadedBase:
        return base_models.load(recipe.base_model, "cpu", self._channel)

    def _recipe(self, cell: Cell, base: LoadedBase) -> Recipe:
        options = cell.method.preset_options(base.family) | dict(cell.variant.options)
        given = {key: value for key, value in self._tables["method"].items() if f"method.{key}" in self._own}
        table = {key: value for key, value in (options | given).items() if value is not None}
        training = {key: value for key, value in self._tables["training"].items() if key != "learning_rate"}
        recipe = recipes.from_tables(
            self._tables
            | {"method": {**table, "id": cell.method.id}, "training": training, "name": cell.name}
        )
        return resolve_limits(recipe, base, self._splits)

    def _train(self, recipe: Recipe, base: LoadedBase, rate: float) -> dict[str, Any]:
        prompter = make_prompter(recipe, base, self._splits)
        examples = [prompter.example(each) for each in self._splits.train[: self._given.train]]
        collator = Collator(base.family, base.tokenizer.pad_token_id, CPU_TOKENS)
        context = InitContext(self._given.steps, tuple(evaluation_batches(examples[:64], collator)))
        model = attach.attach(base, recipe, context)
        training = recipe.training.model_copy(update={"max_steps": self._given.steps, "epochs": MAX_EPOCHS})
        sampler = StepSampler(examples, training.batch_size, training.seed, training.order)
        loader = train_loader(examples, collator, sampler)
        state = prepare(model, base, training, rate, self._given.steps)
        reports = (
            train_step(state, batch, number)
            for number, batch in islice(steps_from(loader, 0), self._given.steps)
        )
        losses = [report.loss for report in reports if report is not None]
        trainable, _ = attach.count_parameters(model)
        return {
            "trainable": trainable,
            "first": round(losses[0], 4),
            "last": round(sum(losses[-5:]) / 5, 4),
            **self._measure(recipe, base, model),
        }

    def _measure(self, recipe: Recipe, base: LoadedBase, model: Any) -> dict[str, Any]:
        prompter = make_prompter(recipe, base, self._splits)
        held_out = [prompter.example(each) for each in self._splits.validation[: self._given.validation]]
        collator = Collator(base.family, base.tokenizer.pad_token_id, CPU_TOKENS)
        loss = mean_loss(model, Batches(held_out, collator), base.family, lambda: None)
        figures: dict[str, Any] = {"validation": round(loss, 4)}
        tests = self._splits.test[: self._given.test]
        if tests:
            written = generate(
                model,
                base.tokenizer,
                base.family,
                [prompter.input_ids(each.conversation) for each in tests],
                beams=1,
                max_new_tokens=recipe.evaluation.max_new_tokens,
            )
            scores = rouge.score([each.text for each in written], [each.summary for each in tests])
            figures |= {name: round(100 * sum(values) / len(values), 1) for name, values in scores.items()}
        return figures


def main() -> None:
    """Do the cells that are not done yet, and print each as it comes."""
    given = _arguments()
    done = _done(given.out)
    bench = Bench(given)
    with given.out.open("a", encoding="utf-8") as out:

        def write(result: dict[str, Any]) -> None:
            line = json.dumps(result)
            print(line, flush=True)
            out.write(line + "\n")
            out.flush()

        if ("base", None) not in done:
            write(bench.base_figures())
        for cell in cells(
            set(filter(None, given.only.split(","))), list(map(float, given.factors.split(",")))
        ):
            if (cell.name, cell.factor) not in done:
                write(bench.run(cell))


def _done(path: Path) -> set[tuple[str, float | None]]:
    if not path.exists():
        return set()
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return {(row["cell"], row.get("factor")) for row in rows if "error" not in row}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python packaging/lab/sweep.py")
    parser.add_argument("recipe")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", default="")
    parser.add_argument("--factors", default="0.3,1,3")
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--train", type=int, default=600)
    parser.add_argument("--validation", type=int, default=100)
    parser.add_argument("--test", type=int, default=50)
    parser.add_argument("--set", action="append", default=[])
    return parser.parse_args()


if __name__ == "__main__":
    main()
