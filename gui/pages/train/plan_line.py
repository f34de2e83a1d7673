"""What a run of the planned recipe will do, how long it takes, and how ready it is. Knows no widget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

from engine.api import AppError, Recipe, offline, recipe, run_store, run_summaries
from gui.look.format import duration_text, number_text
from gui.look.language import tr, tr_count, translate
from gui.models.metric_text import language_text

BETWEEN = " · "
MAX_RUNS = 20


def readiness_text(plan: Mapping[str, Any], *, trains: bool = True) -> str:
    """Return conversations, their language and the lengths of summaries in one line, as far as the plan knows them."""
    ready, examples = plan.get("readiness") or {}, plan.get("examples") or {}
    scored = ready.get("scored", examples.get("test"))
    parts = [
        tr_count(examples["train"], "{n} conversation to learn from", "{n} conversations to learn from")
        if trains and "train" in examples
        else "",
        tr("{count} to test on", count=number_text(scored)) if scored is not None else "",
        _language(ready),
        _lengths(ready, "learned" if trains else "written"),
    ]
    return BETWEEN.join(filter(None, parts))


def _language(ready: Mapping[str, Any]) -> str:
    """Return the language of the data, and those of the base model if it is not among them."""
    language, known = ready.get("language", ""), ready.get("base_languages", ())
    if not language:
        return ""
    if not known or language in known:
        return language_text(language)
    of_base = ", ".join(map(language_text, known))
    return tr("{language}, base model: {known}", language=language_text(language), known=of_base)


def _lengths(ready: Mapping[str, Any], which: str) -> str:
    facts = ready.get(which)
    if not facts:
        return ""
    longest, limit = number_text(facts["longest"]), number_text(facts["limit"])
    if facts["over"]:
        return tr("summaries up to {longest} tokens, limit {limit}", longest=longest, limit=limit)
    return tr("summaries up to {longest} of {limit} tokens", longest=longest, limit=limit)


def plan_text(plan: Mapping[str, Any], *, trains: bool = True) -> str:
    """Return what a run of the planned recipe will do, the main facts in bold."""
    happening = _steps_text(plan) if trains else _scoring_text(plan)
    first = missing_text(plan.get("missing") or ()), unpacking_text(plan.get("unpacks") or {})
    return " ".join(part for part in (happening, *first) if part)


def _steps_text(plan: Mapping[str, Any]) -> str:
    steps = int(plan.get("steps") or 0)
    if not steps:
        return ""
    seconds, time_limit = plan.get("seconds"), 60 * float(plan.get("max_minutes") or 0)
    if time_limit and (not seconds or seconds > time_limit):
        happening = tr_count(
            steps,
            "<b>{n} step</b>, or as many as fit into <b>{time}</b>.",
            "<b>{n} steps</b>, or as many as fit into <b>{time}</b>.",
            time=duration_text(time_limit),
        )
    elif seconds:
        happening = tr_count(
            steps,
            "<b>{n} step</b> in about <b>{time}</b>.",
            "<b>{n} steps</b> in about <b>{time}</b>.",
            time=duration_text(seconds),
        )
    else:
        happening = tr_count(steps, "<b>{n} step</b>.", "<b>{n} steps</b>.")
    return f"{happening} {tr('The base model is scored first, so you will see what was gained.')}"


def _scoring_text(plan: Mapping[str, Any]) -> str:
    # Warnings stand by themselves.
    notices = [
        translate(notice["message"])
        for notice in plan.get("notices") or ()
        if notice.get("level") != "warning"
    ]
    return " ".join(notices) or tr(
        "<b>Nothing is trained.</b> The base model is scored with the plain prompt, then with this one."
    )


def unpacking_text(unpacks: Mapping[str, str]) -> str:
    """Return what a run would unpack first, how large that gets, and what it means; "" if nothing."""
    return " ".join(translate(unpacks[part]) for part in ("message", "hint") if part in unpacks)


def missing_text(names: Sequence[str]) -> str:
    """Return what a run would download first; "" if nothing, or if it is a problem because Tunesmith is offline."""
    if not names or offline():
        return ""
    listed = reduce(lambda before, name: tr("{before} and {name}", before=before, name=name), names)
    return tr_count(
        len(names),
        "{listed} is not on this computer yet. Start shows the size of the download and asks first.",
        "{listed} are not on this computer yet. Start shows the size of the download and asks first.",
        listed=listed,
    )


def expected_seconds(wanted: Recipe, steps: int) -> float | None:
    """Return the estimated seconds of a run, or None without a similar completed run."""
    for job in run_store.list_jobs()[:MAX_RUNS]:
        try:
            earlier = recipe.load(job.recipe_path)
        except AppError:
            continue
        if _kind(earlier) == _kind(wanted):
            entry = run_summaries.read_entry(job)
            if entry.outcome == "completed" and entry.step:
                # Early stopping or the time limit may have ended it before its last step. Loading and scoring
                # take as long for few steps as for many.
                training = min(entry.training_seconds or entry.seconds, entry.seconds)
                return entry.seconds - training + training * steps / entry.step
    return None


def _kind(one: Recipe) -> tuple[object, ...]:
    """Return what determines the time of a step."""
    training, data = one.training, one.data
    sizes = (training.batch_size, data.max_conversation_tokens, data.max_summary_tokens)
    return one.base_model, data.source, one.method.id, training.device, *sizes
