"""How much faster is scoring than writing one summary at a time, and does it write the same?

The yardstick is the tutorial's loop: each conversation alone through `model.generate` of plain transformers and PEFT,
with the same decoding, then ROUGE over all. Both are done in one process, one after the other. The starter, which
writes hardly a word before it is tuned, is tuned for a few steps first and scored on all its test conversations; a
model folder in `BENCH_MODEL` is scored as it is, on 64 conversations of the file in `BENCH_DATA`, spread over their
lengths.

Arguments are overrides of the recipe, such as evaluation.beams=4.
"""

import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import torch
from peft import PeftModel
from transformers import GenerationConfig

from engine.adapters import library
from engine.config import recipe as recipes
from engine.config.recipe import Recipe
from engine.runs import run_store
from engine.system.paths import presets_folder
from engine.text.conversations import Example
from engine.worker.adapters.adapter_manager import AdapterManager
from engine.worker.dataset import dataset
from engine.worker.dataset.prompting import make_prompter, scored_examples
from engine.worker.generation.generate import generate
from engine.worker.modeling import base_models
from engine.worker.modeling.base_models import LoadedBase, Model
from engine.worker.runtime.channel import Channel
from engine.worker.text_metrics import rouge, summary_metrics
from tests.helpers.benchmark_report import Row, followed, processor_seconds, show, temporary_home
from tests.helpers.plain_models import plain_model
from tests.helpers.worker_setup import make_channel

GOAL = 8.0
SPREAD_OVER = 64
STEPS = 80
TOKENS = 64
NEAR = 0.005
STARTER = {"base_model.id": "starter"}
ANY_COLUMNS = {"data.conversation": "auto", "data.summary": "auto", "data.max_conversation_tokens": "512"}


@dataclass(frozen=True)
class Side:
    """What one way of scoring wrote, its mean ROUGE-1, and how long it took: by the clock, and of the processor."""

    summaries: tuple[str, ...]
    rouge1: float
    seconds: float
    processor_seconds: float


@dataclass(frozen=True)
class Comparison:
    """Both ways of scoring the same conversations with the same model."""

    ours: Side
    loop: Side
    precision: str

    @property
    def times(self) -> float:
        """How many times as fast ours was."""
        return self.loop.seconds / self.ours.seconds

    @property
    def same(self) -> int:
        """How many summaries are the same."""
        return sum(one == other for one, other in zip(self.ours.summaries, self.loop.summaries, strict=True))


def main() -> None:
    """Measure and print; BENCH_MODEL and BENCH_DATA add another model."""
    rows: list[Row] = []
    with temporary_home():
        wanted = [("starter, tuned", STARTER, _tuned(), 0)]
        model, source = os.environ.get("BENCH_MODEL"), os.environ.get("BENCH_DATA")
        if model and source:
            own = {"base_model.id": model, "data.source": source} | ANY_COLUMNS
            wanted.append((Path(model).name, own, None, SPREAD_OVER))
        for name, settings, adapter, count in wanted:
            for precision in ("float32", "bfloat16"):
                recipe = _recipe({**settings, "base_model.precision": precision})
                rows += _rows(f"{name}, {precision}", recipe, adapter, count)
    show("Scoring against one conversation at a time", rows)


def _tuned() -> str:
    """Tune the starter for a few steps; return the adapter's id."""
    events = followed(run_store.create_run(_recipe(STARTER)))
    *_, last = (event["adapter"] for event in events if event["event"] == "adapter_saved")
    return str(last)


def _rows(name: str, recipe: Recipe, adapter: str | None, count: int) -> list[Row]:
    found = compare(recipe, adapter, count)
    ours, loop = found.ours, found.loop
    exact = found.precision == "float32"
    told = [
        ("times as fast", _ratio(loop.seconds, ours.seconds), f"{GOAL:g}"),
        ("times less of the processor", _ratio(loop.processor_seconds, ours.processor_seconds), ""),
        ("same summaries", f"{found.same} of {len(ours.summaries)}", "all" if exact else ""),
        ("ROUGE-1 apart", f"{abs(ours.rouge1 - loop.rouge1) * 100:.2f}", f"{NEAR * 100:g}"),
    ]
    for figure, reached, _ in told:
        print(f"{name}: {figure} {reached}", flush=True)
    return [(f"{name}, {figure}", reached, goal) for figure, reached, goal in told]


def compare(recipe: Recipe, adapter: str | None, count: int) -> Comparison:
    """Score `count` conversations spread over the lengths, or all for 0, both ways."""
    channel = make_channel("evaluate", recipe)
    base = base_models.load(recipe.base_model, recipe.training.device, channel)
    examples, inputs = _spread(recipe, base, channel, count)
    with AdapterManager(base).use(library.find(adapter)) if adapter else nullcontext(base.model) as model:
        ours = _ours(base, model, recipe, examples, inputs)
    loop = _loop(base, _plain(base, adapter), recipe, examples, inputs)
    return Comparison(ours, loop, base.precision)


