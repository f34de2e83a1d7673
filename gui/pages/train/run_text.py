"""The texts about a run: stage, progress, cost, result. Knows no widget."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine.api import (
    SAMPLE,
    STARTER,
    AppError,
    Recipe,
    RunState,
    ScoreCard,
    evaluation_interval,
    example_scores,
    library,
    metrics,
    score_text,
    stage_title,
)
from gui.look.format import UNKNOWN, bytes_text, duration_text, interval, number_text, percent, score
from gui.look.language import mark, tr, tr_count, translate
from gui.models.list_text import SPLITS, VERDICTS, moment_text
from gui.models.metric_text import VERDICT_TEXTS, amount
from gui.workers.run_model import RunModel

OUTCOMES = {
    "completed": mark("Completed"),
    "stopped": mark("Stopped"),
    "failed": mark("Failed"),
    "crashed": mark("Crashed"),
    "away": mark("At another computer"),
}
# The ending of a run with its time, and its step if it is incomplete; "freed" is a paused run without a device.
ENDED = {
    "completed": mark("Completed {when}"),
    "stopped": mark("Stopped {when}"),
    "failed": mark("Failed {when}"),
    "crashed": mark("Crashed {when}"),
    "away": mark("Running on another computer; last update {when}"),
    "freed": mark("Paused {when}. The device is free"),
}
ENDED_AT_STEP = {
    "stopped": mark("Stopped {when} at step {step} of {total}"),
    "failed": mark("Failed {when} at step {step} of {total}"),
    "crashed": mark("Crashed {when} at step {step} of {total}"),
    "away": mark("Running on another computer; last update {when} at step {step} of {total}"),
    "freed": mark("Paused {when} at step {step} of {total}. The device is free"),
}
HOW_FAR = {
    "examples": mark("{done} of {total} examples"),
    "summaries": mark("{done} of {total} summaries"),
    "rows": mark("{done} of {total} rows"),
    "weights": mark("{done} of {total} weights"),
}
CHANGES = {
    "better": mark("ROUGE-1 rose by <b>{points} points</b>"),
    "worse": mark("ROUGE-1 fell by <b>{points} points</b>"),
    "": mark("ROUGE-1 changed by <b>{points} points</b>"),
}
BASE_FORMS = {
    "chat": mark("The base model was scored in its chat format, the better one."),
    "plain": mark("The base model was scored with a plain prompt, the better one."),
}
DOTS = {"completed": "grey", "stopped": "grey", "failed": "error", "crashed": "error", "away": "accent"}


# A conversation that is read at a glance.
MAX_CHARACTERS = 240


@dataclass(frozen=True)
class BeforeAndAfter:
    """A conversation with the summaries of base model and adapter, and the gain in ROUGE-1, a fraction."""

    conversation: str
    base: str
    tuned: str
    gain: float


def typical(folder: Path, count: int) -> list[BeforeAndAfter]:
    """Return so many short conversations of a run's scores, spread over the gains: typical ones, not the best.

    Reads a file as large as the scored split. Fewer or none, if the run kept fewer.
    """
    scores = example_scores.load(folder)
    if scores is None:
        return []
    base, tuned = (side.rouge.get("rouge1", ()) for side in (scores.base, scores.tuned))
    short = [
        BeforeAndAfter(
            text.conversation, scores.base.summaries[at], scores.tuned.summaries[at], tuned[at] - base[at]
        )
        for at, text in enumerate(scores.texts[: min(len(base), len(tuned))])
        if 0 < len(text.conversation) <= MAX_CHARACTERS
        and scores.base.summaries[at] != scores.tuned.summaries[at]
    ]
    short.sort(key=lambda each: each.gain, reverse=True)
    places = {len(short) * (2 * at + 1) // (2 * count) for at in range(count)} if short else set()
    return [short[at] for at in sorted(places)]


def is_practice(wanted: Recipe) -> bool:
    """Return whether a run trains the practice model on other data than the sample, which it is made for."""
    return wanted.base_model.id == STARTER and wanted.data.source != SAMPLE


def adapter_name(adapter_id: str) -> str:
    """Return an adapter's name in the library, or its id if it was deleted."""
    try:
        return library.find(adapter_id).name
    except AppError:
        return adapter_id


def has_trained(state: RunState) -> bool:
    """Return whether a run trains anything; a plain prompt has no steps."""
    return state.started is None or state.started.get("total_steps") != 0


def sides(state: RunState) -> tuple[str, str]:
    """Return the two sides that a run compares."""
    return (tr("base"), tr("tuned")) if has_trained(state) else (tr("plain prompt"), tr("this prompt"))


def side_heads(state: RunState) -> tuple[str, str]:
    """Return the two sides as column headers."""
    return (tr("Base"), tr("Tuned")) if has_trained(state) else (tr("Plain prompt"), tr("This prompt"))


def stage_text(state: RunState) -> str:
    """Return the current stage: "Scoring the base model", "Training"."""
    if state.paused:
        return tr("Paused")
    if state.stage == "evaluate":
        if state.started is None:
            return tr("Scoring the base model")
        return tr("Scoring the tuned model") if has_trained(state) else tr("Scoring the prompt")
    return translate(stage_title(state.stage))


