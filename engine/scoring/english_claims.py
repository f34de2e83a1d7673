"""Reads the claims of English texts: names, numbers, times and dates, by pattern.

Claims have all their possible meanings: "5 pm" is 17:00, "two" is 2. Knows nothing of conversations.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from engine.scoring.claims import (
    Claim,
    ClaimKind,
    Fact,
    Reading,
    begins_sentence,
    clock_time,
    day_and_month,
    digits,
    iso_date,
    value_of,
)

# Of many texts: most words come again and again.
CACHED_WORDS = 65_536


def _split(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_UNITS = _split(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
)
_TENS = _split("twenty thirty forty fifty sixty seventy eighty ninety")
_NUMBER_WORDS = (
    {word: float(value) for value, word in enumerate(_UNITS)}
    | {word: 10.0 * value for value, word in enumerate(_TENS, start=2)}
    | {"dozen": 12.0, "hundred": 100.0, "thousand": 1000.0}
)
_DAYS = _split("monday tuesday wednesday thursday friday saturday sunday")
_MONTHS = _split("january february march april may june july august september october november december")
_RELATIVE = _split("tomorrow yesterday")
_SHORT = {name[:3]: name for name in (*_DAYS, *_MONTHS)} | {
    "tues": "tuesday",
    "thur": "thursday",
    "thurs": "thursday",
    "sept": "september",
    "tmrw": "tomorrow",
    "tmr": "tomorrow",
    "2moro": "tomorrow",
}
_DATE_WORDS: dict[str, Fact] = {
    name: (table, float(index))
    for table, names in (("day", _DAYS), ("month", _MONTHS), ("relative", _RELATIVE))
    for index, name in enumerate(names)
}

_SPELLED = "|".join(_NUMBER_WORDS)
# What begins with a digit is tried at digits alone, and a spelled number at its first letters: half of the time.
_FIRST_LETTERS = "".join(sorted({word[0] for word in _NUMBER_WORDS}))
_TOKENS = re.compile(
    rf"""
    (?=\d)(?:
      (?P<iso>      \b\d{{4}}-\d{{2}}-\d{{2}}\b )
    | (?P<slashed>  \b\d{{1,2}}(?:/\d{{1,2}}|\.\d{{1,2}}\.(?=\s|\d|$))(?:/?\d{{2,4}})?(?!\w) )
    | (?P<clock>    \b\d{{1,2}}:\d{{2}}(?:\s?[ap]\.?m\b\.?)? | \b\d{{1,2}}\.\d{{2}}\s?[ap]\.?m\b\.? )
    | (?P<hour>     \b\d{{1,2}}\s?(?:[ap]\.?m\b\.?|o['’]clock\b) )
    | (?P<ordinal>  \b\d{{1,2}}(?:st|nd|rd|th)\b )
    | (?P<number>   (?<![\w.,])\d+(?:[,’'\u202f\u00a0]\d{{3}})*(?:\.\d+)?(?:k\b|(?!\w))
                  | (?<![\w.,])\d+(?=[a-z]{{1,4}}\b) )
    )
    | (?P<spoken>   \b(?:half|quarter)\s(?:past|to)\s(?:{"|".join(_UNITS[1:13])}|\d{{1,2}})\b )
    | (?P<noon>     \b(?:noon|midday|midnight)\b )
    | (?P<spelled>  \b(?=[{_FIRST_LETTERS}])(?:(?:{_SPELLED})[-\s])*(?:{_SPELLED})\b )
    | (?P<word>     [^\W\d_]+(?:['’-][^\W\d_]+)* | \d\w+ )
    """,
    re.VERBOSE | re.IGNORECASE,
)


def claimed(text: str) -> list[Reading]:
    """Return the numbers, times and dates that a text claims, each with all its possible meanings."""
    found = []
    for match in _TOKENS.finditer(text):
        kind, facts = _meaning(str(match.lastgroup), match[0])
        if facts and _is_claimed(match[0], match.start(), text):
            found.append(Reading(Claim(match.start(), match.end(), match[0], kind), facts))
    return found


def facts_and_words(text: str) -> tuple[frozenset[Fact], frozenset[str]]:
    """Return what claims are supported by: all facts of a text, and its words, hyphenated ones whole and in parts."""
    facts: set[Fact] = set()
    found: set[str] = set()
    for match in _TOKENS.finditer(text):
        group = str(match.lastgroup)
        facts |= _meaning(group, match[0])[1]
        if group == "word":
            found |= _words(match[0])
    return frozenset(facts), frozenset(found)


@lru_cache(maxsize=CACHED_WORDS)
def _words(token: str) -> frozenset[str]:
    whole = plain(token)
    return frozenset((whole, *re.split(r"['’-]", whole)))


def _is_claimed(word: str, start: int, text: str) -> bool:
    """Tell whether a word is a claim: "one of them", "may" and short forms such as "sat" mostly are not."""
    lower = word.lower()
    if lower in ("may", "march"):
        return word[0].isupper() and not begins_sentence(text, start)
    return lower not in ("zero", "one", *_SHORT)


@lru_cache(maxsize=CACHED_WORDS)
def _meaning(group: str, text: str) -> tuple[ClaimKind, frozenset[Fact]]:
    kind, read = _READERS[group]
    return kind, frozenset(read(text.lower()))


def _hour(text: str) -> set[Fact]:
    (hour,) = digits(text)
    return {clock_time(hour, 0), ("number", float(hour))}


def _word(text: str) -> set[Fact]:
    plain = re.sub(r"['’]s$", "", text)
    name = _SHORT.get(plain, plain)
    fact = _DATE_WORDS.get(name) or _DATE_WORDS.get(name.removesuffix("s"))
    return {fact} if fact else set()


def _spelled(text: str) -> set[Fact]:
    value = 0.0
    for word in re.split(r"[-\s]", text):
        number = _NUMBER_WORDS[word]
        value = max(value, 1.0) * number if word in ("hundred", "thousand") else value + number
    return _number(f"{value:g}")


def _spoken(text: str) -> set[Fact]:
    part, side, hour = text.split()
    value = digits(hour)[0] if hour.isdigit() else int(_NUMBER_WORDS[hour])
    minutes = 30 if part == "half" else 15
    return {clock_time(value, minutes) if side == "past" else clock_time(value + 11, 60 - minutes)}


def _number(text: str) -> set[Fact]:
    """Return the value of a number, and the time of day it may mean: "at 5", "4.30"."""
    thousands = text.endswith("k")
    plain = re.sub(r"[,’'\u202f\u00a0]", "", text.removesuffix("k"))
    value = value_of(plain) * (1000 if thousands else 1)
    facts: set[Fact] = {("number", value)}
    if re.fullmatch(r"\d{1,2}\.[0-5]\d", plain) and value < 25:
        facts.add(clock_time(int(value), int(plain[-2:])))
    elif value == int(value) and value <= 24:
        facts.add(clock_time(int(value), 0))
    return facts


_READERS: dict[str, tuple[ClaimKind, Callable[[str], set[Fact]]]] = {
    "iso": ("date", iso_date),
    "slashed": ("date", day_and_month),
    "clock": ("time", lambda text: {clock_time(*digits(text))}),
    "hour": ("time", _hour),
    "spoken": ("time", _spoken),
    "noon": ("time", lambda _: {clock_time(12, 0)}),
    "ordinal": ("date", lambda text: {("number", float(digits(text)[0]))}),
    "number": ("number", _number),
    "spelled": ("number", _spelled),
    "word": ("date", _word),
}

# Words at the start of sentences that are no names.
_NO_NAMES = frozenset(
    _split(
        "a about after afterwards all also although an and another any anyone anything as at because "
        "before being both but by dinner each either even every everybody everyone everything few "
        "finally first food for from he her here his home how however i if in instead it its just "
        "last lastly later let lunch many maybe meanwhile more most my neither next no nobody none "
        "not nothing now of on once only or other others otherwise our payment people perhaps rent "
        "second several she since so some somebody someone something soon still than that the their "
        "them then there these they this those though today together tonight too traffic two under "
        "until up upon us we what when where whether which while who whoever whose why with without "
        "work yes yet you your"
    )
)
_AFTER_A_NAME = re.compile(
    r"""  ['’]s\b
       |  \s+and\s+[A-Z]
       |  ,\s+[A-Z]
       |  \s+(?:is|was|has|had|will|would|can|could|does|did|may|might|must|should|won|don|couldn)\b
       |  \s+[a-z]+(?:s|ed)\b """,
    re.VERBOSE,
)


def names(summary: str) -> Iterator[Claim]:
    """Yield the names: capitalised words, at the start of a sentence only those with a verb or in a list."""
    for match in _TOKENS.finditer(summary):
        word = re.sub(r"['’]s$", "", match["word"] or "")
        if not word[:1].isupper():
            continue
        first = re.split(r"['’]", word.lower())[0]
        if len(first) < 2 or first in _NO_NAMES or _word(word.lower()):
            continue
        end = match.start() + len(word)
        acts = not word.lower().endswith("ing") and _AFTER_A_NAME.match(summary[end:])
        if not begins_sentence(summary, match.start()) or acts:
            yield Claim(match.start(), end, word, "name")


def plain(word: str) -> str:
    """Return a word as `facts_and_words` has it."""
    return re.sub(r"['’]s$", "", word.casefold())
