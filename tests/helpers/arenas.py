"""Arenas with finished entries, written with the engine's code and no worker."""

import atexit
import os
import random
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from engine.api import arenas
from engine.arena import Arena
from engine.jobs.events import EventWriter
from engine.jobs.job import Job
from engine.runs import example_scores
from engine.runs.example_scores import ExampleScores, Written
from engine.scoring import bootstrap
from engine.scoring.metrics import METRICS
from engine.system.paths import arenas_folder, runs_folder
from tests.helpers.homes import RunSpec, add_run, make_recipe

BASE = (0.3, 0.4, 0.5, 0.6)
FULL = (0.5, 0.6, 0.7, 0.8)
# What a filled arena's entries came to: gain over the base, numbers trained, megabytes at most, seconds, last loss.
OUTCOMES: Mapping[str, tuple[float, int, float, float, float]] = {
    "full": (0.018, 247_577_856, 9400.0, 1296.0, 1.1),
    "lora": (0.015, 3_538_944, 5900.0, 726.0, 1.15),
    "adalora": (0.012, 1_327_968, 6000.0, 804.0, 1.16),
    "loha": (0.010, 3_538_944, 6300.0, 900.0, 1.18),
    "prefix_tuning": (0.007, 737_280, 5200.0, 642.0, 1.3),
    "ia3": (0.005, 104_448, 5400.0, 612.0, 1.32),
    "prompt_only": (-0.003, 0, 1900.0, 0.0, 0.0),
    "prompt_tuning": (-0.007, 30_720, 5100.0, 654.0, 1.4),
}


def make_arena(*methods: str, name: str = "", seeds: int = 1) -> Arena:
    """Make an arena of methods on the starter and the sample."""
    changes = [{"method": {"id": each}} for each in methods]
    return arenas.create(make_recipe("Starter", base="starter", source="sample"), changes, name, seeds=seeds)


def score(
    arena: Arena,
    place: int,
    tuned: Sequence[float],
    base: Sequence[float] = BASE,
    facts: Mapping[str, Any] | None = None,
    spec: RunSpec | None = None,
    measured: Mapping[str, tuple[Sequence[float], Sequence[float]]] | None = None,
    **protocol: object,
) -> Job:
    """Give an entry a completed run that scored so on each conversation; `facts` are those of `adapter_saved`.

    `measured` are other measures, those of the base and of the entry.
    """
    entry = arena.entries[place]
    recipe = arenas.Reader().read(arena)[place].recipe
    spec = spec or RunSpec(outcome=None, gain=None, facts={"trainable_parameters": 1000})
    job = add_run(recipe, spec)
    rules = {"split": "test", "examples": len(tuned), "beams": 1, **protocol}
    saved = {"bytes": 4321, "step": 40, "seconds": 90.0, "memory_bytes": 5_000_000, **(facts or {})}
    writer = EventWriter(job.events_path, {"run": job.id, "attempt": 1})
    ended = spec.started_at + spec.seconds
    writer.write("adapter_saved", adapter=job.id, path="", time=ended, clock=ended, **saved)
    common = {"split": "test", "protocol": rules, "loss": None, "time": ended, "clock": ended}
    more = {name: bootstrap.interval(values, 500).as_dict() for name, (values, _) in (measured or {}).items()}
    writer.write(
        "evaluated", of="base", step=0, scores=_spread(base), difference=None, measures=more, **common
    )
    paired = bootstrap.difference_dict(bootstrap.difference(base, tuned, 500))
    difference = {"rouge1": paired}
    own = {name: bootstrap.interval(values, 500).as_dict() for name, (_, values) in (measured or {}).items()}
    between = {
        name: bootstrap.difference_dict(bootstrap.difference(*values, 500), METRICS[name].good)
        for name, values in (measured or {}).items()
    }
    writer.write(
        "evaluated", of=job.id, step=40, scores=_spread(tuned), difference=difference, measures=own,
        measure_difference=between, **common,
    )  # fmt: skip
    writer.write("job_ended", outcome="completed", time=ended, clock=ended)
    writer.close()
    ids = tuple(str(each) for each in range(len(tuned)))
    written = {
        name: Written(summaries=ids, rouge={"rouge1": tuple(values)})
        for name, values in (("base", base), ("tuned", tuned))
    }
    example_scores.save(job.folder, ExampleScores(schema=1, protocol=rules, examples=ids, **written))
    arenas.set_run(arena, entry.id, job.id)
    return job


