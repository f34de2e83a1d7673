"""The texts about a run: stage, progress, cost, result. Knows no widget."""

from __future__ import annotations

import re
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
    run_text,
    score_text,
)
from gui.look.format import duration_text, number_text
from gui.look.language import mark, tr, translate
from gui.models.list_text import VERDICTS, moment_text
from gui.models.metric_text import VERDICT_TEXTS, amount
from gui.workers.run_model import RunModel

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


def side_heads(state: RunState) -> tuple[str, str]:
    """Return the two sides that a run compares as column headers."""
    base, tuned = map(translate, run_text.side_heads(trains=state.trains))
    return base, tuned


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
            return translate(run_text.ended(state, _moment(state, moment))), "warning"
        parts = [translate(run_text.ended(state, _moment(state, moment)))]
        if adapter_name:
            saved = mark("Adapter saved as {name}") if state.trains else mark("Saved as {name}")
            parts.append(tr(saved, name=adapter_name))
        return ". ".join(parts), DOTS[state.outcome]
    if model.freeing:
        return tr("Pausing after this step, then saving a checkpoint"), "warning"
    if model.stopping:
        return tr("Stopping after this step, then saving everything"), "warning"
    parts = [translate(run_text.stage(state))]
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


def verdict_of(
    difference: Mapping[str, Any], protocol: Mapping[str, Any], *, trains: bool = True
) -> tuple[str, str, str]:
    """Return icon, headline and colour for a paired difference from the base model or the plain prompt."""
    icon, _, token = VERDICTS[difference["verdict"]]
    examples = int(protocol.get("examples") or 0)
    headline = translate(score_text.headline(difference, examples, trains=trains))
    return icon, headline, "muted" if metrics.is_on_few(examples) else token


def verdict_sentence(difference: Mapping[str, Any], protocol: Mapping[str, Any]) -> str:
    """Return the difference in a sentence, the change in bold. It has no user text, so it is safe as rich text."""
    return in_bold(score_text.change_sentence(difference, protocol), score_text.points(difference))


def in_bold(text: str, *parts: str) -> str:
    """Translate a text of the engine that holds other ones, which get bold; "" is none."""
    # The longest first: "11 s" stands in "11 steps", too.
    found = sorted(filter(None, map(translate, parts)), key=len, reverse=True)
    return (
        re.sub("|".join(map(re.escape, found)), r"<b>\g<0></b>", translate(text))
        if found
        else translate(text)
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


def what_is_safe(state: RunState, *, has_fallbacks: bool = False) -> str:
    """Return what a failed or crashed run has saved, the checkpoint in bold."""
    saved = run_text.checkpoint(state) if state.checkpoint is not None else ""
    return in_bold(run_text.what_is_safe(state, has_fallbacks=has_fallbacks), saved)