def progress_text(state: RunState) -> str:
    """Return the progress of the stage: "40 of 200 examples"."""
    if state.progress is None:
        return ""
    done, total, unit = state.progress
    if unit == "bytes":
        return tr("{done} of {total}", done=bytes_text(done), total=bytes_text(total))
    if unit in HOW_FAR:
        return tr(HOW_FAR[unit], done=number_text(done), total=number_text(total))
    return f"{tr('{done} of {total}', done=number_text(done), total=number_text(total))} {translate(unit)}"


def resume_text(model: RunModel) -> str:
    """Return what a click does with a run that has ended early; without a checkpoint there is nothing to resume."""
    if model.state.device_released:
        return tr("Continue")
    if model.state.outcome == "away":
        return tr("Follow")
    return tr("Resume") if model.state.checkpoint is not None else tr("Start again")


def status_text(model: RunModel, adapter_name: str = "") -> tuple[str, str]:
    """Return the line below a run's title, and the token of its dot."""
    state = model.state
    moment = time.time()
    if state.outcome is not None:
        if state.device_released:
            return _ended_text("freed", state, moment), "warning"
        parts = [_ended_text(state.outcome, state, moment)]
        if adapter_name:
            saved = mark("Adapter saved as {name}") if has_trained(state) else mark("Saved as {name}")
            parts.append(tr(saved, name=adapter_name))
        return ". ".join(parts), DOTS[state.outcome]
    if model.freeing:
        return tr("Pausing after this step, then saving a checkpoint"), "warning"
    if model.stopping:
        return tr("Stopping after this step, then saving everything"), "warning"
    parts = [stage_text(state)]
    if model.computer:
        parts = [tr("{stage}, on {computer}", stage=parts[0], computer=model.computer)]
    if state.stage == "train" and not state.paused:
        following = next_evaluation(model)
        if following:
            parts.append(tr("Next evaluation at step {step}", step=number_text(following)))
    text = ". ".join(parts)
    if state.checkpoint is not None:
        ago = _ago(moment - float(state.checkpoint["time"]))
        text = f"{text}, {tr('last checkpoint {ago}', ago=ago)}"
    return text, "warning" if state.paused else "accent"


def _ended_text(how: str, state: RunState, now: float) -> str:
    when = _moment(state, now)
    if how not in ENDED_AT_STEP or not state.step:
        return tr(ENDED[how], when=when)
    return tr(
        ENDED_AT_STEP[how], when=when, step=number_text(state.step), total=number_text(state.total_steps)
    )


def _moment(state: RunState, now: float) -> str:
    ended = state.last_event_at or now
    return moment_text(datetime.fromtimestamp(ended, UTC), datetime.fromtimestamp(now, UTC))


def _ago(seconds: float) -> str:
    whole = round(seconds)
    if whole < 2:
        return tr("just now")
    return tr("{time} ago", time=f"{whole} s" if whole < 60 else duration_text(float(whole)))


