"""ROUGE-1, ROUGE-2, ROUGE-L and ROUGE-Lsum as a metric of `evaluate`, computed by `rouge_score`.

The metric is instantiated here and never loaded by name, since loading fetches code from the hub. Scores are
F-measures from 0 to 1; published figures are these times 100. English is read by `rouge_score`'s own tokenizer and
stemmer. It reads a to z and 0 to 9 alone, so other languages are read as Unicode words, stemmed by Snowball where nltk
has it. `rouge_score` expects one sentence per line for ROUGE-Lsum; `sentences` splits them, which changes that score
alone. Knows nothing of models.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.metadata import version
from itertools import accumulate
from typing import Any

import datasets
from nltk.stem.api import StemmerI
from nltk.stem.porter import PorterStemmer
from nltk.stem.snowball import SnowballStemmer
from rouge_score import rouge_scorer, tokenize
from rouge_score.tokenizers import Tokenizer

from engine.system.paths import cache_folder
from engine.text import words
from engine.text.languages import ENGLISH, STEMMERS
from engine.text.words import sentences

# For evaluators, which nothing here uses, `evaluate` would import transformers' pipelines and torch: three seconds.
PIPELINES = "transformers.pipelines"
if PIPELINES not in sys.modules:
    sys.modules[PIPELINES] = None  # type: ignore[assignment]
    import evaluate

    del sys.modules[PIPELINES]
else:
    import evaluate

# One value per example, by the name of a metric.
Values = dict[str, list[float]]

SCORES = ("rouge1", "rouge2", "rougeL", "rougeLsum")
METRIC = f"rouge_score {version('rouge_score')}"
UNICODE_METRIC = f"{METRIC}, Unicode words"
# References are tokenized once for the base model and all adapters.
CACHED_TEXTS = 65_536
CACHED_STEMS = 65_536
# `rouge_score` stems words of more letters than this.
MAX_UNSTEMMED_LETTERS = 3


class Rouge(evaluate.Metric):
    """The metric: `compute(predictions=…, references=…, stemmer=True, aggregate=True, language="en")`.

    Returns the means by score name, or one F-measure per example with `aggregate=False`.
    """

    def _info(self) -> evaluate.MetricInfo:
        text = datasets.Value("string")
        return evaluate.MetricInfo(
            description="Overlap of words between a summary and a reference.",
            citation="Lin 2004, ROUGE: A Package for Automatic Evaluation of Summaries",
            features=datasets.Features({"predictions": text, "references": text}),
        )

    def _compute(
        self,
        predictions: Sequence[str],
        references: Sequence[str],
        stemmer: bool = True,
        aggregate: bool = True,
        language: str = ENGLISH,
    ) -> dict[str, Any]:
        scorer = rouge_scorer.RougeScorer(SCORES, tokenizer=_CachingTokenizer(language, stemmer))

        def on_lines(text: str) -> str:
            return "\n".join(sentences(text, language))

        scores = [
            scorer.score(on_lines(reference), on_lines(prediction))
            for prediction, reference in zip(predictions, references, strict=True)
        ]
        values = {name: [float(score[name].fmeasure) for score in scores] for name in SCORES}
        return {name: sum(each) / len(each) for name, each in values.items()} if aggregate else values


class _CachingTokenizer(Tokenizer):
    """Tokens of a language, cached by text: `rouge_score`'s own (a to z, 0 to 9) in English, else Unicode words."""

    def __init__(self, language: str, stemmer: bool) -> None:
        self._language = language
        self._stemmer = stemmer

    def tokenize(self, text: str) -> list[str]:
        return _tokens(text, self._stemmer, self._language)


class _CachingStemmer(PorterStemmer):
    """The Porter stemmer with a cache: it takes more time than the rest of the metric."""

    stem = lru_cache(maxsize=CACHED_STEMS)(PorterStemmer.stem)


@cache
def _stemmer(language: str) -> StemmerI | None:
    if language == ENGLISH:
        return _CachingStemmer()
    return SnowballStemmer(STEMMERS[language]) if language in STEMMERS else None


@lru_cache(maxsize=CACHED_STEMS)
def _stem(word: str, language: str) -> str:
    """Return the stem of a word, as `rouge_score` does: words of few letters are their own."""
    stemmer = _stemmer(language)
    if stemmer is None or len(word) <= MAX_UNSTEMMED_LETTERS:
        return word
    return stemmer.stem(word) or word


