"""The limits of summaries where a recipe sets none: they follow the reference summaries of its data.

Knows lengths in tokens, and nothing of texts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

AUTOMATIC = 0
STEP = 64
# A longer "summary" is a damaged row more often than a summary, and memory is reserved for the longest.
HIGHEST = 1024
# A base model that finds no end writes up to the limit for each conversation, so that a few long references cost much.
WRITTEN_IN_FULL = 0.99
# A limit below leaves no summary beside its special tokens.
LOWEST_BY_HAND = 4


def label_limit(longest: int) -> int:
    """Return the limit of labels that holds a reference summary of so many tokens, in steps, up to `HIGHEST`."""
    return min(HIGHEST, max(1, math.ceil(longest / STEP)) * STEP)


def output_limit(lengths: Sequence[int]) -> int:
    """Return the limit of written summaries: it holds all references but the longest hundredth."""
    held = sorted(lengths)[: math.ceil(WRITTEN_IN_FULL * len(lengths))]
    return label_limit(held[-1] if held else 0)
