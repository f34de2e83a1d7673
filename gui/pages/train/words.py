"""A run in words: where it is, what it cost, how it went. Knows no widget."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from engine.api import AppError, RunState, library
from gui.look.format import bytes_text, duration_text, interval, number, percent, score
from gui.models.words import moment_words
from gui.run_model import RunModel

STAGES = {
    "": "Starting the worker",
    "load_base": "Loading the base model",
    "read_data": "Reading the data",
    "attach_adapter": "Attaching the adapter",
    "train": "Training",
    "evaluate": "Scoring",
    "save": "Saving the adapter",
}
OUTCOMES = {"completed": "Completed", "stopped": "Stopped", "failed": "Failed", "crashed": "Crashed"}
DOTS = {"completed": "grey", "stopped": "grey", "failed": "brick", "crashed": "brick"}


def adapter_name(adapter_id: str) -> str:
    """Return what the library calls an adapter; its id if it is there no more."""
    try:
        return library.find(adapter_id).name
    except AppError:
        return adapter_id


def has_trained(state: RunState) -> bool:
    """Tell whether a run that has started trains something; a prompt alone has no steps."""
    return state.started is None or state.started.get("total_steps") != 0


def sides(state: RunState) -> tuple[str, str]:
    """Return what a run compares: with what, and what it made."""
    return ("base", "tuned") if has_trained(state) else ("plain prompt", "this prompt")


def stage_words(state: RunState) -> str:
    """Return what the run does now: "Scoring the base model", "Training"."""
    if state.paused:
        return "Paused"
    if state.stage == "evaluate":
        made = "tuned model" if has_trained(state) else "prompt"
        return "Scoring the base model" if state.started is None else f"Scoring the {made}"
    return STAGES.get(state.stage, state.stage.replace("_", " ").capitalize())


def progress_words(state: RunState) -> str:
    """Return how far the stage is: "40 of 200 examples"."""
    if state.progress is None:
        return ""
    done, total, unit = state.progress
    if unit == "bytes":
        return f"{bytes_text(done)} of {bytes_text(total)}"
    return f"{number(done)} of {number(total)} {unit}"


def status_words(model: RunModel, adapter_name: str = "") -> tuple[str, str]:
    """Return the line below a run's title and the token of its dot."""
    state = model.state
    moment = time.time()
    if state.outcome is not None:
        verb = "Adapter saved" if has_trained(state) else "Saved"
        saved = f". {verb} as {adapter_name}" if adapter_name else ""
        if state.freed:
            return f"Paused {_moment(state, moment)}{_at_step(state)}. The device is free", "copper"
        return _ended_words(state, moment) + saved, DOTS[state.outcome]
    if model.freeing:
        return "Pausing. The step in hand is finished first, then a checkpoint is written", "copper"
    if model.stopping:
        return "Stopping. The step in hand is finished first, then all is saved", "copper"
    parts = [stage_words(state)]
    if state.stage == "train" and not state.paused:
        following = next_evaluation(model)
        if following:
            parts.append(f"Next evaluation at step {number(following)}")
    text = ". ".join(parts)
    if state.checkpoint is not None:
        text += f", last checkpoint {_ago(moment - float(state.checkpoint['time']))}"
    return text, "copper" if state.paused else "accent"


def _ended_words(state: RunState, now: float) -> str:
    text = f"{OUTCOMES[state.outcome or 'crashed']} {_moment(state, now)}"
    return text if state.outcome == "completed" else text + _at_step(state)


def _moment(state: RunState, now: float) -> str:
    ended = state.last_event_at or now
    return moment_words(datetime.fromtimestamp(ended, UTC), datetime.fromtimestamp(now, UTC))


def _at_step(state: RunState) -> str:
    return f" at step {number(state.step)} of {number(state.total_steps)}" if state.step else ""


def _ago(seconds: float) -> str:
    whole = round(seconds)
    if whole < 2:
        return "just now"
    return f"{whole} s ago" if whole < 60 else f"{duration_text(float(whole))} ago"


