"""Tells the language of each scored example, by which ROUGE reads its words.

A set has a few languages, which are told from its longer reference summaries. An example is in the most probable one
of them, so that a short summary is not taken for a language that the set does not have.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache

from engine.config.training import AUTO
from engine.text.conversations import Example
from engine.text.languages import (
    ARABIC,
    CYRILLIC,
    DEVANAGARI,
    ENGLISH,
    LANGUAGE_OF_SCRIPT,
    LATIN,
    UNDETERMINED,
    languages_of,
    main_script,
)
from engine.worker.validation import language_id
from engine.worker.validation.language_id import MIN_CONFIDENCE

# A language of a smaller fraction of a set is only that of texts that are surely in it.
MIN_FRACTION = 0.05
SURE = 0.95
SURELY_NOT = 0.02
MIN_LETTERS = 40
# What a script is read as where no text is long enough to tell.
USUAL = {CYRILLIC: "ru", ARABIC: "ar", DEVANAGARI: "hi", "BENGALI": "bn", "CJK": "zh"}

_Guess = dict[str, float]


def tell_languages(examples: Sequence[Example], chosen: str = AUTO) -> tuple[str, ...]:
    """Return the ISO 639 code of each example's language, which is `chosen` unless that is "auto".

    Latin letters whose language can't be told are English if they are a to z, else "und".
    """
    if chosen != AUTO:
        return (chosen,) * len(examples)
    return _of_texts(
        tuple((" ".join((each.summary, *each.more_references)), each.conversation) for each in examples)
    )


@lru_cache(maxsize=8)
def _of_texts(texts: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    """Return the language of each pair of references and conversation."""
    scripts = [main_script(references) or main_script(conversation) for references, conversation in texts]
    indices = defaultdict(list)
    for index, script in enumerate(scripts):
        indices[script].append(index)
    codes_of_all = [UNDETERMINED] * len(texts)
    for script, members in indices.items():
        codes = _in_one_script(script, [texts[index] for index in members])
        for index, code in zip(members, codes, strict=True):
            codes_of_all[index] = code
    return tuple(codes_of_all)


def _in_one_script(script: str, texts: Sequence[tuple[str, str]]) -> list[str]:
    if script in LANGUAGE_OF_SCRIPT:
        return [LANGUAGE_OF_SCRIPT[script]] * len(texts)

    def guess(text: str) -> _Guess:
        return language_id.probabilities(text, languages_of(script))

    def is_long(text: str) -> bool:
        return sum(map(str.isalpha, text)) >= MIN_LETTERS

    guesses = [guess(references) for references, _ in texts]
    long_enough = [is_long(references) for references, _ in texts]
    usual = _usual(each for each, is_enough in zip(guesses, long_enough, strict=True) if is_enough)
    usual = usual or _usual(guess(" ".join(pair)) for pair in texts if is_long(" ".join(pair)))
    if not usual:
        default = USUAL.get(script, UNDETERMINED)
        if script in ("", LATIN) and all(references.isascii() for references, _ in texts):
            default = ENGLISH
        usual = Counter([default])
    return [
        _of_example(each, usual, may_be_other=is_enough)
        for each, is_enough in zip(guesses, long_enough, strict=True)
    ]


def _usual(guesses: Iterable[_Guess]) -> Counter[str]:
    """Return the languages of a set with their numbers of examples, without rare ones."""
    counts: Counter[str] = Counter()
    for guess in guesses:
        code = max(guess, key=guess.__getitem__, default="")
        if code and guess[code] >= MIN_CONFIDENCE:
            counts[code] += 1
    return Counter({code: count for code, count in counts.items() if count >= MIN_FRACTION * counts.total()})


def _of_example(guess: _Guess, usual: Counter[str], *, may_be_other: bool) -> str:
    """Return the most probable of the usual languages, or another one that the text is surely in."""
    likely = max(usual, key=lambda code: (guess.get(code, 0.0), usual[code]))
    other = max(guess, key=guess.__getitem__, default=likely)
    if may_be_other and guess.get(other, 0.0) >= SURE and guess.get(likely, 0.0) <= SURELY_NOT:
        return other
    return likely
