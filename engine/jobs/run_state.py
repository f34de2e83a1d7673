"""The state of a run, built from its events by the same code for live, replayed and re-attached readers."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Any, Literal

from engine.jobs.event_schema import DAMAGED, validated
from engine.jobs.events import Event, clock

# "away": it continues at another computer, and no process here follows it.
Outcome = Literal["completed", "stopped", "failed", "crashed", "away"]

# The time left is estimated after this share of an attempt, or after these seconds.
PACED_SHARE, PACED_SECONDS = 0.1, 300.0

# No run of ours has more; of a longer stream the newest are kept.
MAX_NOTICES = 1000
MAX_SAMPLES = 20_000


@dataclass
class Curve:
    """Values over steps, in the order of the steps."""

    steps: array[int] = field(default_factory=lambda: array("q"))
    values: array[float] = field(default_factory=lambda: array("d"))

    def add(self, step: int, value: float) -> None:
        """Append one point."""
        self.steps.append(step)
        self.values.append(value)

    def drop_after(self, step: int) -> None:
        """Remove the points after `step`."""
        end = bisect_right(self.steps, step)
        del self.steps[end:]
        del self.values[end:]


@dataclass
class Sample:
    """One generated summary of a pinned conversation; scores are fractions, None if unknown."""

    step: int
    example: str
    conversation: str
    reference: str
    summary: str
    rouge1: float | None
    chrf: float | None = None


@dataclass
class RunState:
    """Everything known of a run from its events so far.

    `base_scores` and `tuned_scores` have the run's protocol. Evaluations during training have another one and only
    appear in `evaluation_rouge1` and `evaluation_chrf` (fractions); `evaluated_examples` is the number of conversations
    scored at each.
    `memory_exceeded` is the event of the last attempt if it ran out of memory, with memory fallbacks.
    `device_released`: the attempt ended to release the device; the run is paused at a checkpoint.
    `began_at` is when the first attempt was accepted, `earlier_seconds` the time of all but the last attempt.
    `first_step` is the last attempt's: it takes longer than the others, so the pace is measured from its end.
    `former_loss` is the loss of an attempt after which the run started over.
    `revision` changes when points are dropped or the attempt changes: a plot then starts over.
    """

    attempt: int = 0
    stage: str = ""
    progress: tuple[int, int, str] | None = None
    started: Event | None = None
    step: int = 0
    epoch: float = 0.0
    last_step: Event | None = None
    loss: Curve = field(default_factory=Curve)
    former_loss: Curve = field(default_factory=Curve)
    evaluation_loss: Curve = field(default_factory=Curve)
    evaluation_rouge1: Curve = field(default_factory=Curve)
    evaluation_chrf: Curve = field(default_factory=Curve)
    learning_rate: Curve = field(default_factory=Curve)
    evaluated_examples: int = 0
    samples: list[Sample] = field(default_factory=list)
    notices: list[Event] = field(default_factory=list)
    damaged: bool = False
    memory_exceeded: Event | None = None
    peak_memory_bytes: int = 0
    checkpoint: Event | None = None
    adapter: Event | None = None
    base_scores: Event | None = None
    tuned_scores: Event | None = None
    paused: bool = False
    device_released: bool = False
    first_step: Event | None = None
    began_at: float | None = None
    earlier_seconds: float = 0.0
    accepted_clock: float | None = None
    last_clock: float = 0.0
    last_event_at: float | None = None
    ended: Event | None = None
    outcome: Outcome | None = None
    revision: int = 0

    def apply(self, event: Event) -> Event:
        """Update the state by one event and return it, or a notice if it is damaged. Unknown events are ignored."""
        event = validated(event)
        self.last_event_at = event.get("time", self.last_event_at)
        if event["event"] in _KEPT:
            setattr(self, _KEPT[event["event"]], event)
        elif handler := _HANDLERS.get(event["event"]):
            handler(self, event)
        self.last_clock = clock(event)
        return event

    @property
    def total_steps(self) -> int:
        """Steps of the run, 0 while unknown."""
        return int(self.started["total_steps"]) if self.started else 0

    @property
    def trains(self) -> bool:
        """Whether the run trains anything; a plain prompt has no steps."""
        return self.started is None or self.started.get("total_steps") != 0

    @property
    def excluded(self) -> int:
        """The number of rows that the recipe excludes."""
        return sum(((self.started or {}).get("excluded") or {}).values())

    @property
    def fraction_done(self) -> float:
        """The share of training that is done, 0 to 1: of its steps, or of its time limit if that ends sooner."""
        of_steps = min(1.0, self.step / self.total_steps) if self.total_steps else 0.0
        return max(of_steps, self.time_fraction)

    @property
    def time_fraction(self) -> float:
        """The share of the time limit that is used, 0 without one."""
        return float(self.last_step.get("time_share", 0.0)) if self.last_step else 0.0

    @property
    def difference(self) -> dict[str, Any] | None:
        """The paired differences of tuned and base by score, once both are scored."""
        return self.tuned_scores.get("difference") if self.tuned_scores else None

    @property
    def seconds(self) -> float | None:
        """The seconds of all attempts up to their last events, None before the first."""
        if self.accepted_clock is None:
            return None
        return self.earlier_seconds + max(0.0, self.last_clock - self.accepted_clock)

    def seconds_left(self) -> float | None:
        """Return the estimated seconds of training left, None while it is too early to tell."""
        if self.last_step is None or self.first_step is None or self.started is None or self.ended:
            return None
        begun, left = int(self.started.get("first_step", 0)), max(0, self.total_steps - self.step)
        paced = self.step - int(self.first_step["step"])
        elapsed = max(0.0, clock(self.last_step) - clock(self.first_step))
        share = max(self.time_fraction, (self.step - begun) / max(1, self.total_steps - begun))
        if paced < 1 or (share < PACED_SHARE and elapsed < PACED_SECONDS):
            return None
        by_steps = elapsed / paced * left
        return min(by_steps, float(self.last_step.get("seconds_left", by_steps)))

    def close(self, outcome: Outcome, ended: Event | None) -> None:
        """Set the outcome: from `job_ended`, or crashed or away, which have no event."""
        self.outcome = outcome
        self.ended = ended


def _job_accepted(state: RunState, event: Event) -> None:
    state.attempt = int(event.get("attempt", 1))
    state.began_at = state.began_at or event.get("time")
    state.earlier_seconds = state.seconds or 0.0
    state.accepted_clock = clock(event)
    state.stage, state.progress, state.paused, state.device_released = "", None, False, False
    state.ended = state.outcome = state.memory_exceeded = None


def _stage_entered(state: RunState, event: Event) -> None:
    state.stage, state.progress = event["stage"], None


def _stage_progressed(state: RunState, event: Event) -> None:
    state.progress = (int(event["done"]), int(event["total"]), str(event["unit"]))


def _run_started(state: RunState, event: Event) -> None:
    state.started = event
    state.first_step = None


def _run_resumed(state: RunState, event: Event) -> None:
    """Drop everything after the checkpoint from which the run resumes."""
    step = int(event["step"])
    if not step and state.loss.steps:
        state.former_loss, state.loss = state.loss, Curve()
    for curve in (
        state.loss,
        state.evaluation_loss,
        state.evaluation_rouge1,
        state.evaluation_chrf,
        state.learning_rate,
    ):
        curve.drop_after(step)
    # A run that starts over samples its base model again.
    while state.samples and (not step or state.samples[-1].step > step):
        state.samples.pop()
    state.step = step
    state.revision += 1


def _step_finished(state: RunState, event: Event) -> None:
    if not state.stage:
        # Followed again at another computer, after its worker entered the stage.
        state.stage = "train"
    state.last_step, state.first_step = event, state.first_step or event
    state.step = int(event["step"])
    state.epoch = float(event["epoch"])
    state.loss.add(state.step, float(event["loss"]))
    state.learning_rate.add(state.step, float(event["learning_rate"]))
    state.peak_memory_bytes = max(state.peak_memory_bytes, int(event.get("memory_bytes") or 0))


def _evaluated(state: RunState, event: Event) -> None:
    """Store an evaluation: during training it has a loss, otherwise the run's final scores."""
    if event.get("loss") is not None:
        examples = (event.get("protocol") or {}).get("examples")
        state.evaluated_examples = state.evaluated_examples or int(examples or 0)
        if event["split"] == "validation" and event["of"] != "base":
            _evaluated_in_training(state, event)
    elif event.get("scores"):
        if event["of"] == "base":
            state.base_scores = event
        elif event.get("difference") is not None:
            state.tuned_scores = event


