"""What is measured of summaries beside a reference: one declaration, which scoring, reports and tables read.

Every measure is a number for each summary, so that it can be averaged, given an interval and paired.
Knows nothing of how they are computed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Unit = Literal["points", "words", "share"]
Good = Literal["higher", "lower", "neither"]


@dataclass(frozen=True)
class Metric:
    """One measure. Points and shares are fractions 0 to 1 in files; `good` says which way is better, if either is."""

    name: str
    title: str
    unit: Unit
    good: Good
    help: str


_ROUGE_HELP = {
    "rouge1": "Words that summary and reference share.",
    "rouge2": "Pairs of neighbouring words that summary and reference share.",
    "rougeL": "The longest run of words in the same order, gaps allowed.",
    "rougeLsum": "The same, sentence by sentence.",
}
ROUGE_TITLES = {"rouge1": "ROUGE-1", "rouge2": "ROUGE-2", "rougeL": "ROUGE-L", "rougeLsum": "ROUGE-Lsum"}

ROUGE = tuple(
    Metric(name, title, "points", "higher", f"{_ROUGE_HELP[name]} Forms of a word count as one.")
    for name, title in ROUGE_TITLES.items()
)
UNSTEMMED = {name: f"{name}_unstemmed" for name in ROUGE_TITLES}
OTHER_METRICS = (
    *(
        Metric(
            UNSTEMMED[name],
            f"{title}, no stemmer",
            "points",
            "higher",
            f"{_ROUGE_HELP[name]} Letter by letter.",
        )
        for name, title in ROUGE_TITLES.items()
    ),
    Metric("words", "Length in words", "words", "neither", "Words of a summary."),
    Metric(
        "novel1", "New words", "share", "neither", "Share of a summary's words that the conversation lacks."
    ),
    Metric(
        "novel2",
        "New word pairs",
        "share",
        "neither",
        "Share of its pairs of words that the conversation lacks.",
    ),
    Metric(
        "capped", "Cut by the limit", "share", "lower", "Share of summaries that reach the longest length."
    ),
    Metric(
        "unsupported",
        "Not in the conversation",
        "share",
        "lower",
        "Share of a summary's names, numbers, times and dates that do not stand in the conversation, by pattern.",
    ),
)
METRICS = {measure.name: measure for measure in (*ROUGE, *OTHER_METRICS)}
