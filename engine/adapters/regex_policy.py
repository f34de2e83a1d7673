"""Patterns for the names of a model's modules that come from strangers: whether they end in time.

A regular expression can try so many ways to match that it never ends. Those that are let through have few.
"""

from __future__ import annotations

import math
import re

LONGEST = 2_000
# What one name may cost; a name takes at most a microsecond for fifty of them, and a model has hundreds of names.
MOST_WAYS = 500_000
LONGEST_NAME = 64
_ONE = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
_BACK = re.compile(r"\\[1-9]|\(\?P=|\(\?\(")
_REPEATED_GROUP = re.compile(r"\)(?:[*+]|\{)")
_OPENING = re.compile(r"\(\?(?:P<\w+>|<?[=!:]|[a-zA-Z\-]+:)?")
_REPEAT = re.compile(r"(?:[*+?]|\{\d*,\d*\})[?+]?")


def is_quick(pattern: str) -> bool:
    """Tell whether a regular expression is sound and ends in time on any module's name."""
    if len(pattern) > LONGEST or _BACK.search(pattern):
        return False
    # One character, however it is written, is one to match.
    plain = _ONE.sub("x", pattern)
    if _REPEATED_GROUP.search(plain) or _ways(plain) > MOST_WAYS:
        return False
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return False
    return True


def _ways(plain: str) -> int:
    """Return about how many ways there are to match a name: by what is repeated, and by what may be chosen."""
    plain = _OPENING.sub("(", plain)
    repeats = len(_REPEAT.findall(plain))
    choices, open_groups = 1, [1]
    for letter in plain:
        if letter == "(":
            open_groups.append(1)
        elif letter == "|":
            open_groups[-1] += 1
        elif letter == ")" and len(open_groups) > 1:
            choices *= open_groups.pop()
    return math.comb(LONGEST_NAME + repeats, repeats) * choices * math.prod(open_groups)
