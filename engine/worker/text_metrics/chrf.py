"""chrF, the overlap of character sequences, computed by `sacrebleu`.

It needs no words, so it reads every language and every script alike. Knows nothing of models.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any


@cache
def _metric() -> Any:
    from sacrebleu.metrics.chrf import CHRF

    return CHRF()


def score(predictions: Sequence[str], references: Sequence[Sequence[str]]) -> list[float]:
    """Return chrF of every example, 0 to 1, against the best of its references, of which it has at least one."""
    return [
        _metric().sentence_score(prediction, list(several)).score / 100
        for prediction, several in zip(predictions, references, strict=True)
    ]