def _evaluated_in_training(state: RunState, event: Event) -> None:
    step = int(event["step"])
    state.evaluation_loss.add(step, float(event["loss"]))
    if event.get("scores"):
        state.evaluation_rouge1.add(step, float(event["scores"]["rouge1"]["mean"]))
        # Runs of earlier versions have no chrF.
        if chrf := (event.get("measures") or {}).get("chrf"):
            state.evaluation_chrf.add(step, float(chrf["mean"]))


def _sample_made(state: RunState, event: Event) -> None:
    state.samples.append(
        Sample(
            step=int(event["step"]),
            example=str(event["example"]),
            conversation=str(event.get("conversation", "")),
            reference=str(event["reference"]),
            summary=str(event["summary"]),
            rouge1=event.get("rouge1"),
            chrf=event.get("chrf"),
        )
    )
    if len(state.samples) > MAX_SAMPLES:
        del state.samples[: MAX_SAMPLES // 2]


def _notice(state: RunState, event: Event) -> None:
    if event["message"] == DAMAGED:
        if state.damaged:
            return
        state.damaged = True
    state.notices.append(event)
    if len(state.notices) > MAX_NOTICES:
        del state.notices[: MAX_NOTICES // 2]


def _run_paused(state: RunState, event: Event) -> None:
    state.paused = True
    state.device_released = bool(event.get("frees_device"))


def _run_continued(state: RunState, _: Event) -> None:
    state.paused = False


def _job_ended(state: RunState, event: Event) -> None:
    state.close(event["outcome"], event)


# Events that are kept as they are, by the attribute that has the last one.
_KEPT = {"memory_exceeded": "memory_exceeded", "checkpoint_saved": "checkpoint", "adapter_saved": "adapter"}
_HANDLERS = {
    "job_accepted": _job_accepted,
    "stage_entered": _stage_entered,
    "stage_progressed": _stage_progressed,
    "run_started": _run_started,
    "run_resumed": _run_resumed,
    "step_finished": _step_finished,
    "evaluated": _evaluated,
    "sample_made": _sample_made,
    "notice": _notice,
    "run_paused": _run_paused,
    "run_continued": _run_continued,
    "job_ended": _job_ended,
}
