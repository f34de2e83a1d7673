"""What the benchmarks of CPU time measure, on the models of a device; each is imported by the part that needs it."""

import os
from collections.abc import Iterator
from statistics import median

from engine.config import recipe as recipes
from engine.config.recipe import Recipe
from tests.benchmarks.card import shapes
from tests.benchmarks.card.figures import Figure, Lacking, at_least, at_most, between, holds
from tests.benchmarks.card.parts import Setting
from tests.helpers.benchmark_report import percentile

LEAST, MOST = 0.85, 1.15
SETTINGS: dict[str, tuple[shapes.Size, tuple[str, ...]]] = {
    "encoder-decoder, LoRA": ("base", ()),
    "decoder, LoRA": ("1b", ()),
    "decoder, QLoRA": ("1b", ("base_model.quantization=nf4", "training.optimizer=paged_adamw_8bit")),
    "decoder, LoRA, checkpointed": ("1b", ("training.activation_checkpointing=true",)),
    "encoder-decoder, full": ("base", ("method.id=full",)),
    "decoder, full": ("1b", ("method.id=full", "training.optimizer=adamw_8bit")),
}


def memory(setting: Setting) -> Iterator[Figure]:
    """Plan each setting, then train it for a few steps, the longest conversations among them."""
    from tests.benchmarks.memory import measured, planned

    source = shapes.data("memory", setting, {"train": 32})
    for name, (size, overrides) in SETTINGS.items():
        tables = shapes.recipe(shapes.model(size, setting), source, setting)
        if "method.id=full" in overrides:
            tables["method"] = {"id": "full"}
        recipe = recipes.from_tables(recipes.overridden(tables, overrides))
        try:
            plan, run = planned(recipe), measured(recipe)
        except SystemExit as error:
            yield Figure(name, f"failed: {error}", f"{LEAST:g} to {MOST:g}", met=False)
        else:
            words = f"{plan / run:.2f}, {plan / 1e9:.2f} of {run / 1e9:.2f} GB"
            yield between(f"planned over taken: {name}", plan / run, LEAST, MOST, words)


SCORING_GOAL = 20
# Conversations, and tokens of a summary.
SCORED = {"cuda": (64, 60), "cpu": (12, 20), "pretend": (3, 4)}


def scoring(setting: Setting) -> Iterator[Figure]:
    """Score an encoder-decoder, then a decoder, also one summary at a time by plain transformers."""
    from tests.benchmarks.evaluation import compare

    count, tokens = SCORED[setting.kind]
    source = shapes.data("scoring", setting, {"train": 8, "test": count})
    for size in ("base", "1b"):
        tables = shapes.recipe(shapes.model(size, setting), source, setting)
        tables["evaluation"]["max_new_tokens"] = tokens
        found = compare(recipes.from_tables(tables), None, count)
        words = f"{found.times:.1f} ({found.loop.seconds:.1f} and {found.ours.seconds:.1f} s)"
        named = shapes.name(size, setting)
        yield at_least(f"times one at a time, {named}", found.times, SCORING_GOAL, words)
        yield Figure(f"the same summaries, {named}", f"{found.same} of {count}")


CONVERSATION = "Ann: Where are you?\nBob: At the station. My train is late, so I will be home at eight.\n" * 6
REQUESTS = {"cuda": 20, "cpu": 5, "pretend": 2}


def playground(setting: Setting) -> Iterator[Figure]:
    """Ask an encoder-decoder, then a decoder: how long to the first token, and how fast it writes."""
    from tests.benchmarks.playground import TOKENS, Worker

    for size in ("base", "1b"):
        worker = Worker({"id": str(shapes.model(size, setting))}, setting.device)
        worker.ask([None], CONVERSATION)
        asked = [worker.ask([None], CONVERSATION) for _ in range(REQUESTS[setting.kind])]
        worker.quit()
        first = [each for each, _ in asked]
        speed = median((TOKENS - 1) / max(whole - begun, 1e-6) for begun, whole in asked)
        named = shapes.name(size, setting)
        words = f"{median(first) * 1000:.0f} ms (90th percentile {percentile(first, 0.9) * 1000:.0f} ms)"
        yield Figure(f"asked to first token, {named}", words)
        yield Figure(f"tokens/s, {named}", f"{speed:.0f}")


def start(setting: Setting) -> Iterator[Figure]:
    """Start a decoder's run for the first time, again, and with a worker that waits; each ends at its first step."""
    from engine.jobs.worker_process import WarmWorker, visible_to
    from tests.benchmarks.training import first_step

    recipe = _recipe("start", "1b", 64, setting)
    yield Figure("model", shapes.name("1b", setting))
    for words in ("the first time", "again, base scored and tokens kept"):
        yield Figure(f"Start to first step, {words}", f"{first_step(recipe, None)['step']:.2f} s")
    told = first_step(recipe, WarmWorker(visible_to(recipe.training.device)))
    yield Figure("Start to first step, with a worker that waits", f"{told['step']:.2f} s")


METHODS = {"cuda": ("lora", "adalora", "full"), "cpu": ("lora",), "pretend": ("lora",)}
KILLS = 2


def resume(setting: Setting) -> Iterator[Figure]:
    """Train the starter by each method with deterministic algorithms, then kill it at other moments and resume it."""
    from tests.benchmarks.recovery import KILLED, NAMES, disturbed, undisturbed

    for method in METHODS[setting.kind]:
        whole = undisturbed(method, setting.device)
        for number in range(KILLS):
            place = NAMES.index(method) + number * len(NAMES)
            found = disturbed(place, method, whole, KILLED[number], setting.device)
            said = ", ".join(found["odd"]) or "the same adapter, events and scores"
            words = f"{said}, {found['killed']} killed, resumed from step {found['from']}"
            name = f"{method}, killed and resumed equals straight, {number + 1}"
            yield holds(name, not found["odd"], words)


GOAL_MILLISECONDS = 16


def window(setting: Setting) -> Iterator[Figure]:
    """Train in the real window for some seconds, then stop; Qt draws off screen."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    try:
        from tests.benchmarks import responsiveness
    except ImportError as error:
        raise Lacking(f"Qt can't be loaded: {error}.") from error
    found = responsiveness.measured(_recipe("window", "base", 2000, setting), 15)
    delays = found.training.delays
    if not delays:
        raise RuntimeError("The run ended before its first step.")
    late = percentile(delays, 0.99)
    words = f"{late:.1f} ms (worst {max(delays):.0f} ms)"
    yield at_most("10 ms timer late while it trains, 99th percentile", late, GOAL_MILLISECONDS, words, " ms")
    yield Figure("Stop: asked to stopped, checkpoint and adapter written", f"{found.stop_seconds:.2f} s")


def _recipe(part: str, size: shapes.Size, examples: int, setting: Setting) -> Recipe:
    source = shapes.data(part, setting, {"train": examples})
    return recipes.from_tables(shapes.recipe(shapes.model(size, setting), source, setting))
