"""What is new in conversations: words that no conversation with an accepted summary has. Knows no order and no file.

Words are numbers here and are looked up from both sides: to accept one summary among many thousands costs a look at
the conversations that share a word which was new so far, and not one at all words of all conversations.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Collection, Iterable

from engine.labelling.items import Item

# Added to a conversation's words, so that one of three rare words does not come before all others.
EXTRA_WORDS = 10
_WORD = re.compile(r"[^\W\d_]{3,}")


class Novelty:
    """The words of conversations, and which of them stand in labelled ones.

    Likeness is the overlap of words and nothing cleverer: it costs one look at each word, and the person can see why
    a conversation comes.
    """

    def __init__(self) -> None:
        self._ids: dict[str, int] = {}
        self._words: dict[int, array[int]] = {}
        # By word: the conversations that have it, and how many of them are labelled.
        self._holders: list[array[int]] = []
        self._known: list[int] = []
        self._new: dict[int, int] = {}
        self._labelled: set[int] = set()

    @property
    def count(self) -> int:
        """How many conversations are known."""
        return len(self._words)

    def follow(self, items: Iterable[Item], labelled: Collection[int]) -> None:
        """Take in conversations that are not known yet, and which of all are labelled now, by their numbers."""
        for item in items:
            if item.number not in self._words:
                self._take(item)
        wanted = {number for number in labelled if number in self._words}
        for number in wanted - self._labelled:
            self._learn(number)
        for number in self._labelled - wanted:
            self._forget(number)
        self._labelled = wanted

    def share(self, number: int) -> float:
        """Return the share of a conversation's different words that no labelled conversation has."""
        return self._new[number] / (len(self._words[number]) + EXTRA_WORDS)

    def _take(self, item: Item) -> None:
        number, ids = item.number, self._ids
        words = array("I", {ids.setdefault(word, len(ids)) for word in distinct_words(item.conversation)})
        for _ in range(len(ids) - len(self._holders)):
            self._holders.append(array("I"))
            self._known.append(0)
        for word in words:
            self._holders[word].append(number)
        self._words[number] = words
        self._new[number] = sum(not self._known[word] for word in words)

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
    """Return the different words of a text, of three letters or more, without regard to capitals."""
    return set(_WORD.findall(text.casefold()))
