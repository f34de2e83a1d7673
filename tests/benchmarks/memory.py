"""How near is a plan's memory to what a run then takes? Real workers, on the starter and two larger random models.

Each setting is planned, then trained for a few steps; the longest conversations are among them, so that the
heaviest micro-batch is. On a CPU the peak is the most that was resident of the worker, or what it tells of itself and
its replicas where that is more: it looks a thousand times a second at the heaviest step. On CUDA it is torch's count.
"""

import sys
from pathlib import Path
from typing import Any

import torch
from transformers import AutoTokenizer

from engine.config import recipe as recipes
from engine.config.recipe import Recipe
from engine.jobs.job import create_job
from engine.runs import run_store
from engine.system.paths import jobs_folder
from tests.helpers.benchmark_report import Row, followed, show, temporary_home
from tests.helpers.shaped_models import save_shape, save_t5, write_shaped
from tests.helpers.tiny_models import tiny_model

EXAMPLES = {"train": 32, "validation": 4, "test": 2}
GOAL = "0.85 to 1.15"
SETTINGS: dict[str, tuple[str, ...]] = {
    "starter, LoRA": ("base_model.id=starter",),
    "starter, LoRA, 60 steps": ("base_model.id=starter", "training.epochs=15"),
    "starter, prefix": ("base_model.id=starter", "method.id=prefix_tuning"),
    "starter, full": ("base_model.id=starter", "method.id=full"),
    "T5, LoRA, float32": ("base_model.precision=float32",),
    "T5, LoRA, bfloat16": ("base_model.precision=bfloat16",),
    "T5, LoRA, all linear": ('method.target_modules=["all-linear"]',),
    "T5, LoRA, activations checkpointed": ("training.activation_checkpointing=true",),
    "T5, LoRA, micro-batch of 4,096": ("training.micro_batch_tokens=4096",),
    "T5, QLoRA": ("base_model.quantization=nf4", "training.optimizer=paged_adamw_8bit"),
    "T5, LoRA, int8": ("base_model.quantization=int8",),
    "T5, prefix": ("method.id=prefix_tuning",),
    "T5, bottleneck": ("method.id=bottleneck",),
    "T5, full": ("method.id=full",),
    "T5, full, 8-bit optimizer": ("method.id=full", "training.optimizer=adamw_8bit"),
    "Llama, LoRA": ("base_model.id=llama",),
    "Llama, prefix": ("base_model.id=llama", "method.id=prefix_tuning"),
    "Llama, QLoRA": (
        "base_model.id=llama", "base_model.quantization=nf4", "training.optimizer=paged_adamw_8bit",
    ),
    "Llama, full": ("base_model.id=llama", "method.id=full"),
}  # fmt: skip


def main() -> None:
    """Measure and print; arguments name some of the settings."""
    wanted = sys.argv[1:] or list(SETTINGS)
    with temporary_home() as home:
        letters = AutoTokenizer.from_pretrained(tiny_model("t5"))
        models = {
            "t5": save_t5("flan-t5-small", letters, home / "t5"),
            "llama": save_shape("llama-small", home / "llama"),
        }
        data = write_shaped(home / "data", EXAMPLES)
        rows = [_row(name, _recipe(models, data, SETTINGS[name])) for name in wanted]
    show("Memory at a run's peak, planned over measured", rows)


def _recipe(models: dict[str, Path], data: Path, overrides: tuple[str, ...]) -> Recipe:
    tables: dict[str, Any] = {
        "base_model": {"id": "t5"},
        "data": {"source": str(data), "prompt": "Summarize: {conversation}"},
        "method": {"id": "lora"},
        "training": {"epochs": 1, "batch_size": 8, "keep": "last"},
        "evaluation": {"max_new_tokens": 4, "bootstrap": 100},
    }
    tables = recipes.overridden(tables, overrides)
    named = tables["base_model"]["id"]
    tables["base_model"]["id"] = str(models.get(named, named))
    return recipes.from_tables(tables)


def _row(name: str, recipe: Recipe) -> Row:
    plan, run = planned(recipe), measured(recipe)
    reached = f"{plan / 1e9:.2f} of {run / 1e9:.2f} GB, {plan / run:.2f}"
    print(f"{name}: {reached}", flush=True)
    return name, reached, GOAL


def planned(recipe: Recipe) -> int:
    job = create_job(jobs_folder(), "plan", {"serve": False}, recipe=recipes.dumps(recipe))
    [result] = [event["result"] for event in followed(job) if event["event"] == "result_made"]
    print({name: f"{size / 1e6:,.0f} MB" for name, size in result["memory"].items()})
    return int(result["memory_bytes"])


def measured(recipe: Recipe) -> int:
    """Train and return the peak: what the run says of a card or its replicas, else the most that was resident."""
    resident: list[int] = []
    events = followed(run_store.create_run(recipe), resident)
    # Another event tells what was planned by the same name.
    told = [int(event["memory_bytes"]) for event in events if event["event"] == "step_finished"]
    on_card = recipe.training.device != "cpu" and torch.cuda.is_available()
    return max(told if on_card else [*told, *resident])


if __name__ == "__main__":
    main()
