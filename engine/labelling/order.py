"""The order in which conversations are labelled, and the usual length of a summary. Pure functions."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from engine.labelling.items import Item
from engine.labelling.novelty import Novelty

CACHED_LENGTHS = 8192
MIN_TO_COMPARE = 10
# Words of a summary divided by the square root of its conversation's words: nine in ten of SAMSum's references are
# between, whatever the length of the conversation.
USUAL_RATIOS = (1.0, 4.0)


@dataclass(frozen=True)
class Order:
    """An order of conversations: its key, its title, and its purpose."""

    key: str
    title: str
    help: str


ORDERS = (
    Order("given", "As given", "In the order of the source."),
    Order("longest", "Longest first", "Long conversations first: they are the hardest to summarise."),
    Order(
        "unlike",
        "Least similar to summarised ones",
        "Conversations with the most words that are in no summarised one yet: they add the most.",
    ),
)


def ordered(items: Iterable[Item], order: str, novelty: Novelty | None = None) -> list[Item]:
    """Return items in an order, a key of `ORDERS`; "unlike" needs the `novelty` that follows all of them."""
    listed = sorted(items, key=_number)
    if order == "longest":
        return sorted(listed, key=_length, reverse=True)
    if order == "unlike" and novelty is not None:
        return sorted(listed, key=lambda item: novelty.new_fraction(item.number), reverse=True)
    return listed


def _number(item: Item) -> int:
    return item.number


def _length(item: Item) -> int:
    return len(item.conversation)


def usual_words(conversation: str, accepted: Sequence[Item] = ()) -> tuple[int, int]:
    """Return the usual range of words in a summary of the conversation.

    It covers eight in ten accepted summaries once there are enough of them, else nine in ten of SAMSum's references.
    """
    low, high = USUAL_RATIOS
    if len(accepted) >= MIN_TO_COMPARE:
        ratios = [count_words(item.text) / _root(item.conversation) for item in accepted]
        tenths = statistics.quantiles(ratios, n=10, method="inclusive")
        low, high = tenths[0], tenths[-1]
    root = _root(conversation)
    return max(1, math.floor(low * root)), max(1, math.ceil(high * root))


@lru_cache(maxsize=CACHED_LENGTHS)
def _root(conversation: str) -> float:
    return math.sqrt(max(1, count_words(conversation)))


def count_words(text: str) -> int:
    """Return the number of words in a text, separated by spaces."""
    return len(text.split())
