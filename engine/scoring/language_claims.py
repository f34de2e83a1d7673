"""Reads numbers, times and dates in any language but English: digits of all scripts, and the words of its table.

A text is read as if all its digits were 0 to 9. Knows nothing of conversations or names.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import cache

from engine.scoring import claim_words
from engine.scoring.claim_words import ANY_ENDING, ClaimWords
from engine.scoring.claims import LARGEST, Claim, ClaimKind, Fact, Reading, clock_time, digits, value_of

_PUNCTUATION = {"：": ":", "／": "/", "．": ".", "，": ",", "٫": ".", "٬": ","}
_HAN = dict(zip("〇零一二两兩三四五六七八九", (0, 0, 1, 2, 2, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))
_HAN_UNITS = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "萬": 10_000}
_MULTIPLIERS = {"k": 1e3, "万": 1e4, "萬": 1e4, "만": 1e4, "億": 1e8, "亿": 1e8, "억": 1e8}
# Letters that need no space beside numbers and dates.
_SPACELESS = "\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
# Marks of Indic scripts, Arabic and Hebrew are parts of words, but none for `re`.
_MARKS = "\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0900-\u0dff"
_BEFORE, _AFTER = rf"(?<![\w{_MARKS}])", rf"(?![\w{_MARKS}])"
TEN, HUNDRED = 10.0, 100.0
# A longer one is no number that anybody says, and would be read anew from each of its characters on.
_NUMERAL = rf"[{''.join((*_HAN, *_HAN_UNITS))}]{{1,20}}"


def readings(text: str, language: str) -> Iterator[Reading]:
    """Yield every number, time and date of a text with all its possible meanings."""
    words = claim_words.of(language)
    for match in _tokens(language).finditer(_plain(text)):
        kind, read = _READERS[str(match.lastgroup)]
        facts = read(match[0].lower(), words)
        if facts and not _is_morning(facts, match, words):
            start, end = match.span()
            yield Reading(Claim(start, end, text[start:end], kind), frozenset(facts))


def _is_morning(facts: set[Fact], match: re.Match[str], words: ClaimWords) -> bool:
    """Tell whether a word for tomorrow means the morning: "am Morgen", "por la mañana"."""
    before = match.string[: match.start()].split()
    return ("relative", 0.0) in facts and bool(before) and before[-1].lower() in words.not_after


def claimed(text: str, language: str) -> list[Reading]:
    """Return the numbers, times and dates that a text claims; "one of them" and the like mostly are not."""
    words = claim_words.of(language)
    return [
        reading
        for reading in readings(text, language)
        if reading.claim.text.lower() not in words.unclaimed and not _is_small_word(reading)
    ]


def _is_small_word(reading: Reading) -> bool:
    has_digits = any(map(str.isdecimal, reading.claim.text))
    return not has_digits and bool(reading.facts & {("number", 0.0), ("number", 1.0)})


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
    hour = rf"(?:{_alternatives([*words.numbers])}|\d{{1,2}})" if words.numbers else r"\d{1,2}"
    patterns = [
        r"(?P<iso>\b\d{4}-\d{2}-\d{2}\b)",
        *_hour_patterns(words, hour),
        *_east_asian_patterns(words),
        r"(?P<slashed>(?<![\d.,/])(?:\d{1,2}/\d{1,2}(?:/\d{2,4})?|\d{1,2}\.\s?\d{1,2}\.(?:\s?\d{4})?)(?![\d/]))",
        r"(?P<clock>(?<![\d.,:])\d{1,2}(?::|\s?h\s?)\d{2}(?![\d:]))",
        (
            r"(?P<number>(?<![A-Za-z\d.,])\d+(?:[.,’'\u202f\u00a0]\d{3}(?!\d))*(?:[.,]\d+)?"
            rf"(?:\s?[{''.join(_MULTIPLIERS)}](?![a-z]))?)"
        ),
        *_word_patterns(words),
    ]
    return re.compile("|".join(patterns), re.IGNORECASE)


def _alternatives(forms: Iterable[str]) -> str:
    return "|".join(re.escape(form).replace(r"\ ", r"\s") for form in sorted(forms, key=len, reverse=True))


def _hour_patterns(words: ClaimWords, hour: str) -> Iterator[str]:
    """Yield the patterns of half hours: halb fünf, las cinco y media, cinq heures et demie, в половине пятого."""
    if words.half_before:
        yield rf"(?P<before>{_BEFORE}(?:{_alternatives(words.half_before.split('|'))})\s{hour}{_AFTER})"
    if words.half_before_ordinal:
        halves = _alternatives(words.half_before_ordinal.split("|"))
        yield rf"(?P<ordinal>{_BEFORE}(?:{halves})\s?(?:{_alternatives(words.ordinals)}){_AFTER})"
    if words.after_hour:
        parts = _alternatives(words.after_hour)
        yield rf"(?P<after>{_BEFORE}[ب]?{hour}\s(?:(?:heures?|h)\s)?(?:{parts}){_AFTER})"


def _east_asian_patterns(words: ClaimWords) -> Iterator[str]:
    if not words.counters:
        return
    # Only from a number's beginning, for the same reason.
    number = rf"(?:(?<!\d)\d+|{_NUMERAL})"
    if words.numbers:
        number = rf"(?:(?<!\d)\d+|(?<![가-힣])(?:{_alternatives(words.numbers)}))"
    yield rf"(?P<east_time>{number}\s?[点點時时시](?![間间])(?:\s?(?:半|반|{number}\s?[分분])?))"
    yield rf"(?P<east_month>{number}\s?[月월])"
    yield rf"(?P<east_day>{number}\s?[日号號일](?![間间요]))"
    yield r"(?P<east_year>\d{2,4}\s?[年년])"
    if words.numbers:
        yield rf"(?P<counted>(?<![가-힣])(?:{_alternatives(words.numbers)})\s?(?:{_alternatives(words.counters)}))"
    else:
        yield rf"(?P<counted>{_NUMERAL}(?={_alternatives(words.counters)}))"


def _word_patterns(words: ClaimWords) -> Iterator[str]:
    before, after = _BEFORE, _AFTER
    if words.counters or words.spaceless:
        before = after = ""
    if words.prefixes:
        before += rf"(?:[{words.prefixes}]|ال|وال|بال|لل)?"
    dates = [_alternatives(words.facts), *(f"{re.escape(each)}{ANY_ENDING}" for each in words.beginnings)]
    if words.facts:
        yield rf"(?P<date>{before}(?:{'|'.join(dates)}){after})"
    if words.numbers and not words.counters:
        one = _alternatives(words.numbers)
        if words.joint:
            # Tens and units with a word between are one number: "двадесет и пет".
            joint = rf"(?:{_alternatives(words.tens)})[-\s]{re.escape(words.joint)}[-\s]"
            one = rf"(?:{joint})?(?:{one})"
        yield rf"(?P<spelled>{before}(?:{one})(?:(?:[-\s]|\s(?:y|e|et|en|και)\s)(?:{one}))*{after})"


def _date(text: str, words: ClaimWords) -> set[Fact]:
    text = re.sub(r"\s", " ", text)
    for start in range(min(4, len(text))):
        if words.prefixes and start and not set(text[:start]) <= {*words.prefixes, "ا"}:
            break
        if text[start:] in words.facts:
            return words.facts[text[start:]]
        if not words.prefixes:
            break
    return next((meant for begin, meant in words.beginnings.items() if text.startswith(begin)), set())


def _iso(text: str, _words: ClaimWords) -> set[Fact]:
    _, month, day = digits(text)
    return {("month", month - 1.0), ("number", float(day))}


def _clock(text: str, _words: ClaimWords) -> set[Fact]:
    return {clock_time(*digits(text)[:2])}


def _slashed(text: str, _words: ClaimWords) -> set[Fact]:
    """Read 5/14 and 14.5. alike: either number may be the month; 4.30 at the end of a sentence is a time."""
    first, second, *_ = digits(text)
    numbers: set[Fact] = {("number", float(first)), ("number", float(second)), clock_time(first, second)}
    return numbers | {("month", first - 1.0), ("month", second - 1.0)}


def _ordinal(text: str, words: ClaimWords) -> set[Fact]:
    hour = next(value for form, value in words.ordinals.items() if text.endswith(form))
    return {clock_time(int(hour) + 11, 30)}


def _before(text: str, words: ClaimWords) -> set[Fact]:
    return {clock_time(_hour(text, words, last=True) + 11, 30)}


def _after(text: str, words: ClaimWords) -> set[Fact]:
    minutes = next(value for form, value in words.after_hour.items() if text.endswith(form))
    return {clock_time(_hour(text, words, last=False), minutes)}


def _hour(text: str, words: ClaimWords, *, last: bool) -> int:
    if numbers := digits(text):
        return numbers[0]
    forms = [form for form in words.numbers if (text.endswith(form) if last else text.startswith(form))]
    # Arabic says "at five" in one word.
    forms = forms or [form for form in words.numbers if form in text] or [""]
    return int(words.numbers.get(max(forms, key=len), 0))


def _spelled(text: str, words: ClaimWords) -> float:
    """Return the value of number words: "zwei hundert", "treinta y dos", "三十五", "세 명"."""
    if set(text) <= {*_HAN, *_HAN_UNITS}:
        return _han_value(text)
    if words.counters:
        return words.numbers[max((form for form in words.numbers if text.startswith(form)), key=len)]
    rest = re.sub(r"\s", " ", text)
    forms = []
    while rest:
        form = max((each for each in words.numbers if rest.startswith(each)), key=len, default="")
        forms += [form] if form else []
        rest = rest[max(len(form), 1) :]
    return _value_of(forms, words)


def _value_of(forms: Iterable[str], words: ClaimWords) -> float:
    """Return the value of number words in their order: 2 1000 3 100 4 is 2304."""
    thousands = hundreds = below = 0.0
    for form in forms:
        number = words.numbers[form]
        if form not in words.multipliers:
            below += number
        elif number == TEN:
            below = max(below, 1.0) * number
        elif number == HUNDRED:
            hundreds, below = max(below, 1.0) * number, 0.0
        else:
            thousands, hundreds, below = max(hundreds + below, 1.0) * number, 0.0, 0.0
    return thousands + hundreds + below


def _han_value(text: str) -> float:
    total = digit = 0
    for letter in text:
        if letter in _HAN:
            digit = digit * 10 + _HAN[letter]
        else:
            total, digit = total + max(digit, 1) * _HAN_UNITS[letter], 0
    return float(min(total + digit, int(LARGEST)))


def _number_words(text: str, words: ClaimWords) -> set[Fact]:
    """Return a number, and the hour it may mean."""
    value = _spelled(text, words)
    hour = {clock_time(int(value), 0)} if value == int(value) and value <= 24 else set()
    return {("number", value), *hour}


def _east_asian_time(text: str, words: ClaimWords) -> set[Fact]:
    first, *others = _east_asian_values(text, words)
    minute = 30.0 if "半" in text or "반" in text else sum(others[:1])
    return {clock_time(int(first), int(minute)), *(() if minute else [("number", first)])}


def _east_asian_month(text: str, words: ClaimWords) -> set[Fact]:
    return {("month", _east_asian_values(text, words)[0] - 1.0)}


def _east_asian_number(text: str, words: ClaimWords) -> set[Fact]:
    return {("number", _east_asian_values(text, words)[0])}


def _east_asian_values(text: str, words: ClaimWords) -> list[float]:
    values = [_east_value(each, words) for each in re.split(r"[点點時时시月월日号號일年년分분]", text)]
    return [value for value in values if value is not None] or [0.0]


def _east_value(text: str, words: ClaimWords) -> float | None:
    text = text.strip()
    if text.isdecimal():
        return value_of(text)
    if text and set(text) <= {*_HAN, *_HAN_UNITS}:
        return _han_value(text)
    return words.numbers.get(text)


def _number(text: str, _words: ClaimWords) -> set[Fact]:
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


_READERS: dict[str, tuple[ClaimKind, Callable[[str, ClaimWords], set[Fact]]]] = {
    "iso": ("date", _iso),
    "before": ("time", _before),
    "ordinal": ("time", _ordinal),
    "after": ("time", _after),
    "east_time": ("time", _east_asian_time),
    "east_month": ("date", _east_asian_month),
    "east_day": ("date", _east_asian_number),
    "east_year": ("number", _east_asian_number),
    "counted": ("number", _number_words),
    "slashed": ("date", _slashed),
    "clock": ("time", _clock),
    "number": ("number", _number),
    "date": ("date", _date),
    "spelled": ("number", _number_words),
}
