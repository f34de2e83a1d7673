"""Small real runs: synthetic conversations, a tiny model, the worker's main function in this process."""

import json
import math
import random
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from engine.adapters import library
from engine.adapters.library import Adapter
from engine.config import recipe as recipes
from engine.config.recipe import Recipe
from engine.jobs.events import Event, read_all
from engine.jobs.job import Job
from engine.runs import run_store
from tests.helpers.tiny_models import Kind, tiny_model

SPLITS = {"train": 24, "validation": 6, "test": 6}
NAMES = ("Ann", "Bob", "Cyd", "Dan")
THINGS = ("tea", "a bus", "the key", "two chairs")


def write_conversations(folder: Path) -> Path:
    """Write the splits of short conversations of different lengths, always the same; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    draw = random.Random(0)
    for split, count in SPLITS.items():
        lines = [json.dumps(_conversation(f"{split}-{number}", draw)) for number in range(count)]
        (folder / f"{split}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def _conversation(name: str, draw: random.Random) -> dict[str, str]:
    one, other = draw.sample(NAMES, 2)
    thing = draw.choice(THINGS)
    really = "really " * draw.randint(0, 9)
    return {
        "id": name,
        "dialogue": f"{one}: do you have {thing}?\n{other}: yes, {really}I do.",
        "summary": f"{other} has {thing}.",
    }


def tiny_recipe(folder: Path, kind: Kind, method: str = "lora", *overrides: str) -> Recipe:
    """Return a recipe of a few steps on a tiny model in float32, with its data below `folder`.

    It scores as little as there is: what is measured is the subject of few tests.
    """
    tables: dict[str, Any] = {
        "name": f"{kind} {method}",
        "base_model": {"id": str(tiny_model(kind)), "precision": "float32"},
        "data": {"source": str(write_conversations(folder / "data"))},
        "method": {"id": method},
        "training": {"epochs": 2, "batch_size": 8, "learning_rate": 0.01, "device": "cpu"},
        "evaluation": {"max_new_tokens": 8, "bootstrap": 100, "examples": 2, "general_text": "none"},
    }
    return recipes.from_tables(recipes.overridden(tables, overrides))


@contextmanager
def as_a_worker() -> Iterator[None]:
    """Be without standard input, never end this process for a stop, and take back what a worker makes of signals."""
    from engine.worker import __main__ as worker

    numbers = {signal.SIGTERM, signal.SIGINT, getattr(signal, "SIGHUP", signal.SIGTERM)}
    handlers = {number: signal.getsignal(number) for number in numbers}
    stdin, sys.stdin = sys.stdin, None
    try:
        with patch.object(worker, "GRACE_SECONDS", math.inf):
            yield
    finally:
        sys.stdin = stdin
        for number, handler in handlers.items():
            signal.signal(number, handler)


def run_in_process(job: Job) -> list[Event]:
    """Run a job in this process, as a worker does; return the attempt's events."""
    from engine.worker.__main__ import main

    with as_a_worker():
        main(job.folder)
    attempt = job.last_attempt()
    return [event for event in read_all(job.events_path) if event["attempt"] == attempt]


def train_in_process(recipe: Recipe) -> tuple[Job, list[Event]]:
    """Create a run and train it in this process; return its job and its events."""
    job = run_store.create_run(recipe)
    return job, run_in_process(job)


def completed(work: Recipe | Job) -> tuple[Job, list[Event]]:
    """Train a recipe, or go on with a run, to its end in this process; return its job and this attempt's events."""
    job = work if isinstance(work, Job) else run_store.create_run(work)
    events = run_in_process(job)
    assert events[-1]["outcome"] == "completed", events[-1]
    return job, events


def stopped_after(work: Recipe | Job, step: int) -> tuple[Job, list[Event]]:
    """Train a recipe, or go on with a run, until it is stopped after a step; return its job and its events."""
    job = work if isinstance(work, Job) else run_store.create_run(work)
    with pytest.MonkeyPatch.context() as patch:
        on_event(patch, lambda event, facts: event == "step_finished" and facts["step"] == step, request_stop)
        events = run_in_process(job)
    assert events[-1]["outcome"] == "stopped", events[-1]
    return job, events


def events_named(events: list[Event], name: str) -> list[Event]:
    return [event for event in events if event["event"] == name]


def adapter_of(events: list[Event]) -> Adapter:
    """Return the adapter that a run saved last."""
    return library.find(events_named(events, "adapter_saved")[-1]["adapter"])


def weights(events: list[Event]) -> bytes:
    """Return the weights of the adapter that a run saved last, as its file has them."""
    return (adapter_of(events).folder / library.WEIGHTS_NAME).read_bytes()


def on_event(
    monkeypatch: Any, matches: Callable[[str, dict[str, Any]], bool], act: Callable[[Any], None]
) -> None:
    """Call `act(channel)` right after the worker in this process writes an event that matches."""
    from engine.worker.runtime.channel import Channel

    emit = Channel.emit

    def watched(channel: Channel, event: str, **facts: Any) -> None:
        emit(channel, event, **facts)
        if matches(event, facts):
            act(channel)

    monkeypatch.setattr(Channel, "emit", watched)


def request_stop(channel: Any) -> None:
    """Stop the worker in this process; to be called by `on_event`."""
    channel.stopping = True


def send_now(channel: Any, *commands: str, **facts: Any) -> None:
    """Send commands that the worker in this process finds when it asks next, without the pause between two looks."""
    for command in commands:
        channel.job.send(command, **facts)
    assert hasattr(channel, "_polled_at")
    channel._polled_at = 0.0