def _spread(values: Sequence[float]) -> dict[str, dict[str, float]]:
    return {"rouge1": bootstrap.interval(values, 500).as_dict()}


def filled_arena(examples: int = 200, steps: int = 400) -> Arena:
    """Make an arena with eight scored entries, one that failed, one that is refused and two that wait."""
    home, name = _template(examples, steps)
    for kept in (runs_folder(), arenas_folder()):
        shutil.copytree(home / kept.name, kept, dirs_exist_ok=True)
    return arenas.open_arena(arenas_folder() / name)


@cache
def _template(examples: int, steps: int) -> tuple[Path, str]:
    """Return a home with such an arena, and its folder's name, written once a process: copying is faster."""
    home = Path(tempfile.mkdtemp(prefix="tunesmith-arena-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    with patch.dict(os.environ, TUNESMITH_HOME=str(home)):
        return home, _filled(examples, steps).folder.name


def _filled(examples: int, steps: int) -> Arena:
    arena = make_arena(*OUTCOMES, "vera", "bitfit", "lokr", "p_tuning", name="samsum with the starter")
    draw = random.Random(5)
    base = [min(1.0, max(0.0, draw.gauss(0.469, 0.14))) for _ in range(examples)]
    for place, (gain, numbers, megabytes, seconds, loss) in enumerate(OUTCOMES.values()):
        tuned = [min(1.0, max(0.0, value + draw.gauss(gain, 0.05))) for value in base]
        facts = {"bytes": 4 * numbers, "seconds": seconds, "memory_bytes": int(megabytes * 1e6)}
        count = steps if numbers else 0
        spec = RunSpec(
            steps=count, total_steps=count or 1, outcome=None, gain=None, seconds=seconds,
            loss_from=loss + 0.5, samples=0, facts={"trainable_parameters": numbers},
        )  # fmt: skip
        measured = {
            "words": ([22.0 + 9 * value for value in base], [18.0 + 9 * value - 90 * gain for value in base]),
            "capped": ([float(value > 0.6) for value in base], [float(value > 0.75) for value in base]),
            "unsupported": ([0.2 * value for value in base], [(0.14 - gain) * value for value in base]),
        }
        score(arena, place, tuned, base, facts, spec, measured)
    failed = RunSpec(steps=3, outcome="failed", kind="OutOfMemoryError", gain=None)
    status = arenas.Reader().read(arenas.open_arena(arena.folder))[len(OUTCOMES)]
    arenas.set_run(arena, status.entry.id, add_run(status.recipe, failed).id)
    return arenas.open_arena(arena.folder)


FILE = "cloud.jsonl"


def add_file(
    arena: Arena, name: str, values: Sequence[float], folder: Path, base: Sequence[float] = BASE
) -> Arena:
    """Add a file that scored so on each of the conversations of the arena's runs, or on the first ones."""
    count, total = len(values), len(base)
    base = base[:count]
    rules = {"split": "test", "examples": count, "beams": 1}
    if count < total:
        rules["data"] = {"fingerprint": "some"}
    ids = tuple(str(each) for each in range(count))
    scores = ExampleScores(
        schema=1, protocol=rules, examples=ids, base=Written(summaries=ids, rouge={"rouge1": tuple(base)}),
        tuned=Written(summaries=ids, rouge={"rouge1": tuple(values)}),
    )  # fmt: skip
    example_scores.save(folder, scores)
    difference = bootstrap.difference_dict(bootstrap.difference(base, values, 1000))
    result = {
        "protocol": rules,
        "conversations": total,
        "scores": {"rouge1": bootstrap.interval(values, 1000).as_dict()},
        "base": {"scores": {"rouge1": bootstrap.interval(base, 1000).as_dict()}},
        "difference": {"rouge1": difference},
    }
    return arenas.add_summaries(arena, name, FILE, folder, result)
