"""Which language most texts are in, and which of them are in another one.

To ask for every text takes long, so only those are asked for that share too few of the commonest words of the texts
whose language is known from a sample.
"""

from __future__ import annotations

import re
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from engine.worker.ingestion.row_store import Row
from engine.worker.validation.row_view import Look, words

SAMPLE = 400
COMMON_WORDS = 100
MIN_LETTERS = 40
MAX_CHARACTERS = 600
# Of the share of common words that texts have in the middle.
TOO_FEW = 0.6
# Below it a guess is none: "pizza? ok" could be anything.
SURE = 0.5
_SPEAKER = re.compile(r"^[^:\n]{1,40}:\s", re.MULTILINE)
_LETTERS = re.compile(r"[^\W\d_]")
# Codes for text that is in no language, and for a creole that short English chats are taken for.
_NO_LANGUAGES = {"zxx", "und", "pcm"}


def guess(text: str) -> str:
    """Return the language of a text as its ISO 639 code, "" if that can't be told."""
    text = _SPEAKER.sub("", text[:MAX_CHARACTERS])
    if len(_LETTERS.findall(text)) < MIN_LETTERS:
        return ""
    code, confidence = _identifier().classify(text)
    return code if confidence >= SURE and code not in _NO_LANGUAGES else ""


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


class Languages:
    """What a sample of texts says of the language of all of them; `main` is "" where nothing can be told."""

    def __init__(self, texts: Sequence[str]) -> None:
        sample = texts[:: max(1, len(texts) // SAMPLE)]
        guesses = [(text, code) for text in sample if (code := guess(text))]
        counts = Counter(code for _, code in guesses)
        self.main, most = counts.most_common(1)[0] if counts else ("", 0)
        self.share = most / len(guesses) if guesses else 0.0
        in_main = [words(text) for text, code in guesses if code == self.main]
        found = Counter(word for each in in_main for word in set(each))
        self._common = {word for word, _ in found.most_common(COMMON_WORDS)}
        self._least = TOO_FEW * statistics.median(map(self._common_share, in_main)) if in_main else 0.0

    def is_other(self, text: str, its_words: Sequence[str]) -> bool:
        """Tell whether a text, with `its_words` in lower case, is surely in another language than most."""
        if not self.main or self._common_share(its_words) >= self._least:
            return False
        return guess(text) not in {"", self.main}

    def _common_share(self, its_words: Sequence[str]) -> float:
        return sum(map(self._common.__contains__, its_words)) / len(its_words) if its_words else 1.0


@dataclass(frozen=True)
class Usual:
    """The languages that conversations and summaries are usually in, which may be two."""

    conversation: Languages
    summary: Languages

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Usual:
        """Return what is usual in rows."""
        return cls(
            Languages([row.example.conversation for row in rows]),
            Languages([row.example.summary for row in rows]),
        )

    def is_other(self, look: Look) -> bool:
        """Tell whether one of a row's texts is in another language."""
        return self.conversation.is_other(
            look.conversation, look.conversation_words
        ) or self.summary.is_other(look.summary, look.summary_words)
