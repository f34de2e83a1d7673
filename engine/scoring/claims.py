"""Claims in any language: spans of a text with all their possible meanings, and the words that tell dates and names.

The words are in tables in `resources/claims`, each named by its language's code. Its keys, all optional; "a|b" are
forms of one word, "a*" is a beginning:
days: Monday to Sunday. months: January to December, then those of another calendar. relative: tomorrow, yesterday, the
day after tomorrow, the day before yesterday. unclaimed: those of them that mostly mean something else. not_after: after
these the word for tomorrow is the morning. prefixes: letters that are written onto words. spaceless: words stand
without spaces. common: the most frequent words, by which a language is detected. openers: other words at the start of
sentences that are no names. verbs: words after a name. and: between names. suffixes: endings that names take; vowel,
ends, doubled: how stems change before them.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal

from engine.system.paths import resources_folder
from engine.text.languages import (
    ARABIC,
    CYRILLIC,
    ENGLISH,
    LANGUAGE_OF_SCRIPT,
    LATIN,
    UNDETERMINED,
    languages_of,
    main_script,
)

ClaimKind = Literal["name", "number", "time", "date"]
Fact = tuple[str, float]
# Far below what a float holds, so that it can still be multiplied.
LARGEST = 1e200


@dataclass(frozen=True)
class Claim:
    """A span of a summary, from `start` up to `end`, that can be true or false by itself."""

    start: int
    end: int
    text: str
    kind: ClaimKind


@dataclass(frozen=True)
class Reading:
    """A claim with its possible meanings: it is supported if a conversation has one of them."""

    claim: Claim
    facts: frozenset[Fact]


def clock_time(hour: int, minute: int) -> Fact:
    """Return a time of day in the 12-hour system, so that 17:00 and 5 pm are equal."""
    return ("time", hour % 12 * 60.0 + minute)


def value_of(number: str) -> float:
    """Return the value of a decimal number; all that are too large for a float are one."""
    return min(float(number), LARGEST)


def digits(text: str) -> list[int]:
    """Return the whole numbers of a text."""
    return [int(value_of(number)) for number in re.findall(r"\d+", text)]


def iso_date(text: str) -> set[Fact]:
    """Return what 2026-05-14 says: a month, and a number."""
    _, month, day = digits(text)
    return {("month", month - 1.0), ("number", float(day))}


def day_and_month(text: str) -> set[Fact]:
    """Read 5/14 and 14.5. alike: either number may be the month; 4.30 at the end of a sentence is a time."""
    first, second, *_ = digits(text)
    numbers: set[Fact] = {("number", float(first)), ("number", float(second)), clock_time(first, second)}
    return numbers | {("month", first - 1.0), ("month", second - 1.0)}


def begins_sentence(text: str, start: int) -> bool:
    """Tell whether a word that begins at `start` begins a sentence, a line or a quotation."""
    before = text[:start].rstrip(" \t\"'“‘(-–«„»¿¡")
    return not before or before[-1] in ".!?:;\n…"


# The words of a language

# Fewer different frequent words than this tell no language.
MIN_COMMON = 3
# Words of a language may end in so many more letters where the table says "*".
ANY_ENDING = r"\w{0,5}"
# What a script of several languages is read as.
_USUAL = {"CJK": "zh", ARABIC: "ar", "DEVANAGARI": "hi"}
# Letters of languages in Arabic script that Arabic does not have; those of Persian are in the others too.
_LETTERS = {"ug": set("ۇۆۈۋ"), "ps": set("ټځڅډړږښڼۍې"), "ur": set("ٹڈڑںےہھ"), "fa": set("پچژگکی")}
# Of two languages that share frequent words, a text that has no others is in the one that more people speak.
_LESS_SPOKEN = {"af", "bg", "ca", "et", "gl", "hr", "no", "sk", "sl"}
# Languages that share a table.
_SAME_TABLE = {"nn": "no", "bs": "hr", "ms": "id"}
_WORD = re.compile(r"[^\W\d_]+")
_ENGLISH_COMMON = frozenset(
    re.split(
        r"\s",
        "the and to is a of you i it that in for not will are have with he she they at be was on this but her his",
    )
)


@dataclass(frozen=True)
class ClaimWords:
    """The words of one language in lower case; what has the name of a key of the tables is described there.

    `facts` are the meanings of words for days, months and relative days, `beginnings` of those that may have other
    endings.
    """

    facts: dict[str, set[Fact]] = field(default_factory=dict)
    beginnings: dict[str, set[Fact]] = field(default_factory=dict)
    unclaimed: frozenset[str] = frozenset()
    prefixes: str = ""
    not_after: frozenset[str] = frozenset()
    openers: frozenset[str] = frozenset()
    verbs: frozenset[str] = frozenset()
    between: frozenset[str] = frozenset()
    suffixes: tuple[str, ...] = ()
    vowel: str = ""
    ends: dict[str, str] = field(default_factory=dict)
    doubled: str = ""
    spaceless: bool = False
    common: frozenset[str] = frozenset()


@cache
def words_of(language: str) -> ClaimWords:
    """Return the words of a language, none if it has no table."""
    file = _folder() / f"{_SAME_TABLE.get(language, language)}.toml"
    return _read(tomllib.loads(file.read_text(encoding="utf-8"))) if language in _known() else ClaimWords()


def dates_are_known(language: str) -> bool:
    """Tell whether days and months of a language are known; digits are read in every language."""
    return language == ENGLISH or language in _known()


@lru_cache(maxsize=64)
def language_of(text: str) -> str:
    """Return the likely language of a text, English if its Latin letters tell none. Quick, and needs no model."""
    script = main_script(text)
    if script in LANGUAGE_OF_SCRIPT:
        return LANGUAGE_OF_SCRIPT[script]
    if script == CYRILLIC:
        return _most_common(text, _told_by_words(CYRILLIC)) or "ru"
    if script in ("", LATIN):
        return _most_common(text, (ENGLISH, *_told_by_words(LATIN))) or ENGLISH
    if script == ARABIC:
        return next((code for code, letters in _LETTERS.items() if letters & set(text)), _USUAL[ARABIC])
    return _USUAL.get(script, UNDETERMINED)


def _most_common(text: str, codes: tuple[str, ...]) -> str:
    words = set(_WORD.findall(text.lower()))
    found = {
        code: len(words & (_ENGLISH_COMMON if code == ENGLISH else words_of(code).common)) for code in codes
    }
    most = max(found.values())
    best = [code for code in codes if found[code] == most]
    if len(best) > 1:
        best = [code for code in best if code not in _LESS_SPOKEN]
    return best[0] if most >= MIN_COMMON and len(best) == 1 else ""


@cache
def _told_by_words(script: str) -> tuple[str, ...]:
    """Return the languages of a script that are told by their frequent words; of those that share a table, one."""
    codes = sorted(languages_of(script) & _known() - set(_SAME_TABLE))
    return tuple(code for code in codes if words_of(code).common)


def _folder() -> Path:
    return resources_folder() / "claims"


@cache
def _known() -> frozenset[str]:
    """Return the languages with a table."""
    codes = {file.stem for file in _folder().glob("*.toml")}
    return frozenset(codes | {code for code, other in _SAME_TABLE.items() if other in codes})


def _read(table: dict[str, Any]) -> ClaimWords:
    facts: dict[str, set[Fact]] = {}
    for kind, key in (("day", "days"), ("month", "months"), ("relative", "relative")):
        for value, forms in enumerate(table.get(key, ())):
            for form in forms.split("|"):
                facts.setdefault(form, set()).add((kind, float(value)))
    return ClaimWords(
        facts={form: meant for form, meant in facts.items() if not form.endswith("*")},
        beginnings={form[:-1]: meant for form, meant in facts.items() if form.endswith("*")},
        unclaimed=frozenset(table.get("unclaimed", "").split(" ")),
        prefixes="".join(table.get("prefixes", "").split(" ")),
        not_after=frozenset(table.get("not_after", "").split(" ")),
        openers=frozenset(table.get("openers", "").split(" ")),
        verbs=frozenset(filter(None, table.get("verbs", "").split(" "))),
        between=frozenset(table.get("and", "").split(" ")),
        suffixes=tuple(sorted(filter(None, table.get("suffixes", "").split(" ")), key=len, reverse=True)),
        vowel=table.get("vowel", ""),
        ends=dict(zip(*[iter(table.get("ends", "").split(" "))] * 2, strict=False)),
        doubled=table.get("doubled", ""),
        spaceless=table.get("spaceless", False),
        common=frozenset(filter(None, table.get("common", "").split(" "))),
    )
