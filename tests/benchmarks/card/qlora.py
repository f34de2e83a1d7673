"""QLoRA of a Llama 7B in NF4 with double quantization, checkpointed: memory and speed beside the plain Trainer."""

import importlib.util
from collections.abc import Iterator
from statistics import median
from typing import Any

from tests.benchmarks.card import shapes
from tests.benchmarks.card.figures import Figure, Lacking, at_most
from tests.benchmarks.card.parts import Setting
from tests.benchmarks.training import NAMES, started

MOST_GIGABYTES = 10
MICRO_BATCH_TOKENS = 4096
# Eight such conversations, with prompt and summary, are a micro-batch.
BATCH, CONVERSATION_TOKENS = 8, 380
# Examples of an epoch, and turns.
WORK = {"cuda": (64, 2), "cpu": (8, 1)}


def measure(setting: Setting) -> Iterator[Figure]:
    """Measure Tunesmith, then the plain Trainer with bitsandbytes: the card holds one at a time."""
    if importlib.util.find_spec("bitsandbytes") is None:
        raise Lacking("bitsandbytes is not installed.")
    yield Figure("model", shapes.name("7b", setting))
    recipe = _recipe(setting)
    speeds: dict[str, float] = {}
    for way in ("tunesmith", "plain"):
        try:
            speeds[way], peak = _measured(way, recipe, setting)
        except RuntimeError as error:
            yield Figure(NAMES[way], f"failed: {' '.join(str(error).split())[-300:]}")
            continue
        words = f"{peak / 1e9:.2f} GB"
        if way == "tunesmith":
            yield at_most(f"peak memory, {NAMES[way]}", peak / 1e9, MOST_GIGABYTES, words, " GB")
        else:
            yield Figure(f"peak memory, {NAMES[way]}", words)
        yield Figure(f"tokens/s, {NAMES[way]}", f"{speeds[way]:,.0f}")
    if len(speeds) > 1:
        yield Figure("times the plain Trainer", f"{speeds['tunesmith'] / speeds['plain']:.2f}")


def _recipe(setting: Setting) -> dict[str, Any]:
    source = shapes.data("qlora", setting, {"train": WORK[setting.kind][0]}, CONVERSATION_TOKENS)
    tables = {
        "base_model": {
            "id": str(shapes.model("7b", setting)), "quantization": "nf4", "double_quantization": True,
        },
        "training": {
            "micro_batch_tokens": MICRO_BATCH_TOKENS, "activation_checkpointing": True, "batch_size": BATCH,
        },
    }  # fmt: skip
    return shapes.recipe(shapes.model("7b", setting), source, setting, **tables)


def _measured(way: str, recipe: dict[str, Any], setting: Setting) -> tuple[float, int]:
    """Return the tokens a second and the peak memory of a way of training."""
    side = started(way, recipe, setting.folder, BATCH)
    try:
        turns = [side.ask("turn") for _ in range(WORK[setting.kind][1])]
        peak = side.ask("peak")["peak"]
    finally:
        side.close()
    return median(turn["tokens"] / turn["seconds"] for turn in turns), peak
