"""How many conversations a run and its verdict need."""

from __future__ import annotations

# No verdict on fewer: resamples of a handful of conversations are hardly different from one another.
MIN_EXAMPLES = 10
# A verdict on fewer says so.
ENOUGH_EXAMPLES = 30
# A model learns little from fewer.
ENOUGH_TO_LEARN = 30


def is_on_few(examples: int) -> bool:
    """Tell whether a verdict has to say that it is on few conversations."""
    return MIN_EXAMPLES <= examples < ENOUGH_EXAMPLES