@lru_cache(maxsize=CACHED_TEXTS)
def _tokens(text: str, stemmer: bool, language: str) -> list[str]:
    if stemmer:
        return [_stem(word, language) for word in _tokens(text, False, language)]
    return tokenize.tokenize(text, None) if language == ENGLISH else words.tokens(text, language)


@cache
def _metric() -> Rouge:
    return Rouge(keep_in_memory=True, cache_dir=str(cache_folder()))


def score(
    predictions: Sequence[str],
    references: Sequence[str],
    *,
    stemmer: bool = True,
    languages: Sequence[str] | None = None,
) -> Values:
    """Return the F-measures of every example, in order, by score name; `languages` are English unless given."""
    codes = languages or [ENGLISH] * len(predictions)
    values: Values = {name: [0.0] * len(predictions) for name in SCORES}
    for language in dict.fromkeys(codes):
        indices = [index for index, code in enumerate(codes) if code == language]
        scores = _metric().compute(
            predictions=[predictions[index] for index in indices],
            references=[references[index] for index in indices],
            stemmer=stemmer,
            aggregate=False,
            language=language,
        )
        for name, each in scores.items():
            for index, value in zip(indices, each, strict=True):
                values[name][index] = value
    return values


@dataclass(frozen=True)
class RougeValues:
    """F-measures of every example by score name, with the stemmer and without."""

    stemmed: Values
    unstemmed: Values


def score_all(
    predictions: Sequence[str], references: Sequence[Sequence[str]], languages: Sequence[str] | None = None
) -> RougeValues:
    """Return the best F-measures of every example against its references, of which it has at least one.

    The best is taken score by score, as `rouge_score` does. ROUGE compares words for equality only, so the scores
    without the stemmer differ only where it makes different words of a pair equal: only those pairs are scored twice.
    """
    codes = languages or [ENGLISH] * len(predictions)
    pairs = [
        (prediction, reference, code)
        for prediction, texts, code in zip(predictions, references, codes, strict=True)
        for reference in texts
    ]

    def scored(chosen: Sequence[tuple[str, str, str]], *, stemmer: bool) -> Values:
        texts, others, codes = ([pair[place] for pair in chosen] for place in range(3))
        return score(texts, others, stemmer=stemmer, languages=codes)

    def best(values: Values) -> Values:
        """Return the best value of each example among those of its consecutive pairs."""
        counts = [len(texts) for texts in references]
        ends = list(accumulate(counts))
        return {
            name: [max(each[end - count : end]) for end, count in zip(ends, counts, strict=True)]
            for name, each in values.items()
        }

    stemmed = scored(pairs, stemmer=True)
    unstemmed = {name: list(values) for name, values in stemmed.items()}
    unequal = [index for index, pair in enumerate(pairs) if _share_stems(*pair)]
    if unequal:
        scores = scored([pairs[index] for index in unequal], stemmer=False)
        for name, values in scores.items():
            for index, value in zip(unequal, values, strict=True):
                unstemmed[name][index] = value
    return RougeValues(best(stemmed), best(unstemmed))


def _share_stems(prediction: str, reference: str, language: str) -> bool:
    """Return whether two different words of the texts have the same stem."""
    found = {*_tokens(prediction, False, language), *_tokens(reference, False, language)}
    stems = {*_tokens(prediction, True, language), *_tokens(reference, True, language)}
    return len(stems) < len(found)


def unreadable(references: Sequence[str], languages: Sequence[str]) -> int:
    """Return how many references hold no word that ROUGE reads, in English no character of a to z and 0 to 9."""
    return sum(not _tokens(text, False, code) for text, code in zip(references, languages, strict=True))


def protocol(languages: Sequence[str]) -> dict[str, Any]:
    """Return how examples of some languages are scored. Sets in English alone have the protocol they always had."""
    counts = Counter(languages)
    if set(counts) <= {ENGLISH}:
        return {"name": METRIC, "stemmer": True}
    codes = sorted(counts, key=lambda code: (-counts[code], code))
    unstemmed = [code for code in codes if not words.has_stemmer(code)]
    return {
        "name": UNICODE_METRIC,
        "stemmer": len(unstemmed) < len(codes),
        "languages": {code: counts[code] for code in codes},
        **({"unstemmed": unstemmed} if unstemmed else {}),
    }
