"""Identifies the main language of texts, and the texts in another language.

Identification is slow: beyond a sample, only texts with few of the main language's most common words are identified.
"""

from __future__ import annotations

import re
import statistics
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any, TypeVar

from engine.data import Row, Split
from engine.worker.validation.row_view import RowView, words

SAMPLE = 400
COMMON_WORDS = 300
MIN_LETTERS = 40
MAX_CHARACTERS = 600
# Of a text, for its share of common words.
SHARE_CHARACTERS = 200
# A fraction of the median share of common words.
MIN_COMMON_FRACTION = 0.5
# Below it the language is unknown: "pizza? ok" could be any.
MIN_CONFIDENCE = 0.5
_SPEAKER = re.compile(r"^[^:\n]{1,40}:\s", re.MULTILINE)
_LETTERS = re.compile(r"[^\W\d_]")
# Codes for no language, and for a creole that short English chats are mistaken for.
_NO_LANGUAGES = {"zxx", "und", "pcm"}
T = TypeVar("T")


def guess(text: str) -> str:
    """Return the ISO 639 code of a text's language, "" if it is unknown."""
    text = _SPEAKER.sub("", text[:MAX_CHARACTERS])
    if len(_LETTERS.findall(text)) < MIN_LETTERS:
        return ""
    code, confidence = _identifier().classify(text)
    return code if confidence >= MIN_CONFIDENCE and code not in _NO_LANGUAGES else ""


def probabilities(text: str, codes: Collection[str]) -> dict[str, float]:
    """Return how probable each of some languages is, given that a text is in one of them; {} for unknown ones."""
    found: dict[str, float] = {}
    for code, probability in _identifier().rank(_SPEAKER.sub("", text[:MAX_CHARACTERS])):
        if code in codes:
            found[code] = found.get(code, 0.0) + float(probability)
    total = sum(found.values())
    return {code: probability / total for code, probability in found.items()} if total else {}


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def sampled(items: Sequence[T]) -> Sequence[T]:
    """Return some of many items, spread evenly."""
    return items[:: _step(len(items))]


def _step(count: int) -> int:
    return max(1, count // SAMPLE)


class Languages:
    """The main language of texts, from a sample of them; `main` is "" if it is unknown."""

    def __init__(self, texts: Sequence[str]) -> None:
        guesses = [(text, code) for text in sampled(texts) if (code := guess(text))]
        counts = Counter(code for _, code in guesses)
        self.main, main_count = counts.most_common(1)[0] if counts else ("", 0)
        self.share = main_count / len(guesses) if guesses else 0.0
        in_main = [words(text[:SHARE_CHARACTERS]) for text, code in guesses if code == self.main]
        word_counts = Counter(word for each in in_main for word in set(each))
        self._common = {word for word, _ in word_counts.most_common(COMMON_WORDS)}
        self._min_common = (
            MIN_COMMON_FRACTION * statistics.median(map(self._common_share, in_main)) if in_main else 0.0
        )

    def is_other(self, text: str, its_words: Sequence[str]) -> bool:
        """Return whether a text, with `its_words` in lower case, is in another language with high confidence."""
        if not self.main or self._common_share(its_words) >= self._min_common:
            return False
        return guess(text) not in {"", self.main}

    def _common_share(self, its_words: Sequence[str]) -> float:
        return sum(map(self._common.__contains__, its_words)) / len(its_words) if its_words else 1.0


@dataclass(frozen=True)
class UsualLanguages:
    """The main languages of conversations and of summaries, which may differ."""

    conversation: Languages
    summary: Languages

    @classmethod
    def of(cls, rows: Mapping[Split, Sequence[Row]], used: Mapping[Split, Sequence[int]]) -> UsualLanguages:
        """Return the languages of the rows with these indices."""
        total = sum(map(len, used.values()))
        places = ((split, index) for split, indices in used.items() for index in indices)
        examples = [rows[split][index].example for split, index in islice(places, 0, None, _step(total))]
        return cls(
            Languages([example.conversation for example in examples]),
            Languages([example.summary for example in examples]),
        )

    def is_other(self, view: RowView) -> bool:
        """Return whether one of a row's texts is in another language."""
        said = words(view.conversation[:SHARE_CHARACTERS])
        return self.conversation.is_other(view.conversation, said) or self.summary.is_other(
            view.summary, view.summary_words
        )
