"""Whether decoding is faster by a replayed graph (the patch table's `graphed_decoding`, off by default)."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from unittest import mock

from engine.config import recipe as recipes
from engine.worker.generation import fixed_steps
from engine.worker.generation.generate import generate
from engine.worker.generation.generated import Generated
from engine.worker.kernels import registry
from engine.worker.modeling import base_models
from engine.worker.modeling.base_models import LoadedBase
from tests.benchmarks.card import shapes
from tests.benchmarks.card.figures import Figure
from tests.benchmarks.card.parts import Setting
from tests.benchmarks.card.playground import CONVERSATION
from tests.helpers.worker_setup import make_channel

# Summaries at once, and beams of each.
SETTINGS = ((1, 1), (16, 1), (16, 4))
# Tokens of a summary, and how often it is written.
WORK = {"cuda": (128, 5), "pretend": (4, 1)}


def measure(setting: Setting) -> Iterator[Figure]:
    """Write by an encoder-decoder, then by a decoder: one summary, several, and several by beams."""
    for size in ("base", "1b"):
        source = shapes.data("graphs", setting, {"train": 1})
        recipe = recipes.from_tables(shapes.recipe(shapes.model(size, setting), source, setting))
        base = base_models.load(recipe.base_model, setting.device, make_channel("inspect"))
        for rows, beams in SETTINGS:
            words = _compared(base, setting, rows, beams)
            yield Figure(f"tokens/s, {rows} at once, beams {beams}, {shapes.name(size, setting)}", words)
        if setting.kind == "cuda":
            recordable = "yes" if fixed_steps.is_recordable(base.model) else "no"
            yield Figure(f"steps can be recorded, {shapes.name(size, setting)}", recordable)


def _compared(base: LoadedBase, setting: Setting, rows: int, beams: int) -> str:
    with switched("all"):
        plain, expected = _written(base, setting, rows, beams)
    with switched("all,graphed_decoding"):
        graphed, found = _written(base, setting, rows, beams)
    same = sum(one.ids == other.ids for one, other in zip(found, expected, strict=True))
    return (
        f"{graphed:.0f} graphed, {plain:.0f} plain ({graphed / plain:.2f} times; {same} of {rows} the same)"
    )


@contextmanager
def switched(patches: str) -> Iterator[None]:
    """Let these entries of the patch table be on."""
    with mock.patch.dict(os.environ, {registry.VARIABLE: patches}):
        yield


def _written(base: LoadedBase, setting: Setting, rows: int, beams: int) -> tuple[float, list[Generated]]:
    """Return tokens a second and the summaries; the first time is not counted."""
    tokens, times = WORK[setting.kind]
    ids = base.tokenizer(CONVERSATION)["input_ids"]
    seconds = []
    for _ in range(times + 1):
        began = time.perf_counter()
        found = generate(
            base.model,
            base.tokenizer,
            base.family,
            [ids] * rows,
            beams=beams,
            max_new_tokens=tokens,
            min_new_tokens=tokens,
            batch_tokens=1 << 20,
        )
        seconds.append(time.perf_counter() - began)
    return rows * tokens / median(seconds[1:]), found