def next_evaluation(model: RunModel) -> int | None:
    """Return the step of the next evaluation, or None if it isn't known."""
    every = evaluation_interval(model)
    total = model.state.total_steps
    if not every or model.state.step >= total:
        return None
    return min(total, (model.state.step // every + 1) * every)


def evaluation_interval(model: RunModel) -> int:
    """Return the steps between two evaluations: as the recipe says, or those of an epoch; 0 while unknown."""
    asked = model.recipe.training.evaluate_every
    if asked:
        return asked
    examples = ((model.state.started or {}).get("examples") or {}).get("train", 0)
    return -(-int(examples) // model.recipe.training.batch_size) if examples else 0


def seconds_so_far(state: RunState, now: float | None = None) -> float | None:
    """Return how long the last attempt has taken until `now`, or by its events."""
    since = 0.0 if now is None or state.last_event_at is None else now - state.last_event_at
    return None if state.seconds is None else state.seconds + max(0.0, since)


def clock_words(seconds_from_now: float, now: float | None = None) -> str:
    """Return when something will be done: "done at 14:19"."""
    at = (time.time() if now is None else now) + seconds_from_now
    return f"done at {datetime.fromtimestamp(at).astimezone():%H:%M}"


def verdict_of(difference: Mapping[str, Any], than: str = "base model") -> tuple[str, str, str]:
    """Return icon, headline and ink of a paired difference; `than` names what it is the difference to."""
    verdict = str(difference.get("verdict"))
    known = {
        "better": ("arrow-up", f"Better than the {than}", "accent"),
        "worse": ("arrow-down", f"Worse than the {than}", "brick"),
    }
    return known.get(verdict, ("equals", "No measurable difference", "ink2"))


def verdict_sentence(difference: Mapping[str, Any], examples: int, split: str) -> str:
    """Return the difference in a sentence, the change in bold: our own text, safe to show as rich text."""
    mean, low, high = float(difference["mean"]), difference.get("low"), difference.get("high")
    verb = {"better": "rose by", "worse": "fell by"}.get(str(difference.get("verdict")), "changed by")
    shown = abs(mean) if verb != "changed by" else mean
    if low is None or high is None:
        return f"ROUGE-1 {verb} <b>{score(shown)} points</b> on one {split} conversation, so no interval."
    count = f"{number(examples)} " if examples else ""
    on = f"the same {count}{split} conversations"
    ends = (-high, -low) if verb == "fell by" else (low, high)
    return f"ROUGE-1 {verb} <b>{score(shown)} points</b> (95 % interval {interval(*ends)}) on {on}."


def excluded_sentence(count: int) -> str:
    """Return how many conversations a run's recipe left out, nothing if it left none."""
    if not count:
        return ""
    return (
        f"{number(count)} {'conversation is' if count == 1 else 'conversations are'} excluded by the recipe."
    )


def facts_of(state: RunState) -> list[tuple[str, str]]:
    """Return the facts of a finished run in one row: name and value."""
    made = _adapter_facts(state) if has_trained(state) else _prompt_facts(state)
    facts = [("Time", duration_text(seconds_so_far(state))), *made]
    tuned = state.tuned_scores or {}
    if tuned.get("capped") is not None:
        facts.append(("Outputs at the cap", percent(float(tuned["capped"]), 1)))
    return facts


def _prompt_facts(state: RunState) -> list[tuple[str, str]]:
    prompt = (state.tuned_scores or {}).get("prompt") or {}
    shown = [("Examples shown", number(prompt.get("shots")))] if prompt else []
    return [*shown, ("On disk", bytes_text((state.adapter or {}).get("bytes")))]


def _adapter_facts(state: RunState) -> list[tuple[str, str]]:
    started, adapter = state.started or {}, state.adapter or {}
    trainable, everything = started.get("trainable_parameters"), started.get("all_parameters")
    share = f" · {percent(trainable / everything, 2)}" if trainable and everything else ""
    kept = int(adapter.get("step") or 0)
    return [
        ("Trainable", f"{number(trainable)}{share}"),
        ("Adapter", bytes_text(adapter.get("bytes"))),
        ("Peak memory", bytes_text(state.peak_memory_bytes or None)),
        (
            "Kept step",
            f"{number(kept)}{', the last' if kept == state.step else ', the best'}" if kept else "–",
        ),
    ]


def what_is_safe(state: RunState, *, plans: bool = False) -> str:
    """Return what a run that failed or crashed leaves behind; our own text, safe to show as rich text.

    `plans`: there are smaller plans to choose from.
    """
    if plans:
        return _safe_with_plans(state)
    if state.checkpoint is not None:
        at = number(int(state.checkpoint["step"]))
        return f"Nothing is lost up to the <b>checkpoint at step {at}</b>: Resume goes on from there."
    if state.step:
        return "There was no checkpoint yet. The recipe, the curve and the log are kept."
    return "Nothing was trained yet, so nothing is lost. The recipe and the log are kept."


def _safe_with_plans(state: RunState) -> str:
    choose = "Choose how to make it fit."
    if state.checkpoint is not None:
        at = number(int(state.checkpoint["step"]))
        return f"Nothing is lost: the run goes on from the <b>checkpoint at step {at}</b>. {choose}"
    return f"The recipe is kept, and every step will see as many examples as you asked for. {choose}"
