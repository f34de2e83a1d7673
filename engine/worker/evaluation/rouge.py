"""ROUGE-1, ROUGE-2, ROUGE-L and ROUGE-Lsum as a metric of `evaluate`, computed by `rouge_score`.

The metric is instantiated here and never loaded by name, since loading fetches code from the hub. Scores are
F-measures from 0 to 1; published figures are these times 100. `rouge_score` expects one sentence per line for
ROUGE-Lsum; `sentences` splits them, which changes that score alone. Knows nothing of models.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.metadata import version
from itertools import accumulate
from typing import Any

import datasets
import evaluate
from nltk.stem.porter import PorterStemmer
from rouge_score import rouge_scorer, tokenize
from rouge_score.tokenizers import Tokenizer

from engine.system.paths import cache_folder

# One value per example, by the name of a metric.
Values = dict[str, list[float]]

SCORES = ("rouge1", "rouge2", "rougeL", "rougeLsum")
METRIC = f"rouge_score {version('rouge_score')}"
# References are tokenized once for the base model and all adapters.
CACHED_TEXTS = 65_536
CACHED_STEMS = 65_536
# `rouge_score` stems words of more letters than this.
MAX_UNSTEMMED_LETTERS = 3

# A sentence ends at . ! ? or …, with closing quotes and brackets, before a space and a character that can open a
# sentence. A full stop after a title, "e.g.", "i.e." or an initial ends none. "。！？" need no space.
_SENTENCE_END = re.compile(
    r"(?<!\b[A-Z]\.)(?<!\b(?:Mr|Ms|Dr|St|vs)\.)(?<!\b(?:Mrs|e\.g|i\.e)\.)(?<!\bProf\.)"
    r"(?<=[.!?…])(?P<close>[\"'”’)\]]*)\s+(?=[\"'“‘(\[]?[^\W_a-z])|(?<=[。！？])"
)


class Rouge(evaluate.Metric):
    """The metric: `compute(predictions=…, references=…, stemmer=True, aggregate=True)`.

    Returns the means by score name, or one F-measure per example with `aggregate=False`.
    """

    def _info(self) -> evaluate.MetricInfo:
        text = datasets.Value("string")
        return evaluate.MetricInfo(
            description="Overlap of words between a summary and a reference summary.",
            citation="Lin 2004, ROUGE: A Package for Automatic Evaluation of Summaries",
            features=datasets.Features({"predictions": text, "references": text}),
        )

    def _compute(
        self,
        predictions: Sequence[str],
        references: Sequence[str],
        stemmer: bool = True,
        aggregate: bool = True,
    ) -> dict[str, Any]:
        scorer = rouge_scorer.RougeScorer(SCORES, tokenizer=_CachingTokenizer(stemmer))
        scores = [
            scorer.score(_on_lines(reference), _on_lines(prediction))
            for prediction, reference in zip(predictions, references, strict=True)
        ]
        values = {name: [float(score[name].fmeasure) for score in scores] for name in SCORES}
        return {name: sum(each) / len(each) for name, each in values.items()} if aggregate else values


class _CachingTokenizer(Tokenizer):
    """`rouge_score`'s own tokens (a to z, 0 to 9, stems of words over three letters), cached by text."""

    def __init__(self, stemmer: bool) -> None:
        self._stemmer = stemmer

    def tokenize(self, text: str) -> list[str]:
        return _tokens(text, self._stemmer)


class _CachingStemmer(PorterStemmer):
    """The Porter stemmer with a cache: it takes more time than the rest of the metric."""

    stem = lru_cache(maxsize=CACHED_STEMS)(PorterStemmer.stem)


@cache
def _stemmer() -> PorterStemmer:
    return _CachingStemmer()


@lru_cache(maxsize=CACHED_TEXTS)
def _tokens(text: str, stemmer: bool) -> list[str]:
    if stemmer:
        return [
            _stemmer().stem(word) if len(word) > MAX_UNSTEMMED_LETTERS else word
            for word in _tokens(text, False)
        ]
    return tokenize.tokenize(text, None)


def sentences(text: str) -> list[str]:
    """Split a text into sentences at line breaks and at . ! ? … 。！？.

    A full stop after a title (Dr.), "e.g.", "i.e." or an initial (J. Smith) ends none, nor does a mark before a
    small letter.
    """
    marked = _SENTENCE_END.sub(lambda match: (match["close"] or "") + "\n", text)
    return [line.strip() for line in marked.splitlines() if line.strip()]


def _on_lines(text: str) -> str:
    return "\n".join(sentences(text))


@cache
def _metric() -> Rouge:
    return Rouge(keep_in_memory=True, cache_dir=str(cache_folder()))


def score(predictions: Sequence[str], references: Sequence[str], *, stemmer: bool = True) -> Values:
    """Return the F-measures of every example, in order, by score name."""
    return _metric().compute(
        predictions=list(predictions), references=list(references), stemmer=stemmer, aggregate=False
    )


@dataclass(frozen=True)
class RougeValues:
    """F-measures of every example by score name, with the stemmer and without."""

    stemmed: Values
    unstemmed: Values


def score_all(predictions: Sequence[str], references: Sequence[Sequence[str]]) -> RougeValues:
    """Return the best F-measures of every example against its references, of which it has at least one.

    The best is taken score by score, as `rouge_score` does. ROUGE compares words for equality only, so the scores
    without the stemmer differ only where it makes different words of a pair equal: only those pairs are scored twice.
    """
    pairs = [
        (prediction, reference)
        for prediction, texts in zip(predictions, references, strict=True)
        for reference in texts
    ]
    stemmed = score(*_unzipped(pairs))
    unstemmed = {name: list(values) for name, values in stemmed.items()}
    unequal = [index for index, pair in enumerate(pairs) if _share_stems(*pair)]
    if unequal:
        scores = score(*_unzipped([pairs[index] for index in unequal]), stemmer=False)
        for name, values in scores.items():
            for index, value in zip(unequal, values, strict=True):
                unstemmed[name][index] = value
    counts = [len(texts) for texts in references]
    return RougeValues(_best(stemmed, counts), _best(unstemmed, counts))


def _unzipped(pairs: Sequence[tuple[str, str]]) -> tuple[list[str], list[str]]:
    return [prediction for prediction, _ in pairs], [reference for _, reference in pairs]


def _share_stems(prediction: str, reference: str) -> bool:
    """Return whether two different words of the texts have the same stem."""
    words = {*_tokens(prediction, False), *_tokens(reference, False)}
    stems = {*_tokens(prediction, True), *_tokens(reference, True)}
    return len(stems) < len(words)


def _best(values: Values, counts: Sequence[int]) -> Values:
    """Return the best value of each example; `counts` are the numbers of its consecutive pairs."""
    ends = list(accumulate(counts))
    return {
        name: [max(each[end - count : end]) for end, count in zip(ends, counts, strict=True)]
        for name, each in values.items()
    }


def unreadable(references: Sequence[str]) -> int:
    """Return how many references hold no character that ROUGE reads: a to z and 0 to 9."""
    return sum(not _tokens(reference, False) for reference in references)
