"""A finished run with all that its scoring leaves behind, written with the engine's code and no worker."""

import json
import random
from collections.abc import Sequence
from itertools import islice
from typing import Any

from engine.config.recipe import Recipe
from engine.jobs.events import EventWriter
from engine.jobs.job import Job
from engine.runs import example_scores
from engine.runs.example_scores import ExampleScores, Texts, Written
from engine.scoring import bootstrap
from engine.scoring.faithfulness import check_claims
from engine.scoring.metrics import GENERAL_LOSS, METRICS, OTHER_METRICS, ROUGE
from engine.system import paths
from tests.helpers.homes import MOMENT, RunSpec, add_adapter, add_run, make_recipe

Lists = dict[str, tuple[float, ...]]
DRAWS = 200
# The loss on each of a few passages of general text, of base and tuned model.
BASE_LOSSES, TUNED_LOSSES = (3.1, 3.2, 3.3, 3.2) * 3, (3.2, 3.4, 3.4, 3.4) * 3


def bundled(count: int) -> list[Texts]:
    """Return the first bundled test conversations with their references."""
    with (paths.sample_folder() / "test.jsonl").open(encoding="utf-8") as stream:
        rows = [json.loads(line) for line in islice(stream, count)]
    return [Texts(conversation=row["dialogue"], references=(row["summary"],)) for row in rows]


def written(texts: Sequence[Texts], skill: float, seed: int) -> Written:
    """Return summaries that share a fraction of about `skill` of their reference's words, with their scores."""
    draw = random.Random(seed)
    summaries, kept = [], []
    for text in texts:
        words = text.references[0].split()
        shown = [word if draw.random() < skill else draw.choice(("Carl", "maybe", "9")) for word in words]
        summaries.append(" ".join(shown))
        kept.append(sum(map(str.__eq__, shown, words)) / max(1, len(words)))
    factors = dict(zip((measure.name for measure in ROUGE), (1.0, 0.6, 0.9, 0.95), strict=True))
    rouge: Lists = {name: tuple(value * factor for value in kept) for name, factor in factors.items()}
    more: Lists = {measure.name: rouge["rouge1"] for measure in OTHER_METRICS if measure.unit == "points"}
    more |= {
        "words": tuple(float(len(summary.split())) for summary in summaries),
        "novel1": tuple(0.4 for _ in summaries),
        "novel2": tuple(0.7 for _ in summaries),
        "capped": tuple(float(place % 9 == 0) for place, _ in enumerate(summaries)),
        "unsupported": tuple(
            check_claims(summary, text.conversation).unsupported_fraction
            for summary, text in zip(summaries, texts, strict=True)
        ),
    }
    return Written(summaries=tuple(summaries), rouge=rouge, metrics=more)


def scores_of(texts: Sequence[Texts], base: float = 0.3, tuned: float = 0.6) -> ExampleScores:
    """Return the scores of the base and the tuned model on conversations."""
    protocol = {
        "split": "test", "examples": len(texts), "data": {"source": "sample", "fingerprint": "9f3c"},
        "beams": 1, "max_new_tokens": 128, "metric": {"name": "rouge_score 0.1.2", "stemmer": True},
    }  # fmt: skip
    return ExampleScores(
        schema=1, protocol=protocol, examples=tuple(f"row-{place}" for place in range(1, len(texts) + 1)),
        base=written(texts, base, 1), tuned=written(texts, tuned, 2), texts=tuple(texts),
    )  # fmt: skip


def add_scored_run(
    texts: Sequence[Texts] | None = None,
    scores: ExampleScores | None = None,
    recipe: Recipe | None = None,
    adapter_name: str = "starter-lora",
    **spec: Any,
) -> Job:
    """Write a completed run with its adapter, its events and its scores by conversation."""
    kept = scores or scores_of(bundled(40) if texts is None else texts)
    recipe = recipe or make_recipe("Starter on the sample", base="starter", source="sample")
    adapter = add_adapter(adapter_name, recipe=recipe)
    spec = {"outcome": None, "gain": None, "steps": 60, "total_steps": 60} | spec
    job = add_run(recipe, RunSpec(**spec))
    writer = EventWriter(job.events_path, {"run": job.id, "attempt": 1})
    ended = MOMENT + 724.0
    for step in (20, 40, 60):
        common = {"of": adapter.id, "split": "validation", "time": ended, "clock": ended}
        writer.write("evaluated", step=step, loss=1.9 - step / 100, scores=None, **common)
    writer.write(
        "adapter_saved", adapter=adapter.id, path="", bytes=14_200, step=60, seconds=97.0, time=ended,
        clock=ended,
    )  # fmt: skip
    for event in scored_events(kept, adapter.id):
        writer.write("evaluated", **event, time=ended, clock=ended)
    writer.write("job_ended", outcome="completed", time=ended, clock=ended)
    writer.close()
    example_scores.save(job.folder, kept)
    return job


def scored_events(kept: ExampleScores, adapter: str) -> list[dict[str, Any]]:
    """Return the payloads of the two `evaluated` events of a run."""
    common = {"split": "test", "protocol": kept.protocol, "loss": None, "capped": 0.1, "seconds": 4.0}
    before = {**kept.base.metrics, GENERAL_LOSS: BASE_LOSSES}
    after = {**kept.tuned.metrics, GENERAL_LOSS: TUNED_LOSSES}
    base, tuned = (
        {
            "scores": {name: _spread(values) for name, values in side.rouge.items()},
            "measures": {name: _spread(values) for name, values in more.items()},
            "tokens_per_second": 812.4,
        }
        for side, more in ((kept.base, before), (kept.tuned, after))
    )
    paired = {
        "difference": _differences(kept.base.rouge, kept.tuned.rouge),
        "measure_difference": _differences(before, after),
    }
    return [
        {"of": "base", "step": 0, "difference": None, **base, **common},
        {"of": adapter, "step": 60, **paired, **tuned, **common},
    ]


def _spread(values: Sequence[float]) -> dict[str, float]:
    return bootstrap.interval(values, DRAWS).as_dict()


def _differences(before: Lists, after: Lists) -> dict[str, dict[str, Any]]:
    return {
        name: bootstrap.difference_dict(
            bootstrap.difference(before[name], after[name], DRAWS), METRICS[name].good
        )
        for name in after.keys() & before.keys()
    }
