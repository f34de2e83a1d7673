"""Reads numbers, times and dates in any language but English: digits of all scripts, and names of days and months.

A text is read as if all its digits were 0 to 9; numbers in words are not read. Knows nothing of conversations or names.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import cache

from engine.scoring import claim_words
from engine.scoring.claim_words import ANY_ENDING, ClaimWords
from engine.scoring.claims import (
    Claim,
    ClaimKind,
    Fact,
    Reading,
    clock_time,
    day_and_month,
    digits,
    iso_date,
    value_of,
)

_PUNCTUATION = {"：": ":", "／": "/", "．": ".", "，": ",", "٫": ".", "٬": ","}
_MULTIPLIERS = {"k": 1e3, "万": 1e4, "萬": 1e4, "만": 1e4, "億": 1e8, "亿": 1e8, "억": 1e8}
# Marks of Indic scripts, Arabic and Hebrew are parts of words, but none for `re`.
_MARKS = "\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0900-\u0dff"
_BEFORE, _AFTER = rf"(?<![\w{_MARKS}])", rf"(?![\w{_MARKS}])"
_NUMBERS = (
    r"(?P<iso>\b\d{4}-\d{2}-\d{2}\b)",
    # From a number's beginning alone: otherwise a long one would be read anew from each of its digits.
    r"(?P<east_time>(?<!\d)\d+\s?[点點時时시](?![間间])(?:\s?(?:半|반|\d+\s?[分분]))?)",
    r"(?P<east_month>(?<!\d)\d+\s?[月월])",
    r"(?P<slashed>(?<![\d.,/])(?:\d{1,2}/\d{1,2}(?:/\d{2,4})?|\d{1,2}\.\s?\d{1,2}\.(?:\s?\d{4})?)(?![\d/]))",
    r"(?P<clock>(?<![\d.,:])\d{1,2}(?::|\s?h\s?)\d{2}(?![\d:]))",
    (
        r"(?P<number>(?<![A-Za-z\d.,])\d+(?:[.,’'\u202f\u00a0]\d{3}(?!\d))*(?:[.,]\d+)?"
        rf"(?:\s?[{''.join(_MULTIPLIERS)}](?![a-z]))?)"
    ),
)


def readings(text: str, language: str) -> Iterator[Reading]:
    """Yield every number, time and date of a text with all its possible meanings."""
    words = claim_words.of(language)
    for match in _tokens(language).finditer(_plain(text)):
        if match.lastgroup == "date":
            kind: ClaimKind = "date"
            facts = _date(match["name"].lower(), words)
            if _is_morning(facts, match, words):
                facts = set()
        else:
            kind, read = _READERS[str(match.lastgroup)]
            facts = read(match[0].lower())
        if facts:
            start, end = match.span()
            yield Reading(Claim(start, end, text[start:end], kind), frozenset(facts))


def claimed(text: str, language: str) -> list[Reading]:
    """Return the numbers, times and dates that a text claims; short names of days mostly mean something else."""
    unclaimed = claim_words.of(language).unclaimed
    return [reading for reading in readings(text, language) if reading.claim.text.lower() not in unclaimed]


def _is_morning(facts: set[Fact], match: re.Match[str], words: ClaimWords) -> bool:
    """Tell whether a word for tomorrow means the morning: "am Morgen", "por la mañana"."""
    before = match.string[: match.start()].split()
    return ("relative", 0.0) in facts and bool(before) and before[-1].lower() in words.not_after


def _plain(text: str) -> str:
    """Return a text with digits and punctuation of all scripts as ASCII, each at its own index."""
    if text.isascii():
        return text
    return "".join(
        str(unicodedata.decimal(letter)) if letter.isdecimal() else _PUNCTUATION.get(letter, letter)
        for letter in text
    )


@cache
def _tokens(language: str) -> re.Pattern[str]:
    words = claim_words.of(language)
    if not words.facts:
        return re.compile("|".join(_NUMBERS), re.IGNORECASE)
    before, after = ("", "") if words.spaceless else (_BEFORE, _AFTER)
    if words.prefixes:
        before += rf"(?:[{words.prefixes}]|ال|وال|بال|لل)?"
    names = [_alternatives(words.facts), *(f"{re.escape(each)}{ANY_ENDING}" for each in words.beginnings)]
    date = rf"(?P<date>{before}(?P<name>{'|'.join(names)}){after})"
    return re.compile("|".join((*_NUMBERS, date)), re.IGNORECASE)


def _alternatives(forms: Iterable[str]) -> str:
    return "|".join(re.escape(form).replace(r"\ ", r"\s") for form in sorted(forms, key=len, reverse=True))


def _date(name: str, words: ClaimWords) -> set[Fact]:
    name = re.sub(r"\s", " ", name)
    if name in words.facts:
        return words.facts[name]
    return next((meant for begin, meant in words.beginnings.items() if name.startswith(begin)), set())


def _clock(text: str) -> set[Fact]:
    return {clock_time(*digits(text)[:2])}


def _east_asian_time(text: str) -> set[Fact]:
    hour, *others = digits(text)
    minute = 30 if "半" in text or "반" in text else sum(others)
    return {clock_time(hour, minute)} | (set() if minute else {("number", float(hour))})


def _east_asian_month(text: str) -> set[Fact]:
    return {("month", digits(text)[0] - 1.0)}


def _number(text: str) -> set[Fact]:
    """Return the values that a number may have: 1.000 is 1000 or 1, "3,50" is 3.5; and the time of day: "17.30"."""
    multiplier = _MULTIPLIERS.get(text[-1], 1.0)
    plain = re.sub(r"[’'\u202f\u00a0\s]", "", text.rstrip("".join(_MULTIPLIERS)))
    parts = re.split(r"[.,]", plain)
    values = (
        {value_of("".join(parts))} if len(parts) == 1 or all(len(part) == 3 for part in parts[1:]) else set()
    )
    if len(parts) > 1:
        values.add(value_of(f"{''.join(parts[:-1])}.{parts[-1]}"))
    facts: set[Fact] = {("number", value * multiplier) for value in values}
    if re.fullmatch(r"\d{1,2}[.,][0-5]\d", plain) and int(parts[0]) < 25:
        facts.add(clock_time(int(parts[0]), int(parts[1])))
    elif len(parts) == 1 and value_of(plain) <= 24:
        facts.add(clock_time(int(value_of(plain)), 0))
    return facts


_READERS: dict[str, tuple[ClaimKind, Callable[[str], set[Fact]]]] = {
    "iso": ("date", iso_date),
    "east_time": ("time", _east_asian_time),
    "east_month": ("date", _east_asian_month),
    "slashed": ("date", day_and_month),
    "clock": ("time", _clock),
    "number": ("number", _number),
}
