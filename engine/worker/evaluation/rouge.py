"""ROUGE-1, ROUGE-2, ROUGE-L and ROUGE-Lsum as a metric of `evaluate`, computed by `rouge_score`.

The metric is instantiated here, never loaded by name: loading fetches code from the hub. Scores are
F-measures, fractions from 0 to 1; published figures are these times 100. ROUGE-Lsum looks at sentences, which
`rouge_score` expects on lines of their own; `sentences` says how they are told apart here, since that changes
ROUGE-Lsum (and only that).
Knows nothing of models.
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

Lists = dict[str, list[float]]

SCORES = ("rouge1", "rouge2", "rougeL", "rougeLsum")
METRIC = f"rouge_score {version('rouge_score')}"
# References are tokenized once for the base and every adapter; this many texts are remembered.
REMEMBERED_TEXTS = 65_536
# `rouge_score` stems words of more letters than this.
STEMMED_FROM = 3

# A sentence ends at . ! ? or …, closing quotes and brackets included, if a space and something that can open
# a sentence follow, unless the full stop belongs to a title, to "e.g." or "i.e.", or to an initial. "。！？"
# need no space.
_SENTENCE_END = re.compile(
    r"(?<!\b[A-Z]\.)(?<!\b(?:Mr|Ms|Dr|St|vs)\.)(?<!\b(?:Mrs|e\.g|i\.e)\.)(?<!\bProf\.)"
    r"(?<=[.!?…])(?P<close>[\"'”’)\]]*)\s+(?=[\"'“‘(\[]?[^\W_a-z])|(?<=[。！？])"
)


class Rouge(evaluate.Metric):
    """The metric: `compute(predictions=…, references=…, stemmer=True, aggregate=True)`.

    Returns the means by score name, or with `aggregate=False` a list with one F-measure an example.
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
        scorer = rouge_scorer.RougeScorer(SCORES, tokenizer=_RememberingTokenizer(stemmer))
        found = [
            scorer.score(_on_lines(reference), _on_lines(prediction))
            for prediction, reference in zip(predictions, references, strict=True)
        ]
        lists = {name: [float(scores[name].fmeasure) for scores in found] for name in SCORES}
        return {name: sum(values) / len(values) for name, values in lists.items()} if aggregate else lists


class _RememberingTokenizer(Tokenizer):
    """`rouge_score`'s own tokens (a to z, 0 to 9, stems of words over three letters), each text read once."""

    def __init__(self, stemmer: bool) -> None:
        self._stemmer = stemmer

    def tokenize(self, text: str) -> list[str]:
        return _tokens(text, self._stemmer)


class _RememberingStemmer(PorterStemmer):
    """The Porter stemmer, which costs more than all the rest, asked once a word."""

    stem = lru_cache(maxsize=65_536)(PorterStemmer.stem)


@cache
def _stemmer() -> PorterStemmer:
    return _RememberingStemmer()


@lru_cache(maxsize=REMEMBERED_TEXTS)
def _tokens(text: str, stemmer: bool) -> list[str]:
    if stemmer:
        return [_stemmer().stem(word) if len(word) > STEMMED_FROM else word for word in _tokens(text, False)]
    return tokenize.tokenize(text, None)


def sentences(text: str) -> list[str]:
    """Return a text's sentences: every line break ends one, and within a line the marks . ! ? … 。！？ do.

    A full stop behind a title (Dr.), "e.g." or "i.e.", or an initial (J. Smith) ends none, nor does a mark
    before a small letter.
    """
    marked = _SENTENCE_END.sub(lambda match: (match["close"] or "") + "\n", text)
    return [line.strip() for line in marked.splitlines() if line.strip()]


def _on_lines(text: str) -> str:
    return "\n".join(sentences(text))


@cache
def _metric() -> Rouge:
    return Rouge(keep_in_memory=True, cache_dir=str(cache_folder()))


def score(predictions: Sequence[str], references: Sequence[str], *, stemmer: bool = True) -> Lists:
    """Return the F-measures of every example, in order, by score name."""
    return _metric().compute(
        predictions=list(predictions), references=list(references), stemmer=stemmer, aggregate=False
    )


@dataclass(frozen=True)
class Found:
    """F-measures of every example by score name, with the stemmer and without."""

    stemmed: Lists
    unstemmed: Lists


def score_all(predictions: Sequence[str], references: Sequence[Sequence[str]]) -> Found:
    """Return the F-measures of every example against its references (at least one each): the best of them counts.

    The best is taken score by score, as `rouge_score` does. ROUGE sees no more of words than which of them are equal,
    so only pairs of texts in which the stemmer makes different words equal are scored a second time without it.
    """
    pairs = [
        (prediction, reference)
        for prediction, several in zip(predictions, references, strict=True)
        for reference in several
    ]
    stemmed = score(*_apart(pairs))
    unstemmed = {name: list(values) for name, values in stemmed.items()}
    again = [place for place, pair in enumerate(pairs) if _stems_join(*pair)]
    if again:
        found = score(*_apart([pairs[place] for place in again]), stemmer=False)
        for name, values in found.items():
            for place, value in zip(again, values, strict=True):
                unstemmed[name][place] = value
    counts = [len(several) for several in references]
    return Found(_best(stemmed, counts), _best(unstemmed, counts))


def _apart(pairs: Sequence[tuple[str, str]]) -> tuple[list[str], list[str]]:
    return [prediction for prediction, _ in pairs], [reference for _, reference in pairs]


def _stems_join(prediction: str, reference: str) -> bool:
    """Tell whether two different words of the texts have one stem."""
    words = {*_tokens(prediction, False), *_tokens(reference, False)}
    stems = {*_tokens(prediction, True), *_tokens(reference, True)}
    return len(stems) < len(words)


def _best(lists: Lists, counts: Sequence[int]) -> Lists:
    """Return the best value of each example, whose pairs stand together."""
    ends = list(accumulate(counts))
    return {
        name: [max(values[end - count : end]) for end, count in zip(ends, counts, strict=True)]
        for name, values in lists.items()
    }


def unreadable(references: Sequence[str]) -> int:
    """Return how many references hold nothing that ROUGE reads, which is a to z and 0 to 9 alone."""
    return sum(not _tokens(reference, False) for reference in references)
