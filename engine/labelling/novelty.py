"""Measures what is new in conversations: words that no conversation with an accepted summary has.

Words are numbers with an inverted index: accepting a summary updates only the conversations that share a word which was
new so far. Knows no order and no file.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Collection, Iterable

from engine.labelling.items import Item

# Added to the word count, so that very short conversations do not come first.
EXTRA_WORDS = 10
_WORD = re.compile(r"[^\W\d_]{3,}")


class Novelty:
    """The words of conversations, and which of them are in labelled ones.

    Similarity is the overlap of words: it is fast, and a person can see why a conversation is next.
    """

    def __init__(self) -> None:
        self._ids: dict[str, int] = {}
        self._words: dict[int, array[int]] = {}
        # By word: the conversations with it, and how many of them are labelled.
        self._holders: list[array[int]] = []
        self._known: list[int] = []
        self._new: dict[int, int] = {}
        self._labelled: set[int] = set()

    @property
    def count(self) -> int:
        """The number of conversations."""
        return len(self._words)

    def follow(self, items: Iterable[Item], labelled: Collection[int]) -> None:
        """Add new conversations, and set which of all are labelled, by their numbers."""
        for item in items:
            if item.number not in self._words:
                self._take(item)
        wanted = {number for number in labelled if number in self._words}
        for number in wanted - self._labelled:
            self._learn(number)
        for number in self._labelled - wanted:
            self._forget(number)
        self._labelled = wanted

    def new_fraction(self, number: int) -> float:
        """Return the fraction of a conversation's distinct words that no labelled conversation has."""
        return self._new[number] / (len(self._words[number]) + EXTRA_WORDS)

    def _take(self, item: Item) -> None:
        number, ids = item.number, self._ids
        word_ids = array("I", {ids.setdefault(word, len(ids)) for word in distinct_words(item.conversation)})
        for _ in range(len(ids) - len(self._holders)):
            self._holders.append(array("I"))
            self._known.append(0)
        for word in word_ids:
            self._holders[word].append(number)
        self._words[number] = word_ids
        self._new[number] = sum(not self._known[word] for word in word_ids)

    def _learn(self, number: int) -> None:
        for word in self._words[number]:
            self._known[word] += 1
            if self._known[word] == 1:
                for holder in self._holders[word]:
                    self._new[holder] -= 1

    def _forget(self, number: int) -> None:
        for word in self._words[number]:
            self._known[word] -= 1
            if not self._known[word]:
                for holder in self._holders[word]:
                    self._new[holder] += 1


def distinct_words(text: str) -> set[str]:
    """Return the distinct words of a text with at least three letters, without regard to case."""
    return set(_WORD.findall(text.casefold()))
