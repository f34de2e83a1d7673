"""Whether the window stays fluent while a model trains on the card. Qt draws off screen."""

from __future__ import annotations

import os
from collections.abc import Iterator

from engine.config import recipe as recipes
from tests.benchmarks.card import shapes
from tests.benchmarks.card.figures import Figure, Lacking, at_most
from tests.benchmarks.card.parts import Setting
from tests.helpers.benchmark_report import percentile

GOAL_MILLISECONDS = 16
SECONDS = 15
EXAMPLES = 2000


def measure(setting: Setting) -> Iterator[Figure]:
    """Train in the real window for some seconds, then stop."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    try:
        from tests.benchmarks import responsiveness
    except ImportError as error:
        raise Lacking(f"Qt can't be loaded: {error}.") from error
    source = shapes.data("window", setting, {"train": EXAMPLES})
    recipe = recipes.from_tables(shapes.recipe(shapes.model("base", setting), source, setting))
    found = responsiveness.measured(recipe, SECONDS)
    delays = found.training.delays
    if not delays:
        raise RuntimeError("The run ended before its first step.")
    late = percentile(delays, 0.99)
    words = f"{late:.1f} ms (worst {max(delays):.0f} ms)"
    yield at_most("10 ms timer late while it trains, 99th percentile", late, GOAL_MILLISECONDS, words, " ms")
    yield Figure("Stop: asked to stopped, checkpoint and adapter written", f"{found.stop_seconds:.2f} s")
