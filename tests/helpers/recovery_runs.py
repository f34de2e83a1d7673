"""Short runs of the starter, and how an interrupted one differs from one that was not."""

import hashlib
import json
import os
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

from engine.adapters import library
from engine.adapters.import_checks import weight_shapes
from engine.config import recipe as recipes
from engine.config.recipe import Recipe
from engine.errors import AppError
from engine.jobs.events import Event, clock, read_all
from engine.jobs.job import Job
from engine.runs import run_store
from engine.runs.run_summaries import read_entry

METHODS: dict[str, dict[str, Any]] = {
    "lora": {"id": "lora", "rank": 8, "dropout": 0.1},
    "adalora": {"id": "adalora", "rank": 4},
    "p_tuning": {"id": "p_tuning", "virtual_tokens": 8},
    "prefix_tuning": {"id": "prefix_tuning", "virtual_tokens": 8, "projection": True},
    "full": {"id": "full"},
    "bottleneck": {"id": "bottleneck", "size": 16},
}
STEPS = 9
# Keys of events that differ from run to run.
VOLATILE = (
    "v", "time", "clock", "run", "attempt", "seconds", "tokens_per_second", "examples_per_second", "memory_bytes",
    "path", "bytes", "adapter", "tokens",
)  # fmt: skip
TRAINING = ("step_finished", "evaluated", "sample_made", "checkpoint_saved")
COMPARED = ("outcome", "weights", "config", "scores", "curves", "samples")
UNFINISHED = (".partial", ".tmp", ".incomplete")

RunResult = dict[str, Any]


def short_recipe(method: str, when_window_leaves: str = "finish", device: str = "cpu") -> Recipe:
    """Return a recipe of a few seconds for one of `METHODS`; no checkpoint falls on an evaluation."""
    return recipes.from_tables(
        {
            "name": f"short {method}",
            "base_model": {"id": "starter"},
            "data": {
                "source": "sample", "conversation": "dialogue", "summary": "summary", "max_train": 20,
                "max_validation": 3, "max_test": 3, "max_conversation_tokens": 96, "max_summary_tokens": 24,
            },
            "method": METHODS[method],
            "training": {
                "max_steps": STEPS, "batch_size": 4, "evaluate_every": 3, "checkpoint_every": 2, "seed": 5,
                "device": device, "deterministic": "on", "when_window_leaves": when_window_leaves,
            },
            "evaluation": {"max_new_tokens": 8, "bootstrap": 100},
        }
    )  # fmt: skip


@contextmanager
def at_home(home: Path) -> Iterator[None]:
    """Let this process use another home."""
    before = os.environ.get("TUNESMITH_HOME")
    os.environ["TUNESMITH_HOME"] = str(home)
    try:
        yield
    finally:
        if before is None:
            del os.environ["TUNESMITH_HOME"]
        else:
            os.environ["TUNESMITH_HOME"] = before


def run_result(job: Job) -> RunResult:
    """Return the result of a completed run: digests, events from the last checkpoint on, scores, curves, samples."""
    events = list(read_all(job.events_path))
    state = run_store.replay(events)
    last = max([0, *(place for place, event in enumerate(events) if event["event"] == "run_resumed")])
    resumed = int(events[last].get("step", 0))
    folder = Path(state.adapter["path"]) if state.adapter else job.folder
    return {
        "outcome": state.outcome,
        "resumed_from": resumed,
        "weights": _digest(folder / library.WEIGHTS_NAME),
        "config": _digest(folder / library.CONFIG_NAME),
        "training": [_plain(event, job) for event in events[last:] if _is_training(event, resumed)],
        "scores": [_plain(event, job) for event in (state.base_scores, state.tuned_scores) if event],
        "curves": {
            name: [list(curve.steps), list(curve.values)]
            for name in ("loss", "learning_rate", "evaluation_loss", "evaluation_rouge1")
            if (curve := getattr(state, name)) is not None
        },
        "samples": [[each.step, each.example, each.summary] for each in state.samples],
    }


def _is_training(event: Event, behind: int) -> bool:
    scores_alone = event["event"] == "evaluated" and event.get("loss") is None
    return event["event"] in TRAINING and not scores_alone and int(event["step"]) > behind


def _plain(event: Event, job: Job) -> Event:
    plain = {name: value for name, value in event.items() if name not in VOLATILE}
    return plain | ({"of": "tuned"} if plain.get("of") == job.id else {})


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""


def differences(found: RunResult, uninterrupted: RunResult) -> list[str]:
    """Return the parts in which a resumed run differs from an uninterrupted one."""
    found, uninterrupted = json.loads(json.dumps(found)), json.loads(json.dumps(uninterrupted))
    expected = [event for event in uninterrupted["training"] if event["step"] > found["resumed_from"]]
    odd = [name for name in COMPARED if found[name] != uninterrupted[name]]
    return odd + (["events from the last checkpoint on"] if found["training"] != expected else [])


def event_intervals(job: Job) -> list[float]:
    """Return the seconds from each event of an uninterrupted run to the next, that of its acceptance first."""
    clocks = [clock(event) for event in read_all(job.events_path)]
    return [after - before for before, after in pairwise(clocks)] + [0.05]


def home_problems(home: Path, *, finished: bool) -> list[str]:
    """Return half-written and unreadable files of a home; until `finished`, files may be marked as unfinished."""
    found = []
    for path in sorted(home.rglob("*")):
        name = path.relative_to(home).as_posix()
        unfinished = [part for part in path.relative_to(home).parts if _is_marked_unfinished(part)]
        if unfinished:
            found += [f"{name} is left"] if finished else []
        elif path.is_file() and not _is_whole(path, finished=finished):
            found.append(f"{name} is half-written")
    return found + _unlisted(home)


def _is_marked_unfinished(name: str) -> bool:
    return name.startswith(".") or any(mark in name for mark in UNFINISHED)


def _is_whole(path: Path, *, finished: bool) -> bool:
    try:
        if path.suffix == ".json":
            json.loads(path.read_text(encoding="utf-8"))
        elif path.suffix == ".jsonl":
            lines = path.read_bytes().split(b"\n")
            # The end of a stream may be cut off; the next attempt begins with a whole line.
            for line in lines[:-1]:
                json.loads(line)
            return not (finished and lines[-1])
        elif path.suffix == ".toml":
            tomllib.loads(path.read_text(encoding="utf-8"))
        elif path.suffix == ".safetensors":
            weight_shapes(path)
    except (ValueError, AppError):
        return False
    return True


def _unlisted(home: Path) -> list[str]:
    """Return what the library or the history can't read."""
    with at_home(home):
        _, unreadable = library.scan()
        entries = [read_entry(job) for job in run_store.list_jobs()]
    broken = [f"the library: {each.folder.name}: {each.reason}" for each in unreadable]
    return broken + [f"the history: {entry.job.id}: {entry.error}" for entry in entries if entry.error]
