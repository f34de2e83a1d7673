"""How much faster scoring is than writing one summary at a time by plain transformers."""

from __future__ import annotations

from collections.abc import Iterator

from engine.config import recipe as recipes
from tests.benchmarks import evaluation
from tests.benchmarks.card import shapes
from tests.benchmarks.card.figures import Figure, at_least
from tests.benchmarks.card.parts import Setting

GOAL = 20
# Conversations, and tokens of a summary.
WORK = {"cuda": (64, 60), "cpu": (12, 20), "pretend": (3, 4)}


def measure(setting: Setting) -> Iterator[Figure]:
    """Score an encoder-decoder, then a decoder."""
    count, tokens = WORK[setting.kind]
    source = shapes.data("scoring", setting, {"train": 8, "test": count})
    for size in ("base", "1b"):
        tables = shapes.recipe(shapes.model(size, setting), source, setting)
        tables["evaluation"]["max_new_tokens"] = tokens
        found = evaluation.compare(recipes.from_tables(tables), None, count)
        words = f"{found.times:.1f} ({found.loop.seconds:.1f} and {found.ours.seconds:.1f} s)"
        named = shapes.name(size, setting)
        yield at_least(f"times one at a time, {named}", found.times, GOAL, words)
        yield Figure(f"the same summaries, {named}", f"{found.same} of {count}")
