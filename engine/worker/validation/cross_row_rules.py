"""Rows that are findings because of other rows: the same conversation twice, or in two splits.

Conversations are the same if they differ in the spaces around them alone. A `Rows` names rows by their places in their
split, from 0, and holds those only that a run would use.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from engine.text import deduplication
from engine.worker.ingestion.row_store import Row
from engine.worker.ingestion.sources import SPLITS, Split

Rows = Mapping[Split, Sequence[Row]]
Places = Mapping[Split, Sequence[int]]
Both = dict[tuple[Split, Split], tuple[list[int], list[int]]]

PAIRS: tuple[tuple[Split, Split], ...] = (("test", "train"), ("test", "validation"), ("validation", "train"))


def leaks(rows: Rows, used: Places) -> dict[Split, list[int]]:
    """Return the places, in every split, of conversations that also stand in a later split."""
    found = deduplication.leaks({split: _texts(rows, used, split) for split in SPLITS})
    return {split: found[split] for split in SPLITS}


def duplicates(rows: Rows, used: Places) -> dict[Split, list[int]]:
    """Return the places of conversations that stood before in their split, letter by letter; the first stays."""
    exact: dict[str, dict[int, str]] = {
        split: {place: rows[split][place].example.conversation for place in used.get(split, ())}
        for split in SPLITS
    }
    found = deduplication.duplicates(exact)
    return {split: found[split] for split in SPLITS}


RELATIONS: dict[str, Callable[[Rows, Places], dict[Split, list[int]]]] = {
    # In this order: what leaks is gone before the first of several equal ones is chosen.
    "leaks": leaks,
    "duplicates": duplicates,
}


def in_both(rows: Rows, used: Places) -> Both:
    """Return for each two splits the places in the one and in the other of the conversations that stand in both."""
    texts = {split: _texts(rows, used, split) for split in SPLITS}
    known = {split: set(texts[split].values()) for split in SPLITS}
    return {
        (split, other): (
            [place for place, text in texts[split].items() if text in known[other]],
            [place for place, text in texts[other].items() if text in known[split]],
        )
        for split, other in PAIRS
    }


def differing_in_spaces(rows: Rows, used: Places, split: Split) -> int:
    """Return how many conversations of a split differ from one before in the spaces around them alone."""
    exact: set[str] = set()
    stripped: set[str] = set()
    count = 0
    for place in used.get(split, ()):
        text = rows[split][place].example.conversation
        count += text not in exact and text.strip() in stripped
        exact.add(text)
        stripped.add(text.strip())
    return count


def _texts(rows: Rows, used: Places, split: Split) -> dict[int, str]:
    return {place: rows[split][place].example.conversation.strip() for place in used.get(split, ())}


def keys(rows: Rows, used: Places) -> dict[Split, dict[int, tuple[int, int]]]:
    """Return two numbers for each place whose conversation stands elsewhere too: equal ones are equal texts.

    The first goes by every letter, the second leaves the spaces around out, as duplicates and leaks do.
    """
    texts = {split: _texts(rows, used, split) for split in SPLITS}
    counts = Counter(text for found in texts.values() for text in found.values())
    numbers: dict[str, int] = {}
    return {
        split: {
            place: (
                numbers.setdefault(rows[split][place].example.conversation, len(numbers)),
                numbers.setdefault(text, len(numbers)),
            )
            for place, text in texts[split].items()
            if counts[text] > 1
        }
        for split in SPLITS
    }
