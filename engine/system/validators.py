"""What values from files must be before they are counted, compared or shown: whoever wrote them may have been wrong.

Each check takes anything and says yes or no. Knows nothing of the files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, get_args

# The last two are said of measures where neither way is better.
Verdict = Literal["better", "no measurable difference", "worse", "higher", "lower"]
Check = Callable[[Any], bool]

VERDICTS = frozenset(get_args(Verdict))
SCORE = "rouge1"
# Above every count and measure there is; also NaN and infinity are not below.
MAX_MAGNITUDE = 1e18


def is_number(value: object) -> bool:
    """Tell whether it is a finite number that can be reckoned with."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < MAX_MAGNITUDE


def is_count(value: object) -> bool:
    """Tell whether it is a whole number from 0 on."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < MAX_MAGNITUDE


def is_text(value: object) -> bool:
    """Tell whether it is text."""
    return isinstance(value, str)


def is_flag(value: object) -> bool:
    """Tell whether it is yes or no."""
    return isinstance(value, bool)


def is_one_of(*words: str) -> Check:
    """Return the check for one of these words."""
    return lambda value: isinstance(value, str) and value in words


def is_list_of(check: Check) -> Check:
    """Return the check for a list whose every value is as `check` says."""
    return lambda value: isinstance(value, list | tuple) and all(map(check, value))


def is_table_of(check: Check) -> Check:
    """Return the check for a table whose every value is as `check` says."""
    return lambda value: isinstance(value, Mapping) and all(map(check, value.values()))


def has(needed: Mapping[str, Check], known: Mapping[str, Check] | None = None) -> Check:
    """Return the check for a table with all that is `needed`; what else is `known` may be absent or null."""

    def holds(value: object) -> bool:
        return (
            isinstance(value, Mapping)
            and all(name in value and check(value[name]) for name, check in needed.items())
            and all(value.get(name) is None or check(value[name]) for name, check in (known or {}).items())
        )

    return holds


_ENDS: Mapping[str, Check] = {"low": is_number, "high": is_number}
is_interval = has({"mean": is_number}, _ENDS)
is_difference = has({"mean": is_number, "verdict": is_one_of(*VERDICTS)}, _ENDS)
# What else was measured: a later version may measure more.
are_intervals = is_table_of(is_interval)
are_differences = is_table_of(is_difference)
is_protocol = has(
    {},
    {
        "split": is_text,
        "examples": is_count,
        "beams": is_count,
        "max_new_tokens": is_count,
        "references": has({}, {"most": is_count}),
    },
)


def are_scores(value: object) -> bool:
    """Tell whether it is scores by name, the one that everything is sorted and judged by among them."""
    return are_intervals(value) and isinstance(value, Mapping) and SCORE in value


def are_score_differences(value: object) -> bool:
    """Tell whether it is differences of scores, the one that the verdict is of among them."""
    return are_differences(value) and isinstance(value, Mapping) and SCORE in value
