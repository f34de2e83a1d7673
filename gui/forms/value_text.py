"""Option values, units, and a plan's facts about base model and data, as text. Knows no widget."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.api import OptionInfo, encodings, method, plan_text, setting_text
from gui.look.format import compact, number_text, plain
from gui.look.language import mark, tr, tr_count, translate

WORDS = (
    mark("all"),
    mark("ask"),
    mark("auto"),
    mark("automatic"),
    mark("best"),
    mark("biases"),
    mark("card"),
    mark("chat"),
    mark("constant"),
    mark("copied summary"),
    mark("cosine"),
    mark("default"),
    mark("duplicates"),
    mark("email"),
    mark("finish"),
    mark("invisible characters"),
    mark("last"),
    mark("leaks"),
    mark("lengths"),
    mark("linear"),
    mark("long conversation"),
    mark("long summary"),
    mark("loss"),
    mark("no limit"),
    mark("none"),
    mark("no speakers"),
    mark("norms"),
    mark("odd characters"),
    mark("off"),
    mark("on"),
    mark("orthogonal"),
    mark("other language"),
    mark("phone"),
    mark("plain"),
    mark("random"),
    mark("recipe"),
    mark("references"),
    mark("refuse"),
    mark("sentences"),
    mark("stop"),
    mark("summary longer"),
    mark("test"),
    mark("text"),
    mark("train"),
    mark("turns in one line"),
    mark("validation"),
    mark("vocabulary"),
    mark("weights"),
)


# Texts of bounds, by whether minimum and maximum are inclusive; None without a bound.
BOUNDS = {
    (True, True): mark("At least {least}, at most {most}."),
    (True, False): mark("At least {least}, below {most}."),
    (True, None): mark("At least {least}."),
    (False, True): mark("More than {least}, at most {most}."),
    (False, False): mark("More than {least}, below {most}."),
    (False, None): mark("More than {least}."),
    (None, True): mark("At most {most}."),
    (None, False): mark("Below {most}."),
}
NAMES = setting_text.CALLED | encodings.ENCODINGS
OF_ONE = {
    "conversations": mark("conversation"),
    "evaluations": mark("evaluation"),
    "examples": mark("example"),
    "minutes": mark("minute"),
    "steps": mark("step"),
    "tokens": mark("token"),
}


def value_text(value: str) -> str:
    """Return what a value is called; names are the same in every language."""
    if value in NAMES:
        return translate(NAMES[value])
    return tr(value) if value in WORDS else value


def unit_text(unit: str, number: float) -> str:
    """Return a setting's unit as it stands behind a number: "steps", or "step" behind 1."""
    return tr(OF_ONE[unit]) if number == 1 and unit in OF_ONE else translate(unit)


def base_text(plan: Mapping[str, Any], family: str) -> str:
    """Return the base model's size, family and precision: "60.5 M parameters, encoder-decoder, float32"."""
    parameters = plan.get("base_parameters", plan.get("all_parameters"))
    if not parameters:
        return ""
    size = tr("{count} parameters", count=compact(parameters))
    return ", ".join(part for part in (size, translate(family), plan.get("precision", "")) if part)


def precision_text(plan: Mapping[str, Any]) -> str:
    found = plan.get("precision", ""), translate(plan.get("precision_reason", ""))
    return ": ".join(part for part in found if part)


def amount_text(examples: Mapping[str, Any], *, trains: bool) -> str:
    """Return the numbers of conversations for training and testing, "" if the plan has none."""
    return ", ".join(map(translate, plan_text.examples(examples, ("train", "test") if trains else ("test",))))


def plan_feet(plan: Mapping[str, Any], family: str, tables: Mapping[str, Any]) -> dict[str, str]:
    """Return the hints below the fields of base model and data, and below limits that follow the data."""
    trains, ready = method(tables["method"]["id"]).trains, plan.get("readiness") or {}
    return {
        "base_model.id": base_text(plan, family),
        "base_model.precision": precision_text(plan),
        "data.source": amount_text(plan.get("examples") or {}, trains=trains),
        "data.max_summary_tokens": limit_text(ready.get("learned"), tables["data"]["max_summary_tokens"]),
        "evaluation.max_new_tokens": limit_text(ready.get("written"), tables["evaluation"]["max_new_tokens"]),
    }


def limit_text(facts: Mapping[str, Any] | None, by_hand: int) -> str:
    """Return the limit that follows from the data, "" if another is set by hand or none is known."""
    return "" if by_hand or not facts else tr("Here: {limit} tokens", limit=number_text(facts["limit"]))


def prompt_feet(filling: Mapping[str, Any] | None, *, trains: bool) -> dict[str, str]:
    """Return the hints below the fields of the prompt."""
    return {"data.prompt_format": format_text(filling), "data.shots": shots_text(filling, trains=trains)}


def format_text(filling: Mapping[str, Any] | None) -> str:
    """Return how the base model reads the prompt, "" if that is not known yet."""
    if filling is None:
        return ""
    if filling.get("frame"):
        return tr("Here: chat format")
    return tr("Here: plain")


def shots_text(filling: Mapping[str, Any] | None, *, trains: bool) -> str:
    """Return the length of the examples in the prompt, "" if there are none."""
    shots = len(filling["shots"]) if filling else 0
    if filling is None or not shots:
        return ""
    sentence = tr_count(
        shots,
        "The first of the training split, {tokens} tokens.",
        "The first {n} of the training split, {tokens} tokens.",
        tokens=number_text(filling["shots_tokens"]),
    )
    return f"{sentence} {tr('Training skips them.')}" if trains else sentence


def bounds_text(info: OptionInfo) -> str:
    """Return the bounds of an option as a sentence, "" without any; 0 is none where it has a word."""
    least = None if info.zero and info.minimum == 0 else info.minimum
    text = BOUNDS.get((_is_in(least, info.minimum_excluded), _is_in(info.maximum, info.maximum_excluded)))
    return tr(text, least=plain(info.minimum), most=plain(info.maximum)) if text else ""


def _is_in(bound: float | None, excluded: bool) -> bool | None:
    return None if bound is None else not excluded
