"""The words that tell numbers, dates and names, by language, from the tables in `resources/claims`.

A table is named by its language's code. Its keys, all optional; "a|b" are forms of one word, "a*" is a beginning:
days: Monday to Sunday. months: January to December, then those of another calendar. relative: tomorrow, yesterday, the
day after tomorrow, the day before yesterday. numbers: from 0 on. tens: from 20 on. native: from 1 on. hundred,
thousand, ten: words that multiply the number before them. teen: a word that adds ten to it. compound: the order of
numbers from 21 that are one word. joint: the word between tens and units. ordinals: of hours. unclaimed: number words
that mostly mean something else. half_before, half_before_ordinal, half_after, quarter_after: parts of an hour beside
the hour. not_after: after these the word for tomorrow is the morning. counters: words after a counted number.
prefixes: letters that are written onto words. spaceless: words stand without spaces. common: the most frequent words,
by which a language is told. openers: other words at the start of sentences that are no names. verbs: words after a
name. and: between names. suffixes: endings that names take; vowel, ends, doubled: how stems change before them.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from engine.scoring.claims import Fact
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


@dataclass(frozen=True)
class ClaimWords:
    """The words of one language in lower case; what has the name of a key of the tables is described there.

    `facts` are the meanings of words for days, months, relative days and numbers, `beginnings` of those that may have
    other endings. `multipliers` are those of `numbers` that multiply, `after_hour` has the minutes of parts of an hour.
    """

    facts: dict[str, set[Fact]] = field(default_factory=dict)
    beginnings: dict[str, set[Fact]] = field(default_factory=dict)
    numbers: dict[str, float] = field(default_factory=dict)
    tens: tuple[str, ...] = ()
    multipliers: frozenset[str] = frozenset()
    teen: str = ""
    joint: str = ""
    ordinals: dict[str, float] = field(default_factory=dict)
    unclaimed: frozenset[str] = frozenset()
    half_before: str = ""
    half_before_ordinal: str = ""
    after_hour: dict[str, int] = field(default_factory=dict)
    counters: tuple[str, ...] = ()
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
def of(language: str) -> ClaimWords:
    """Return the words of a language, none if it has no table."""
    file = _folder() / f"{_SAME_TABLE.get(language, language)}.toml"
    return _read(tomllib.loads(file.read_text(encoding="utf-8"))) if language in _known() else ClaimWords()


def are_known(language: str) -> bool:
    """Tell whether days, months or number words of a language are known; digits are read in every language."""
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
    found = {code: len(words & _common(code)) for code in codes}
    most = max(found.values())
    best = [code for code in codes if found[code] == most]
    if len(best) > 1:
        best = [code for code in best if code not in _LESS_SPOKEN]
    return best[0] if most >= MIN_COMMON and len(best) == 1 else ""


def _common(code: str) -> frozenset[str]:
    return _ENGLISH_COMMON if code == ENGLISH else of(code).common


_ENGLISH_COMMON = frozenset(
    re.split(
        r"\s",
        "the and to is a of you i it that in for not will are have with he she they at be was on this but her his",
    )
)


@cache
def _told_by_words(script: str) -> tuple[str, ...]:
    """Return the languages of a script that are told by their frequent words; of those that share a table, one."""
    codes = sorted(languages_of(script) & _known() - set(_SAME_TABLE))
    return tuple(code for code in codes if of(code).common)


def _folder() -> Path:
    return resources_folder() / "claims"


@cache
def _known() -> frozenset[str]:
    """Return the languages with a table."""
    codes = {file.stem for file in _folder().glob("*.toml")}
    return frozenset(codes | {code for code, other in _SAME_TABLE.items() if other in codes})


def _read(table: dict[str, Any]) -> ClaimWords:
    numbers = _numbers(table)
    facts: dict[str, set[Fact]] = {}
    for kind, key in (("day", "days"), ("month", "months"), ("relative", "relative")):
        for value, forms in enumerate(table.get(key, ())):
            for form in forms.split("|"):
                facts.setdefault(form, set()).add((kind, float(value)))
    return ClaimWords(
        facts={form: meant for form, meant in facts.items() if not form.endswith("*")},
        beginnings={form[:-1]: meant for form, meant in facts.items() if form.endswith("*")},
        numbers=numbers,
        tens=tuple(
            form for several in table.get("tens", "").split(" ") for form in several.split("|") if form
        ),
        multipliers=frozenset(_multipliers(table)),
        teen=table.get("teen", ""),
        joint=table.get("joint", ""),
        ordinals=_valued(table.get("ordinals", "").split(" "), 1, 1),
        unclaimed=frozenset(table.get("unclaimed", "").split(" ")),
        half_before=table.get("half_before", ""),
        half_before_ordinal=table.get("half_before_ordinal", ""),
        after_hour=dict.fromkeys(filter(None, table.get("half_after", "").split("|")), 30)
        | dict.fromkeys(filter(None, table.get("quarter_after", "").split("|")), 15),
        counters=tuple(filter(None, table.get("counters", "").split(" "))),
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


def _numbers(table: dict[str, Any]) -> dict[str, float]:
    units = table.get("numbers", "").split(" ")
    tens = table.get("tens", "").split(" ")
    numbers = _valued(units, 0, 1) | _valued(tens, 20, 10) | _valued(table.get("native", "").split(" "), 1, 1)
    numbers |= _multipliers(table)
    numbers |= {table["teen"]: 10.0} if "teen" in table else {}
    return numbers | _compounds(table.get("compound", ""), units[1:10], tens)


def _multipliers(table: dict[str, Any]) -> dict[str, float]:
    values = (("ten", 10.0), ("hundred", 100.0), ("thousand", 1000.0))
    return {form: value for key, value in values for form in table.get(key, "").split("|") if form}


def _valued(forms: list[str], first: int, step: int) -> dict[str, float]:
    return {
        form: float(value)
        for value, several in zip(range(first, 1000, step), forms, strict=False)
        for form in several.split("|")
        if form
    }


def _compounds(order: str, units: list[str], tens: list[str]) -> dict[str, float]:
    """Return the numbers from 21 that are one word: einundzwanzig, tweeëntwintig, ventuno, tjugoett."""
    if not order:
        return {}
    first, *between, _ = order.split(" ")
    found = {}
    for ten, ten_forms in enumerate(tens, start=2):
        for unit, unit_forms in enumerate(units, start=1):
            for one in ten_forms.split("|"):
                for other in unit_forms.split("|"):
                    for word in _joined(one, other, first == "unit", "".join(between)):
                        found[word] = 10.0 * ten + unit
    return found


def _joined(ten: str, unit: str, unit_first: bool, between: str) -> tuple[str, ...]:
    if unit_first:
        # Dutch parts two vowels by a diaeresis, Afrikaans the words by hyphens.
        hyphened = f"{unit}-{between}-{ten}"
        return f"{unit}{between}{ten}", f"{unit}{between.replace('e', 'ë')}{ten}", hyphened
    short = ten[:-1] if unit[0] in "aeiou" and ten[-1] in "aeiou" else ten
    return f"{short}{unit}", f"{ten}{unit}"
