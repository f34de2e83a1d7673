"""Declares every metric, for scoring, reports and tables.

A metric is one value for each summary, so that it can be averaged, given an interval and paired; the loss on general
text is one for each of its passages. Knows nothing of how metrics are computed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from engine.messages import say
from engine.scoring import claims
from engine.text.languages import has_capitals

Unit = Literal["points", "words", "fraction", "nats"]
Good = Literal["higher", "lower", "neither"]
# Names can't be found in scripts without capitals, days and months in languages without a table.
Untold = Literal["names", "dates", "both"]


@dataclass(frozen=True)
class Metric:
    """One metric. Points and fractions are 0 to 1 in files; `good` is the better direction, if there is one."""

    name: str
    title: str
    unit: Unit
    good: Good
    help: str


_ROUGE_HELP = {
    "rouge1": "Words in both summary and reference.",
    "rouge2": "Pairs of adjacent words in both.",
    "rougeL": "Longest sequence of words in both, with gaps.",
    "rougeLsum": "The same, per sentence.",
}
ROUGE_TITLES = {"rouge1": "ROUGE-1", "rouge2": "ROUGE-2", "rougeL": "ROUGE-L", "rougeLsum": "ROUGE-Lsum"}

ROUGE = tuple(
    Metric(name, title, "points", "higher", say("{} Words are stemmed.", _ROUGE_HELP[name]))
    for name, title in ROUGE_TITLES.items()
)
UNSTEMMED = {name: f"{name}_unstemmed" for name in ROUGE_TITLES}
CHRF = Metric(
    "chrf",
    "chrF",
    "points",
    "higher",
    "Sequences of 1 to 6 characters in both. Works the same in every language.",
)
# What stands first wherever scores are shown.
HEADLINE = (*ROUGE, CHRF)
HEADLINE_TITLES = {metric.name: metric.title for metric in HEADLINE}
# The loss on general text.
GENERAL_LOSS = "general_loss"
OTHER_METRICS = (
    CHRF,
    *(
        Metric(
            UNSTEMMED[name],
            f"{title}, no stemmer",
            "points",
            "higher",
            say("{} Words are not stemmed.", _ROUGE_HELP[name]),
        )
        for name, title in ROUGE_TITLES.items()
    ),
    Metric("words", "Length in words", "words", "neither", "Words in a summary."),
    Metric(
        "novel1", "New words", "fraction", "neither", "Fraction of words that are not in the conversation."
    ),
    Metric(
        "novel2",
        "New word pairs",
        "fraction",
        "neither",
        "Fraction of word pairs that are not in the conversation.",
    ),
    Metric("capped", "Truncated", "fraction", "lower", "Fraction of summaries that end at the length limit."),
    Metric(
        "unsupported",
        "Not in the conversation",
        "fraction",
        "lower",
        "Fraction of names, numbers, times and dates that are not in the conversation. Names need "
        "capital letters; number words are read in English only.",
    ),
    Metric(
        GENERAL_LOSS,
        "Loss on general text",
        "nats",
        "lower",
        "Loss on unrelated text, in nats per token. It rises if the model forgets.",
    ),
)
METRICS = {measure.name: measure for measure in (*ROUGE, *OTHER_METRICS)}


def languages_read(protocol: Mapping[str, Any]) -> dict[str, int]:
    """Return the languages in which a protocol reads words, with their numbers of examples; {} for English alone."""
    metric = protocol.get("metric")
    found = metric.get("languages") if isinstance(metric, Mapping) else None
    return dict(found) if isinstance(found, Mapping) else {}


def untold(protocol: Mapping[str, Any]) -> dict[Untold, list[str]]:
    """Return what can't be told of summaries, with the languages of a protocol in which it can't."""
    found: dict[Untold, list[str]] = {}
    for code in languages_read(protocol):
        names, dates = has_capitals(code), claims.dates_are_known(code)
        if not (names and dates):
            what: Untold = "names" if dates else "dates" if names else "both"
            found.setdefault(what, []).append(code)
    return found


# How many conversations a run and its verdict need

# No verdict on fewer: resamples of a handful of conversations are hardly different from one another.
MIN_EXAMPLES = 10
# A verdict on fewer carries a remark.
ENOUGH_EXAMPLES = 30
# A model learns little from fewer.
ENOUGH_TO_LEARN = 30


def is_on_few(examples: int) -> bool:
    """Tell whether a verdict has to say that it is on few conversations."""
    return MIN_EXAMPLES <= examples < ENOUGH_EXAMPLES
