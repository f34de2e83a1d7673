"""How fast training is: the tutorial's script, Trainer and Tunesmith in turns, on the same conversations."""

from collections.abc import Iterator
from statistics import median

from engine.system.versions import installed
from tests.benchmarks.card import shapes
from tests.benchmarks.card.figures import Figure, at_least
from tests.benchmarks.card.parts import Setting
from tests.benchmarks.training import NAMES, TUTORIAL_LORA, Turns, take_turns

PLAIN_GOAL, SHARE_GOAL = 1.8, 50.0
PACKAGE = "liger-kernel"
# By kind of device: examples of an epoch, steps of the tutorial's script, and turns.
WORK = {"cuda": (640, 8, 3), "cpu": (32, 1, 2), "pretend": (16, 1, 1)}
BATCH = 8


def t5(setting: Setting) -> Iterator[Figure]:
    """Measure flan-t5-base's shape with the tutorial's LoRA."""
    tables = {"method": {"id": "lora", **TUTORIAL_LORA}}
    yield Figure("model", shapes.name("base", setting))
    turns = _turns("base", setting, ("tutorial", "plain", "tunesmith"), tables)
    yield from figures(turns)
    yield at_least(
        "times the plain Trainer", median(turns.ratios("plain")), PLAIN_GOAL, _spread(turns, "plain")
    )
    yield Figure("times the tutorial's script", _spread(turns, "tutorial"))
    yield Figure("share of the matrix peak", _share(turns))


def llama(setting: Setting) -> Iterator[Figure]:
    """Measure a Llama 1B's shape with LoRA on all linear layers; on a GPU with and without Liger's kernels."""
    yield Figure("model", shapes.name("1b", setting))
    liger = installed(PACKAGE) if setting.kind == "cuda" else ""
    yield Figure("Liger", liger or "not measured: it needs a GPU, and pip install liger-kernel")
    beside = ("plain_liger", "own_code") if liger else ()
    turns = _turns("1b", setting, ("plain", "tunesmith", *beside), {})
    yield from figures(turns)
    for way in beside:
        yield Figure(f"times {NAMES[way]}", _spread(turns, way))
    yield at_least(
        "times the plain Trainer", median(turns.ratios("plain")), PLAIN_GOAL, _spread(turns, "plain")
    )
    yield at_least(
        "share of the matrix peak", turns.share("tunesmith") * 100, SHARE_GOAL, _share(turns), " %"
    )


def _turns(
    size: shapes.Size, setting: Setting, ways: tuple[str, ...], tables: dict[str, dict[str, object]]
) -> Turns:
    examples, steps, count = WORK[setting.kind]
    source = shapes.data(f"speed-{size}", setting, {"train": examples})
    recipe = shapes.recipe(shapes.model(size, setting), source, setting, **tables)
    batches = dict.fromkeys(ways, BATCH)
    return take_turns(size, recipe, setting.folder, batches, count, tutorial_steps=steps)


def figures(turns: Turns) -> Iterator[Figure]:
    """Yield what is told of every way: speed, memory and the way to the first step; and the ceiling."""
    for way in turns.told:
        speed, peak = turns.tokens_per_second(way), turns.peaks[way] / 1e9
        yield Figure(f"tokens/s, {NAMES[way]}", f"{speed:,.0f}, peak memory {peak:.2f} GB")
    ceiling = median(turns.ceilings) / 1e12
    yield Figure("matrix peak, a large product in the same format", f"{ceiling:,.2f} TFLOP/s")


def _spread(turns: Turns, way: str) -> str:
    """Return the middle, the least and the most of the ratios to another way."""
    ratios = turns.ratios(way)
    return f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def _share(turns: Turns) -> str:
    return ", ".join(f"{NAMES[way]} {turns.share(way):.0%}" for way in turns.told)
