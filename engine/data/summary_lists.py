"""Tells whether a list of texts is one summary in sentences, or several summaries of the same conversation.

Sentences follow each other: each says something new. Several summaries say the same in other words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise
from statistics import mean
from typing import Any

from engine.data import cells, column_names
from engine.errors import DataError
from engine.messages import say
from engine.text import words

SENTENCE_LIST_NAMES = (
    "sentences", "summary_sentences", "sents", "highlights", "lines", "bullets", "points", "steps",
)  # fmt: skip
FIELD = "data.summary_lists"
MAX_NAMED, MAX_QUOTED = 3, 60
MAX_LISTS = 50
MAX_ITEMS = 12
# Of the words of the shorter text, how many the other one has.
MUCH_SHARED, LITTLE_SHARED = 0.5, 0.3
MIN_WORDS = 3
MIN_SAME_LENGTHS = 4
# Further than this from even, it is told; nearer, a person is asked.
SURE = 2
MIN_WORD_CHARACTERS = 3
STOPS = (".", "!", "?", "…", "。", "！", "？", "।", "؟", "۔", ":", ";", '"', "”", "»", ")")
NO_SPACE_AFTER = ("。", "！", "？")


def decided(cells_of_summaries: Sequence[Any], column: str, wanted: str) -> tuple[str, str]:
    """Return whether the lists in a column are "words", "sentences" or "references", and why; "" without lists.

    `wanted` is what the user named, or "auto". Raises DataError with the field `data.summary_lists` if that is for a
    person to say.
    """
    lists = [texts for texts in map(cells.listed_texts, cells_of_summaries) if len(texts) > 1]
    if not lists:
        return wanted.replace(column_names.AUTO, ""), ""
    if wanted == column_names.AUTO and cells.are_lists_of_words(cells_of_summaries):
        return "words", "its lists are the words of one summary"
    found, why = reading(lists, column) if wanted == column_names.AUTO else (wanted, "as named")
    if not found:
        first = "; ".join(f'"{text[:MAX_QUOTED]}"' for text in lists[0][:MAX_NAMED])
        raise DataError(
            say('The lists in column "{}" may be one summary each, or several: {}.', column, first),
            "Look at the rows and decide.",
            FIELD,
        )
    if found == "sentences":
        return found, say("its lists are the sentences of one summary, {}", why)
    return found, say("its lists are several references, {}", why)


def reading(lists: Sequence[Sequence[str]], column: str) -> tuple[str, str]:
    """Return whether lists of texts in a column are "sentences" or "references", and why; "" if that can't be told."""
    several = [each[:MAX_ITEMS] for each in lists if len(each) > 1][:MAX_LISTS]
    shared = _shared(several)
    evidence = [*_by_name(column), *_by_words(shared), *_by_form(several), *_by_count(several)]
    score = sum(weight for weight, _ in evidence)
    if abs(score) < SURE:
        return "", ""
    why = " and ".join(reason for weight, reason in evidence if weight * score > 0)
    return "sentences" if score > 0 else "references", why


def _by_name(column: str) -> Iterator[tuple[int, str]]:
    """Yield what a column's name says: more than 0 for sentences, less for several summaries."""
    if column_names.likeliest([column], SENTENCE_LIST_NAMES):
        yield 2, "by the column's name"
    elif column_names.exact([column], column_names.SUMMARY_LIST_NAMES):
        yield -3, "by the column's name"


def _by_words(shared: float | None) -> Iterator[tuple[int, str]]:
    if shared is None:
        return
    if shared >= MUCH_SHARED:
        yield -2, "they say the same in other words"
    elif shared <= LITTLE_SHARED:
        yield 2, "each says something else"


def _by_form(lists: Sequence[Sequence[str]]) -> Iterator[tuple[int, str]]:
    """Yield what the texts look like: whole texts of several sentences, or parts of one."""
    texts = [text.strip() for each in lists for text in each]
    later = [text.strip() for each in lists for text in each[1:] if text.strip()]
    whole = mean(len(words.sentences(text)) > 1 for text in texts)
    small = mean(text[:1].islower() for text in later) if later else 0.0
    big = mean(each[0].strip()[:1].isupper() for each in lists)
    if whole > 0.5:
        yield -2, "each has several sentences"
    elif small > 0.4 and big > 0.5:
        yield 2, "later ones start in lower case"


def _by_count(lists: Sequence[Sequence[str]]) -> Iterator[tuple[int, str]]:
    counts = {len(each) for each in lists}
    if len(lists) >= MIN_SAME_LENGTHS:
        yield (
            (1, "some rows have more of them") if len(counts) > 1 else (-1, ("every row has the same number"))
        )


def _shared(lists: Sequence[Sequence[str]]) -> float | None:
    """Return how many words the texts of a list share with each other, as a mean; None for texts of few words."""
    pairs = (pair for each in lists for pair in combinations(map(_content, each), 2))
    shares = [
        len(one & other) / shorter
        for one, other in pairs
        if (shorter := min(len(one), len(other))) >= MIN_WORDS
    ]
    return mean(shares) if shares else None


def _content(text: str) -> set[str]:
    """Return the words that carry meaning: in scripts without spaces pairs of characters, else longer words."""
    found = words.tokens(text)
    if found and mean(map(len, found)) < 1.5:
        return {"".join(pair) for pair in pairwise(found)}
    return {word for word in found if len(word) >= MIN_WORD_CHARACTERS}


def joined(parts: Sequence[str], kind: str) -> Sequence[str]:
    """Return the summaries in a list: words or sentences as one, these on lines of their own if most don't end so."""
    if kind == "words":
        return [" ".join(parts)]
    if kind != "sentences":
        return parts
    texts = [text.strip() for text in parts if text.strip()]
    if sum(text.endswith(STOPS) for text in texts) * 2 <= len(texts) and not any(
        text[:1].islower() for text in texts[1:]
    ):
        return ["\n".join(texts)]
    return ["".join(text if text.endswith(NO_SPACE_AFTER) else f"{text} " for text in texts).rstrip()]
