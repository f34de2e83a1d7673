"""Metrics of written summaries: every metric of `engine.scoring.metrics` for each example, means, paired differences.

Knows nothing of models or how summaries are written.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from engine.adapters.metadata import Scores
from engine.scoring import bootstrap, faithfulness
from engine.scoring.metrics import MEASURES, UNSTEMMED
from engine.text.conversations import Example
from engine.worker.evaluation import rouge
from engine.worker.evaluation.score_cache import Measured
from engine.worker.generation.generate import Generated

Differences = dict[str, dict[str, Any]]
Lists = dict[str, list[float]]

_WORD = re.compile(r"\w+(?:['’]\w+)*")


def references(example: Example) -> tuple[str, ...]:
    """Return all reference summaries of an example."""
    return (example.summary, *example.more_references)


def measure(examples: Sequence[Example], written: Sequence[Generated], cut: int, seconds: float) -> Measured:
    """Return all that is measured of summaries; `cut` conversations were too long, writing took `seconds`."""
    summaries = tuple(one.text for one in written)
    wanted = [references(example) for example in examples]
    found = rouge.score_all(summaries, wanted)
    return Measured(
        examples=tuple(example.id for example in examples),
        summaries=summaries,
        rouge=found.stemmed,
        more={UNSTEMMED[name]: values for name, values in found.unstemmed.items()}
        | {"capped": [float(one.capped) for one in written]}
        | _of_texts(summaries, [example.conversation for example in examples]),
        cut=cut,
        unreadable=rouge.unreadable([" ".join(several) for several in wanted]),
        tokens=sum(len(one.ids) for one in written),
        seconds=seconds,
    )


def _of_texts(summaries: Sequence[str], conversations: Sequence[str]) -> Lists:
    rows = [_of_text(*texts) for texts in zip(summaries, conversations, strict=True)]
    return {name: [row[name] for row in rows] for name in ("words", "novel1", "novel2", "unsupported")}


def _of_text(summary: str, conversation: str) -> dict[str, float]:
    written, said = _words(summary), _words(conversation)
    return {
        "words": float(len(written)),
        "novel1": _share_outside(written, set(said)),
        "novel2": _share_outside(list(pairwise(written)), set(pairwise(said))),
        "unsupported": faithfulness.checked(summary, conversation).share,
    }


def _words(text: str) -> list[str]:
    """Return the words of a text in any script."""
    return _WORD.findall(text.casefold())


def _share_outside(parts: Sequence[object], known: set[Any]) -> float:
    """Return the share of the parts that are not known; nothing written is nothing new."""
    return sum(part not in known for part in parts) / len(parts) if parts else 0.0


def spreads(lists: Lists, draws: int) -> Scores:
    """Return the mean and interval of each measure."""
    return {name: bootstrap.interval(values, draws).as_dict() for name, values in lists.items()}


def differences(before: Lists, after: Lists, draws: int) -> Differences:
    """Return the paired difference of each measure that both have, with its verdict."""
    return {
        name: bootstrap.difference_dict(
            bootstrap.difference(before[name], values, draws), MEASURES[name].good
        )
        for name, values in after.items()
        if name in before
    }
