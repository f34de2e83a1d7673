"""chrF, the overlap of character sequences, computed by `sacrebleu`.

It needs no words, so it reads every language and every script alike: letters composed or not, wide or narrow, are the
same. Knows nothing of models.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from engine.text.words import characters


@cache
def _metric() -> Any:
    from sacrebleu.metrics.chrf import CHRF

    return CHRF()


def score(predictions: Sequence[str], references: Sequence[Sequence[str]]) -> list[float]:
    """Return chrF of every example, 0 to 1, against the best of its references, of which it has at least one."""
    return [
        _metric().sentence_score(characters(prediction), [*map(characters, several)]).score / 100
        for prediction, several in zip(predictions, references, strict=True)
    ]
