"""Type checks for untrusted values from files; each takes any value and returns a bool."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator

from engine.messages import say

# "higher" and "lower" are for metrics where neither direction is better.
Verdict = Literal["better", "no measurable difference", "worse", "higher", "lower", "too few to tell"]
Check = Callable[[Any], bool]

VERDICTS = frozenset(get_args(Verdict))
SCORE = "rouge1"
# Above every real value; NaN and infinity are not below it.
MAX_MAGNITUDE = 1e18


def _folder_name(value: str) -> str:
    if value and (PurePath(value).name != value or value == ".." or "\0" in value):
        raise ValueError(say("{} is not a valid folder name", repr(value[:100])))
    return value


# The id of a run or an adapter in an untrusted file: the name of one folder, or "".
FolderName = Annotated[str, AfterValidator(_folder_name)]


def is_number(value: object) -> bool:
    """Tell whether it is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < MAX_MAGNITUDE


def is_count(value: object) -> bool:
    """Tell whether it is an integer of at least 0."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < MAX_MAGNITUDE


def is_text(value: object) -> bool:
    return isinstance(value, str)


def is_flag(value: object) -> bool:
    return isinstance(value, bool)


def is_one_of(*words: str) -> Check:
    return lambda value: isinstance(value, str) and value in words


def is_list_of(check: Check) -> Check:
    """Return the check for a list whose values all pass `check`."""
    return lambda value: isinstance(value, list | tuple) and all(map(check, value))


def is_table_of(check: Check) -> Check:
    """Return the check for a table whose values all pass `check`."""
    return lambda value: isinstance(value, Mapping) and all(map(check, value.values()))


def has(needed: Mapping[str, Check], known: Mapping[str, Check] | None = None) -> Check:
    """Return the check for a table with all `needed` keys; `known` keys may be absent or null."""

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
# A later version may have more metrics.
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
        "general_text": has({}, {"text": is_text, "digest": is_text, "passages": is_count}),
    },
)


def are_scores(value: object) -> bool:
    """Tell whether it is scores by name, including the ranking score."""
    return are_intervals(value) and isinstance(value, Mapping) and SCORE in value


def are_score_differences(value: object) -> bool:
    """Tell whether it is differences of scores by name, including the ranking score."""
    return are_differences(value) and isinstance(value, Mapping) and SCORE in value
