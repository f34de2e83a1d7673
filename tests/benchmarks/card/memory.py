"""How near a plan's memory is to what a run then takes, on the device's models."""

from __future__ import annotations

from collections.abc import Iterator

from engine.config import recipe as recipes
from tests.benchmarks import memory
from tests.benchmarks.card import shapes
from tests.benchmarks.card.figures import Figure, between
from tests.benchmarks.card.parts import Setting

LEAST, MOST = 0.85, 1.15
EXAMPLES = 32
SETTINGS: dict[str, tuple[shapes.Size, tuple[str, ...]]] = {
    "encoder-decoder, LoRA": ("base", ()),
    "decoder, LoRA": ("1b", ()),
    "decoder, QLoRA": ("1b", ("base_model.quantization=nf4", "training.optimizer=paged_adamw_8bit")),
    "decoder, LoRA, checkpointed": ("1b", ("training.activation_checkpointing=true",)),
    "encoder-decoder, full": ("base", ("method.id=full",)),
    "decoder, full": ("1b", ("method.id=full", "training.optimizer=adamw_8bit")),
}


def planned(setting: Setting) -> Iterator[Figure]:
    """Plan each setting, then train it for a few steps, the longest conversations among them."""
    source = shapes.data("memory", setting, {"train": EXAMPLES})
    for name, (size, overrides) in SETTINGS.items():
        tables = shapes.recipe(shapes.model(size, setting), source, setting)
        if "method.id=full" in overrides:
            tables["method"] = {"id": "full"}
        recipe = recipes.from_tables(recipes.overridden(tables, overrides))
        try:
            plan, run = memory.planned(recipe), memory.measured(recipe)
        except SystemExit as error:
            yield Figure(name, f"failed: {error}", f"{LEAST:g} to {MOST:g}", met=False)
        else:
            words = f"{plan / run:.2f}, {plan / 1e9:.2f} of {run / 1e9:.2f} GB"
            yield between(f"planned over taken: {name}", plan / run, LEAST, MOST, words)
