"""Fast summaries of runs for long lists.

Nearly every event of a run is a step: of those in a row only the first and the last are decoded, and no event that a
line of the list does not need.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.config import recipe as recipes
from engine.config.recipe import Recipe
from engine.errors import AppError
from engine.jobs import run_text
from engine.jobs.events import VERSION, Event, decode, lines
from engine.jobs.job import Job
from engine.jobs.run_state import Outcome, RunState
from engine.messages import say
from engine.runs import memory_fallbacks
from engine.runs.run_store import checkpoints, replay
from engine.scoring.metrics import CHRF
from engine.system.files import bytes_in

_STEP_BEGINS = f'{{"v":{VERSION},"event":"step_finished"'.encode()
# Events that a line of the history does not show, and of which there may be hundreds of thousands.
_UNTOLD_BEGIN = tuple(
    f'{{"v":{VERSION},"event":"{name}"'.encode() for name in ("notice", "sample_made", "stage_progressed")
)

Stamp = tuple[int, int, bool]


@dataclass(frozen=True)
class RunEntry:
    """One run as a line of the history.

    `recipe` is None if its file can't be read, and `error` says why. `gain` and `chrf_gain` are the paired differences
    in ROUGE-1 and chrF, fractions. `base_scored` and `scored` are the events with the scores of base and adapter. Costs
    are None while unknown. `seconds` is the time of the run so far,
    `seconds_left` the estimated training time left. `device_released`: the run is paused and its device is free.
    `has_fallbacks`: it ran out of memory, and memory fallbacks were found.
    """

    job: Job
    name: str
    recipe: Recipe | None
    error: str = ""
    running: bool = False
    outcome: Outcome | None = None
    device_released: bool = False
    failure_kind: str = ""
    failure_message: str = ""
    has_fallbacks: bool = False
    attempts: int = 0
    step: int = 0
    total_steps: int = 0
    time_fraction: float = 0.0
    seconds: float = 0.0
    seconds_left: float | None = None
    started_at: float = 0.0
    gain: float | None = None
    chrf_gain: float | None = None
    verdict: str = ""
    adapter_id: str = ""
    adapter_step: int = 0
    adapter_bytes: int | None = None
    trainable_parameters: int | None = None
    training_seconds: float | None = None
    peak_memory_bytes: int | None = None
    base_scored: Event | None = None
    scored: Event | None = None
    precision: str = ""
    excluded: int = 0
    examples: int = 0
    checkpoints: tuple[Path, ...] = ()
    checkpoint_bytes: int = 0
    stamp: Stamp = field(default=(0, 0, False), repr=False)

    @property
    def id(self) -> str:
        """The run's id."""
        return self.job.id

    @property
    def status(self) -> str:
        """What became of the run: "Running", "Paused", "Out of memory"."""
        if self.running:
            return "Running"
        if self.outcome is None:
            return "Not started"
        return run_text.outcome_title("paused" if self.device_released else self.outcome, self.failure_kind)

    @property
    def fraction_done(self) -> float:
        """The share of the run that is done, 0 to 1, of its steps or its minutes."""
        return max(self.time_fraction, min(1.0, self.step / self.total_steps) if self.total_steps else 0.0)

    @property
    def can_resume(self) -> bool:
        """Whether the run ended early and has a checkpoint, or continues elsewhere."""
        has_more = bool(self.checkpoints) or self.outcome == "away"
        return not self.running and self.outcome not in (None, "completed") and has_more


def stamp(job: Job) -> Stamp:
    """Return a stamp that changes with the run: size and time of its event file, and whether it runs."""
    try:
        facts, folder = job.events_path.stat(), job.folder.stat()
    except OSError:
        return (0, 0, job.is_running())
    return (facts.st_size, max(facts.st_mtime_ns, folder.st_mtime_ns), job.is_running())


def read_entry(job: Job) -> RunEntry:
    """Return a run's line of the history, with defaults for unreadable parts."""
    mark = stamp(job)
    recipe, error, state = None, "", RunState()
    try:
        recipe = recipes.load(job.recipe_path)
    except AppError as unreadable:
        error = unreadable.message
    try:
        state = replay(_sampled_events(job.events_path))
    except OSError as unreadable:
        error = error or say("{} can't be read: {}.", job.events_path.name, unreadable.strerror)
    saved = checkpoints(job)
    return RunEntry(
        job=job,
        name=recipe.name if recipe else job.id,
        recipe=recipe,
        error=error,
        **_end(state, running=mark[2], away=job.sent_to() is not None),
        **_training(state),
        **_result(state),
        seconds=state.seconds or 0.0,
        started_at=state.began_at or (job.folder / "job.json").stat().st_mtime,
        checkpoints=tuple(saved),
        checkpoint_bytes=sum(bytes_in(folder) for folder in saved),
        stamp=mark,
    )


def _sampled_events(path: Path) -> Iterator[Event]:
    """Yield the events that a line needs: the first and the last of steps, and the event before any other one."""
    if not path.exists():
        return
    after_step, step, last = False, b"", b""
    for line in lines(path):
        if line.startswith(_UNTOLD_BEGIN):
            last = line
            continue
        is_step = line.startswith(_STEP_BEGINS)
        if is_step and after_step and line.endswith(b"\n"):
            step, last = line, b""
        else:
            yield from _decoded(step, last, line)
            step = last = b""
        after_step = is_step
    yield from _decoded(step, last)


def _decoded(*lines: bytes) -> Iterator[Event]:
    for line in lines:
        event = decode(line) if line.endswith(b"\n") else None
        if event is not None:
            yield event


def _end(state: RunState, *, running: bool, away: bool) -> dict[str, Any]:
    ended = state.ended or {}
    outcome = state.outcome
    if outcome is None and state.attempt > 0 and not running:
        outcome = "away" if away else "crashed"
    return {
        "running": running and outcome is None,
        "outcome": outcome,
        "device_released": state.device_released,
        "failure_kind": str(ended.get("kind") or ""),
        "failure_message": str(ended.get("message") or ""),
        "has_fallbacks": bool(memory_fallbacks.read(state.memory_exceeded or {})),
        "attempts": state.attempt,
    }


def _training(state: RunState) -> dict[str, Any]:
    started = state.started or {}
    return {
        "step": state.step,
        "total_steps": state.total_steps,
        "time_fraction": state.time_fraction,
        "seconds_left": state.seconds_left(),
        "trainable_parameters": started.get("trainable_parameters"),
        "precision": str(started.get("precision") or ""),
        "excluded": state.excluded,
        "examples": int((started.get("examples") or {}).get("train", 0)),
    }


def _result(state: RunState) -> dict[str, Any]:
    adapter = state.adapter or {}
    difference = (state.difference or {}).get("rouge1") or {}
    chrf = ((state.tuned_scores or {}).get("measure_difference") or {}).get(CHRF.name) or {}
    return {
        "gain": difference.get("mean"),
        "chrf_gain": chrf.get("mean"),
        "verdict": str(difference.get("verdict") or ""),
        "adapter_id": str(adapter.get("adapter") or ""),
        "adapter_step": int(adapter.get("step") or 0),
        "adapter_bytes": adapter.get("bytes"),
        "training_seconds": adapter.get("seconds"),
        "peak_memory_bytes": adapter.get("memory_bytes") or state.peak_memory_bytes or None,
        "base_scored": state.base_scores,
        "scored": state.tuned_scores,
    }
