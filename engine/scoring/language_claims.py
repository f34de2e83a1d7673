"""Reads claims in any language but English: numbers in the digits of all scripts, times, dates, and names.

A text is read as if all its digits were 0 to 9; numbers in words are not read. Names are found in scripts with
capitals: a capital within a sentence is a name. At its start it is one only beside words that stand beside names. In
German, where all nouns have capitals, it is one beside such words everywhere. Precision goes before finding all.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache

from engine.scoring import claims
from engine.scoring.claims import (
    ANY_ENDING,
    Claim,
    ClaimKind,
    ClaimWords,
    Fact,
    Reading,
    begins_sentence,
    clock_time,
    day_and_month,
    digits,
    iso_date,
    value_of,
)
from engine.text.normalization import normalized

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
    words = claims.words_of(language)
    for match in _tokens(language).finditer(_plain(text)):
        if match.lastgroup == "date":
            kind: ClaimKind = "date"
            name = re.sub(r"\s", " ", match["name"].lower())
            endings = (meant for begin, meant in words.beginnings.items() if name.startswith(begin))
            facts = words.facts.get(name) or next(endings, set())
            before = match.string[: match.start()].split()
            # After some words, the one for tomorrow means the morning: "am Morgen", "por la mañana".
            if ("relative", 0.0) in facts and before and before[-1].lower() in words.not_after:
                facts = set()
        else:
            kind, read = _READERS[str(match.lastgroup)]
            facts = read(match[0].lower())
        if facts:
            start, end = match.span()
            yield Reading(Claim(start, end, text[start:end], kind), frozenset(facts))


def claimed(text: str, language: str) -> list[Reading]:
    """Return the numbers, times and dates that a text claims; short names of days mostly mean something else."""
    unclaimed = claims.words_of(language).unclaimed
    return [reading for reading in readings(text, language) if reading.claim.text.lower() not in unclaimed]


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
    words = claims.words_of(language)
    if not words.facts:
        return re.compile("|".join(_NUMBERS), re.IGNORECASE)
    before, after = ("", "") if words.spaceless else (_BEFORE, _AFTER)
    if words.prefixes:
        before += rf"(?:[{words.prefixes}]|ال|وال|بال|لل)?"
    names = [re.escape(form).replace(r"\ ", r"\s") for form in sorted(words.facts, key=len, reverse=True)]
    names += [f"{re.escape(each)}{ANY_ENDING}" for each in words.beginnings]
    date = rf"(?P<date>{before}(?P<name>{'|'.join(names)}){after})"
    return re.compile("|".join((*_NUMBERS, date)), re.IGNORECASE)


def _east_asian_time(text: str) -> set[Fact]:
    hour, *others = digits(text)
    minute = 30 if "半" in text or "반" in text else sum(others)
    return {clock_time(hour, minute)} | (set() if minute else {("number", float(hour))})


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
    "east_month": ("date", lambda text: {("month", digits(text)[0] - 1.0)}),
    "slashed": ("date", day_and_month),
    "clock": ("time", lambda text: {clock_time(*digits(text)[:2])}),
    "number": ("number", _number),
}


# Names

GERMAN = ("de", "lb")
# Languages that put a short word and an apostrophe before a name, or an ending behind one: l'Anna, Ayşe'nin.
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_SPEAKER = re.compile(r"^\s*([^:\n]{1,40}):", re.MULTILINE)
_ELIDED = re.compile(r"^[^\W\d_]{1,2}['’]", re.IGNORECASE)
_GERMAN_NOUN = re.compile(
    r"(ung|heit|keit|schaft|tion|tät|chen|lein|nis|tum|ling|ismus|ungen|heiten|keiten|en)$"
)
# German: a noun follows these, a name does not.
_DETERMINERS = re.compile(
    r"(der|die|das|den|dem|des|ein\w{0,2}|kein\w{0,2}|mein\w{0,2}|dein\w{0,2}|sein\w{0,2}|ihr\w{0,2}|unser\w{0,2}"
    r"|im|am|zum|zur|ins|ans|beim|vom|dies\w{1,2}|jed\w{1,2}|welch\w{1,2}|alle\w?|viele\w?|einige\w?|mehrere\w?|etwas"
    r"|viel|wenig|mehr|zwei|drei|vier|fünf)"
)
_TITLES = {"herr", "herrn", "frau", "dr", "prof", "onkel", "tante", "oma", "opa"}
MIN_STEM = 2


def words(text: str, language: str) -> frozenset[str]:
    """Return the words of a text by which names are supported, without the endings of the language."""
    table = claims.words_of(language)
    found = set()
    for match in _WORD.finditer(normalized("NFC", text)):
        for part in {match[0], *re.split(r"['’-]", match[0])}:
            found |= _keys(part, table)
    return frozenset(found)


def is_supported(name: str, known: frozenset[str], language: str) -> bool:
    """Tell whether a name is among words of `words`, in any of its forms."""
    parts = [name, *re.split(r"['’-]", name)[:1]]
    return any(_keys(part, claims.words_of(language)) & known for part in parts)


def names(summary: str, conversation: str, language: str) -> Iterator[Claim]:
    table = claims.words_of(language)
    speakers = {speaker for line in _SPEAKER.findall(conversation) for speaker in _WORD.findall(line)}
    for match in _WORD.finditer(summary):
        start = match.start()
        elided = _ELIDED.match(match[0])
        if elided and match[0][elided.end()].isupper():
            start += elided.end()
        word = summary[start : match.end()]
        if _may_be_a_name(word, table) and (
            word in speakers or _is_name(summary, start, match.end(), speakers, table, language)
        ):
            yield Claim(start, match.end(), word, "name")


def _may_be_a_name(word: str, table: ClaimWords) -> bool:
    lower = word.lower()
    is_date = lower in table.facts or any(lower.startswith(each) for each in table.beginnings)
    return (
        word[0].isupper()
        and len(word) > 1
        and not is_date
        and lower not in table.openers
        and lower not in table.common
    )


def _is_name(
    summary: str, start: int, end: int, speakers: set[str], table: ClaimWords, language: str
) -> bool:
    if language in GERMAN:
        return _is_german_name(summary, start, end, speakers, table)
    is_first = begins_sentence(summary, start) or (start > 1 and begins_sentence(summary, start - 2))
    return not is_first or _is_beside_words_of_names(summary, end, table)


def _is_beside_words_of_names(summary: str, end: int, table: ClaimWords) -> bool:
    """Tell whether a verb follows, or a list: "Anna ha …", "Anna y Luis", "Anna, Luis"."""
    if summary[end : end + 1] in ("'", "’"):
        return True
    following = _WORD.findall(summary[end : end + 60])
    gap = summary[end : end + 2]
    if gap.startswith(","):
        return bool(following) and following[0][0].isupper()
    if not gap.startswith(" ") or not following:
        return False
    if following[0].lower() in table.between:
        return len(following) > 1 and following[1][0].isupper()
    return following[0] in table.verbs or following[0][0].isupper()


def _is_german_name(summary: str, start: int, end: int, speakers: set[str], table: ClaimWords) -> bool:
    word = summary[start:end]
    before = _WORD.findall(summary[max(0, start - 40) : start])
    last = before[-1].lower() if before and not begins_sentence(summary, start) else ""
    if last in _TITLES:
        return True
    if _GERMAN_NOUN.search(word) or _DETERMINERS.fullmatch(last):
        return False
    following = _WORD.findall(summary[end : end + 60])
    if not following or not summary[end : end + 1].isspace():
        return False
    is_listed = following[0] in table.between and following[1:2] and following[1] in speakers
    follows_list = last in table.between and len(before) > 1 and before[-2] in speakers
    return bool(is_listed) or follows_list or following[0] in table.verbs


def _keys(word: str, table: ClaimWords) -> set[str]:
    """Return a word without case, accents of Greek and the endings that names take, in the forms it may have."""
    lower = word.casefold()
    if "ς" in word or any("\u0370" <= letter <= "\u1fff" for letter in lower):
        lower = "".join(each for each in normalized("NFD", lower) if not unicodedata.combining(each))
        lower = lower.replace("ς", "σ")
    keys = {lower}
    for suffix in table.suffixes:
        ending = suffix.replace("ς", "σ")
        if lower.endswith(ending) and len(lower) - len(ending) >= MIN_STEM:
            keys.add(lower[: -len(ending)])
            break
    if table.ends:
        keys |= {f"{key[:-1]}{table.ends[key[-1]]}" for key in keys if key[-1] in table.ends}
    if table.doubled:
        # Consonants that are single in other forms: Pekka, Pekan.
        keys |= {re.sub(rf"([{table.doubled}])\1", r"\1", key) for key in keys}
    # A vowel that goes with an ending: Marek, Marka.
    keys |= {
        f"{key[:-2]}{key[-1]}" for key in keys if len(key) > 3 and key[-2] in table.vowel and table.vowel
    }
    return keys
