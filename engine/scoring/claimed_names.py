"""Finds the names that a summary claims, in languages other than English whose script has capitals.

A capital within a sentence is a name. At its start it is one only beside words that stand beside names. In German,
where all nouns have capitals, it is one beside such words everywhere. Precision goes before finding all.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from engine.scoring import claim_words
from engine.scoring.claim_words import ClaimWords
from engine.scoring.claims import Claim, begins_sentence
from engine.text.normalization import normalized

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
    table = claim_words.of(language)
    found = set()
    for match in _WORD.finditer(normalized("NFC", text)):
        for part in {match[0], *re.split(r"['’-]", match[0])}:
            found |= _keys(part, table)
    return frozenset(found)


def is_supported(name: str, known: frozenset[str], language: str) -> bool:
    """Tell whether a name is among words of `words`, in any of its forms."""
    parts = [name, *re.split(r"['’-]", name)[:1]]
    return any(_keys(part, claim_words.of(language)) & known for part in parts)


def names(summary: str, conversation: str, language: str) -> Iterator[Claim]:
    """Yield the names that a summary claims."""
    table = claim_words.of(language)
    speakers = {speaker for line in _SPEAKER.findall(conversation) for speaker in _WORD.findall(line)}
    for match in _WORD.finditer(summary):
        start = match.start()
        elided = _ELIDED.match(match[0])
        if elided and match[0][elided.end()].isupper():
            start += elided.end()
        word = summary[start : match.end()]
        if not _may_be_a_name(word, table):
            continue
        if _is_name(summary, start, match.end(), speakers, table, language):
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
    word = summary[start:end]
    if word in speakers:
        return True
    is_first = begins_sentence(summary, start) or (start > 1 and begins_sentence(summary, start - 2))
    if language in GERMAN:
        return _is_german_name(summary, start, end, speakers, table)
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