def next_evaluation(model: RunModel) -> int | None:
    """Return the step of the next evaluation, or None if unknown."""
    every = steps_between(model)
    total = model.state.total_steps
    if not every or model.state.step >= total:
        return None
    return min(total, (model.state.step // every + 1) * every)


def steps_between(model: RunModel) -> int:
    """Return the steps between two evaluations; 0 if unknown."""
    training = model.recipe.training
    examples = int(((model.state.started or {}).get("examples") or {}).get("train", 0))
    return training.evaluate_every or evaluation_interval(examples, training)


def seconds_so_far(state: RunState, now: float | None = None) -> float | None:
    """Return the seconds of all attempts, the last until `now` or by its events."""
    since = 0.0 if now is None or state.last_event_at is None else now - state.last_event_at
    return None if state.seconds is None else state.seconds + max(0.0, since)


def done_at_text(seconds_from_now: float) -> str:
    """Return when something will be done: "done at 14:19"."""
    at = time.time() + seconds_from_now
    return tr("done at {clock}", clock=f"{datetime.fromtimestamp(at).astimezone():%H:%M}")


def verdict_of(difference: Mapping[str, Any], examples: int, *, trains: bool = True) -> tuple[str, str, str]:
    """Return icon, headline and colour for a paired difference from the base model or the plain prompt."""
    icon, _, token = VERDICTS[difference["verdict"]]
    headline = translate(score_text.headline(difference, examples, trains=trains))
    return icon, headline, "muted" if metrics.is_on_few(examples) else token


def verdict_sentence(difference: Mapping[str, Any], examples: int, split: str) -> str:
    """Return the difference in a sentence, the change in bold. It has no user text, so it is safe as rich text."""
    mean, low, high = float(difference["mean"]), difference.get("low"), difference.get("high")
    verdict = str(difference.get("verdict"))
    known = verdict if verdict in CHANGES else ""
    change = tr(CHANGES[known], points=score(abs(mean) if known else mean))
    part = tr(SPLITS[split]) if split in SPLITS else split
    if low is None or high is None:
        return tr("{change} on one {split} conversation, so no interval.", change=change, split=part)
    found = interval(*((-high, -low) if known == "worse" else (low, high)))
    if not examples:
        return tr(
            "{change} (95 % interval {interval}) on the {split} conversations.",
            change=change,
            interval=found,
            split=part,
        )
    return tr(
        "{change} (95 % interval {interval}) on {count} {split} conversations.",
        change=change,
        interval=found,
        count=number_text(examples),
        split=part,
    )


def scored_since(state: RunState, card: ScoreCard) -> RunState:
    """Return the state of a run with the scores that its adapter got after the run had ended."""
    return replace(
        state,
        base_scores={"scores": card.base, "measures": card.base_measures},
        tuned_scores={
            "scores": card.scores,
            "measures": card.measures,
            "difference": card.difference,
            "measure_difference": card.measure_difference,
            "protocol": card.protocol,
            "capped": card.capped,
        },
    )


def base_form_sentence(protocol: Mapping[str, Any]) -> str:
    """Return in which format the base model was scored; "" if it was scored in one alone."""
    found = (protocol.get("base_form") or {}).get("prompt_format")
    return tr(BASE_FORMS[found]) if found in BASE_FORMS else ""


def forgetting_sentence(state: RunState) -> str:
    """Return the loss on general text before and after training; "" if it was not measured."""
    name = metrics.GENERAL_LOSS
    base = ((state.base_scores or {}).get("measures") or {}).get(name)
    tuned, difference = (
        ((state.tuned_scores or {}).get(key) or {}).get(name) for key in ("measures", "measure_difference")
    )
    if not (base and tuned and difference):
        return ""
    verdict = str(difference.get("verdict"))
    return tr(
        "Loss on general text: {before} to {after}, {change} ({verdict}).",
        before=amount(base["mean"], "nats"),
        after=amount(tuned["mean"], "nats"),
        change=amount(difference["mean"], "nats", signed=True),
        verdict=tr(VERDICT_TEXTS[verdict]) if verdict in VERDICT_TEXTS else tr("not compared"),
    )


def excluded_sentence(count: int) -> str:
    """Return how many conversations the recipe left out; "" for none."""
    if not count:
        return ""
    return tr_count(
        count, "{n} conversation is excluded by the recipe.", "The recipe excludes {n} conversations."
    )


def facts_of(state: RunState) -> list[tuple[str, str]]:
    """Return the facts of a finished run as (name, value) pairs."""
    made = _adapter_facts(state) if has_trained(state) else _prompt_facts(state)
    facts = [(tr("Time"), duration_text(seconds_so_far(state))), *made]
    tuned = state.tuned_scores or {}
    if tuned.get("capped") is not None:
        facts.append((tr("Truncated summaries"), percent(float(tuned["capped"]), 1)))
    return facts


def _prompt_facts(state: RunState) -> list[tuple[str, str]]:
    prompt = (state.tuned_scores or {}).get("prompt") or {}
    shown = [(tr("Examples shown"), number_text(prompt.get("shots")))] if prompt else []
    return [*shown, (tr("On disk"), bytes_text((state.adapter or {}).get("bytes")))]


def _adapter_facts(state: RunState) -> list[tuple[str, str]]:
    started, adapter = state.started or {}, state.adapter or {}
    trainable, everything = started.get("trainable_parameters"), started.get("all_parameters")
    share = f" · {percent(trainable / everything, 2)}" if trainable and everything else ""
    return [
        (tr("Trainable"), f"{number_text(trainable)}{share}"),
        (tr("Adapter"), bytes_text(adapter.get("bytes"))),
        (tr("Peak memory"), bytes_text(state.peak_memory_bytes or None)),
        (tr("Saved step"), _saved_text(state, int(adapter.get("step") or 0))),
    ]


def _saved_text(state: RunState, saved_step: int) -> str:
    if not saved_step:
        return UNKNOWN
    last = saved_step == state.step
    return (
        tr("{step}, the last", step=number_text(saved_step))
        if last
        else tr("{step}, the best", step=number_text(saved_step))
    )


def what_is_safe(state: RunState, *, plans: bool = False) -> str:
    """Return what a failed or crashed run has saved. It has no user text, so it is safe as rich text.

    `plans`: whether there are memory fallbacks to choose from.
    """
    if plans:
        return _safe_with_plans(state)
    if state.checkpoint is not None:
        return tr(
            "Nothing is lost up to the <b>checkpoint at step {step}</b>.",
            step=number_text(int(state.checkpoint["step"])),
        )
    if state.step:
        return tr("No checkpoint yet. Recipe, curve and log are saved.")
    return tr("Nothing was trained yet. Recipe and log are saved.")


def _safe_with_plans(state: RunState) -> str:
    if state.checkpoint is not None:
        safe = tr(
            "The run continues from the <b>checkpoint at step {step}</b>.",
            step=number_text(int(state.checkpoint["step"])),
        )
    else:
        safe = tr("Recipe and batch size stay the same.")
    return f"{safe} {tr('Choose how to make it fit.')}"
