"""In which order conversations are labelled, and how long a summary usually is. Pure functions."""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from engine.labelling.items import Item

MOST_REMEMBERED = 8192
# Added to a conversation's words, so that one of three rare words does not come before all others.
FEW_WORDS = 10
ENOUGH_TO_COMPARE = 10
# Words of a summary over the square root of its conversation's words: nine in ten of SAMSum's references lie
# between, whatever the length of the conversation.
USUAL_SHARES = (1.0, 4.0)


@dataclass(frozen=True)
class Order:
    """A way through the conversations: its key, how it is called, and what it is good for."""

    key: str
    title: str
    help: str


ORDERS = (
    Order("given", "As given", "In the order of the source."),
    Order("longest", "Longest first", "Long conversations first: they are the hardest to summarise."),
    Order(
        "unlike",
        "Least like what is labelled",
        "First those whose words stand least in conversations with an accepted summary: they teach what is new.",
    ),
)


def ordered(items: Iterable[Item], order: str, labelled: Iterable[Item] = ()) -> list[Item]:
    """Return items in an order, a key of `ORDERS`; `labelled` is what "unlike" compares with.

    Likeness is the overlap of words and nothing cleverer: the share of a conversation's different words that no
    labelled conversation has. It costs one look at each word, and the person can see why a conversation comes.
    """
    listed = sorted(items, key=lambda item: item.number)
    if order == "longest":
        return sorted(listed, key=lambda item: -len(item.conversation))
    if order == "unlike":
        known = {word for item in labelled for word in words_of(item.conversation)}
        return sorted(listed, key=lambda item: -_new_share(item.conversation, known))
    return listed


def _new_share(conversation: str, known: set[str]) -> float:
    words = words_of(conversation)
    return len(words - known) / (len(words) + FEW_WORDS)


@lru_cache(maxsize=MOST_REMEMBERED)
def words_of(text: str) -> frozenset[str]:
    """Return the different words of a text, of three letters or more, without regard to capitals."""
    return frozenset(re.findall(r"[^\W\d_]{3,}", text.casefold()))


def usual_words(conversation: str, accepted: Sequence[Item] = ()) -> tuple[int, int]:
    """Return from how many to how many words a summary of the conversation usually has.

    Measured on the accepted summaries once there are enough of them, else on SAMSum's references. Eight (or nine)
    in ten summaries lie between.
    """
    low, high = USUAL_SHARES
    if len(accepted) >= ENOUGH_TO_COMPARE:
        shares = [count_words(item.text) / _root(item.conversation) for item in accepted]
        tenths = statistics.quantiles(shares, n=10, method="inclusive")
        low, high = tenths[0], tenths[-1]
    root = _root(conversation)
    return max(1, math.floor(low * root)), max(1, math.ceil(high * root))


@lru_cache(maxsize=MOST_REMEMBERED)
def _root(conversation: str) -> float:
    return math.sqrt(max(1, count_words(conversation)))


def count_words(text: str) -> int:
    """Return how many words a text has, told apart by spaces."""
    return len(text.split())
