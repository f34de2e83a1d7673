"""Summaries of another system in an arena, added without a worker."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine import arena as arenas
from engine.arena import Arena
from engine.runs import example_scores
from engine.runs.example_scores import ExampleScores, Written
from engine.scoring import bootstrap
from tests.helpers.arenas import BASE

FILE = "cloud.jsonl"


def add_file(
    arena: Arena,
    name: str,
    values: Sequence[float],
    folder: Path,
    base: Sequence[float] = BASE,
    draws: int = 1000,
) -> Arena:
    """Add a file that scored so on each of the conversations of the arena's runs, or on the first ones."""
    count, total = len(values), len(base)
    base = base[:count]
    rules = {"split": "test", "examples": count, "beams": 1}
    if count < total:
        rules["data"] = {"fingerprint": "some"}
    ids = tuple(str(each) for each in range(count))
    scores = ExampleScores(
        schema=1,
        protocol=rules,
        examples=ids,
        base=Written(summaries=ids, rouge={"rouge1": tuple(base)}),
        tuned=Written(summaries=ids, rouge={"rouge1": tuple(values)}),
    )
    example_scores.save(folder, scores)
    difference = bootstrap.difference_dict(bootstrap.difference(base, values, draws))
    result = {
        "protocol": rules,
        "conversations": total,
        "scores": {"rouge1": bootstrap.interval(values, draws).as_dict()},
        "base": {"scores": {"rouge1": bootstrap.interval(base, draws).as_dict()}},
        "difference": {"rouge1": difference},
    }
    return arenas.add_summaries(arena, name, FILE, folder, result)