def _plain(base: LoadedBase, adapter: str | None) -> Model:
    """Return the same model as transformers and PEFT compute it."""
    model = plain_model(base)
    return PeftModel.from_pretrained(model, library.find(adapter).folder).eval() if adapter else model


def _ratio(loop: float, ours: float) -> str:
    return f"{loop / ours:.1f} ({loop:.1f} and {ours:.1f} s)"


def _recipe(settings: dict[str, str]) -> Recipe:
    """Return the starter's recipe with these settings, tuned for a few steps and scored on the processor."""
    tables = recipes.parse((presets_folder() / "starter.toml").read_text(encoding="utf-8"))
    few = [f"training.max_steps={STEPS}", "training.device=cpu", f"training.evaluate_every={STEPS}"]
    few.append(f"evaluation.max_new_tokens={TOKENS}")
    given = [f"{name}={value}" for name, value in settings.items()]
    return recipes.from_tables(recipes.overridden(tables, [*few, *given, *sys.argv[1:]]))


def _spread(
    recipe: Recipe, base: LoadedBase, channel: Channel, count: int
) -> tuple[list[Example], list[list[int]]]:
    """Return examples with their token ids: all, or `count` whose lengths lie evenly in the order of lengths."""
    splits = dataset.read(recipe.data, channel, needs=[recipe.evaluation.split])
    prompter = make_prompter(recipe, base, splits)
    pairs = [(each, prompter.input_ids(each.conversation)) for each in scored_examples(recipe, splits)]
    if count and len(pairs) > count:
        ordered = sorted(pairs, key=lambda pair: len(pair[1]))
        pairs = [ordered[round(place * (len(ordered) - 1) / (count - 1))] for place in range(count)]
    return [example for example, _ in pairs], [ids for _, ids in pairs]


def _timed(work: Callable[[], tuple[Sequence[str], float]]) -> Side:
    started, spent = time.perf_counter(), processor_seconds()
    summaries, rouge1 = work()
    return Side(tuple(summaries), rouge1, time.perf_counter() - started, processor_seconds() - spent)


def _ours(
    base: LoadedBase, model: Model, recipe: Recipe, examples: list[Example], inputs: list[list[int]]
) -> Side:
    """Score as a run does, every measure included."""
    decoding = {"beams": recipe.evaluation.beams, "max_new_tokens": recipe.evaluation.max_new_tokens}

    if base.device.type != "cpu":
        # A card loads its kernels when they are first asked for.
        generate(model, base.tokenizer, base.family, inputs[:2], **decoding)

    def work() -> tuple[Sequence[str], float]:
        written = generate(model, base.tokenizer, base.family, inputs, **decoding)
        metrics = summary_metrics.measure(examples, written, 0, 0.0)
        return metrics.summaries, sum(metrics.rouge["rouge1"]) / len(examples)

    return _timed(work)


def _decoding(base: LoadedBase, recipe: Recipe) -> GenerationConfig:
    """Return what the loop decodes by: what is left open here is the model's own."""
    own = base.model.generation_config.eos_token_id
    ends = {*(own if isinstance(own, list) else [own]), base.tokenizer.eos_token_id} - {None}
    return GenerationConfig(
        max_new_tokens=recipe.evaluation.max_new_tokens, do_sample=False, num_beams=recipe.evaluation.beams,
        early_stopping=recipe.evaluation.beams > 1, eos_token_id=sorted(ends),
        pad_token_id=base.tokenizer.pad_token_id,
    )  # fmt: skip


def _loop(
    base: LoadedBase, model: Model, recipe: Recipe, examples: list[Example], inputs: list[list[int]]
) -> Side:
    """Write one summary after the other, then compute ROUGE."""
    read = base.family == "decoder-only"
    config = _decoding(base, recipe)

    def alone(ids: list[int]) -> str:
        asked = torch.tensor([ids], device=base.device)
        found = model.generate(
            input_ids=asked, attention_mask=torch.ones_like(asked), generation_config=config
        )
        return str(
            base.tokenizer.decode(found[0][len(ids) if read else 0 :], skip_special_tokens=True)
        ).strip()

    if base.device.type != "cpu":
        with torch.inference_mode():
            alone(inputs[0])

    def work() -> tuple[Sequence[str], float]:
        with torch.inference_mode():
            summaries = [alone(ids) for ids in inputs]
        means = rouge.Rouge().compute(predictions=summaries, references=[each.summary for each in examples])
        return summaries, float(means["rouge1"])

    return _timed(work)


if __name__ == "__main__":
    main()
