"""Refuses regular expressions that could take too long on module names.

Matching can backtrack so often that it never ends; accepted expressions have few ways to match.
"""

from __future__ import annotations

import math
import re

MAX_PATTERN_LENGTH = 2_000
# Ways to match one name. Fifty of them take at most a microsecond, and a model has hundreds of names.
MAX_WAYS = 500_000
MAX_NAME_LENGTH = 64
_ONE = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
_BACK = re.compile(r"\\[1-9]|\(\?P=|\(\?\(")
_REPEATED_GROUP = re.compile(r"\)(?:[*+]|\{)")
_OPENING = re.compile(r"\(\?(?:P<\w+>|<?[=!:]|[a-zA-Z\-]+:)?")
_REPEAT = re.compile(r"(?:[*+?]|\{\d*,\d*\})[?+]?")


def is_safe(pattern: str) -> bool:
    """Tell whether a regular expression is valid and ends soon on any module name."""
    if len(pattern) > MAX_PATTERN_LENGTH or _BACK.search(pattern):
        return False
    # An escape and a class match one character.
    plain = _ONE.sub("x", pattern)
    if _REPEATED_GROUP.search(plain) or _ways(plain) > MAX_WAYS:
        return False
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return False
    return True


def _ways(plain: str) -> int:
    """Estimate how many ways there are to match a name: by repeats and by alternatives."""
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
    return math.comb(MAX_NAME_LENGTH + repeats, repeats) * choices * math.prod(open_groups)
