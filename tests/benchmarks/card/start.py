"""How long it is from Start to the first step: the first time, again, and with a worker that waits."""

from __future__ import annotations

from collections.abc import Iterator

from engine.config import recipe as recipes
from engine.jobs.worker_process import WarmWorker, visible_to
from tests.benchmarks.card import shapes
from tests.benchmarks.card.figures import Figure
from tests.benchmarks.card.parts import Setting
from tests.benchmarks.training import first_step

EXAMPLES = 64


def measure(setting: Setting) -> Iterator[Figure]:
    """Start a decoder's run three times; each is broken off at its first step."""
    source = shapes.data("start", setting, {"train": EXAMPLES})
    recipe = recipes.from_tables(shapes.recipe(shapes.model("1b", setting), source, setting))
    yield Figure("model", shapes.name("1b", setting))
    for words in ("the first time", "again, base scored and tokens kept"):
        yield Figure(f"Start to first step, {words}", f"{first_step(recipe, None)['step']:.2f} s")
    told = first_step(recipe, WarmWorker(visible_to(recipe.training.device)))
    yield Figure("Start to first step, with a worker that waits", f"{told['step']:.2f} s")
