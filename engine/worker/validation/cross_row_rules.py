"""Rules that compare rows: duplicates within a split, and leaks between splits.

Surrounding white space does not count. Indices are those of rows in their split; `used` holds the rows that a run
would use.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from engine.text import deduplication
from engine.worker.ingestion.row_store import Row
from engine.worker.ingestion.sources import SPLITS, Split

Rows = Mapping[Split, Sequence[Row]]
Indices = Mapping[Split, Sequence[int]]
Both = dict[tuple[Split, Split], tuple[list[int], list[int]]]

PAIRS: tuple[tuple[Split, Split], ...] = (("test", "train"), ("test", "validation"), ("validation", "train"))


def leaks(rows: Rows, used: Indices) -> dict[Split, list[int]]:
    """Return the indices, in every split, of conversations that are also in a later split."""
    leaks_by_split = deduplication.leaks({split: _texts(rows, used, split) for split in SPLITS})
    return {split: leaks_by_split[split] for split in SPLITS}


def duplicates(rows: Rows, used: Indices) -> dict[Split, list[int]]:
    """Return the indices of conversations that repeat an earlier one of their split exactly."""
    exact: dict[str, dict[int, str]] = {
        split: {index: rows[split][index].example.conversation for index in used.get(split, ())}
        for split in SPLITS
    }
    duplicates_by_split = deduplication.duplicates(exact)
    return {split: duplicates_by_split[split] for split in SPLITS}


RELATIONS: dict[str, Callable[[Rows, Indices], dict[Split, list[int]]]] = {
    # In this order: leaks are left out before the first of several duplicates is chosen.
    "leaks": leaks,
    "duplicates": duplicates,
}


def in_both(rows: Rows, used: Indices) -> Both:
    """Return for each pair of splits the indices, in each of the two, of the conversations in both."""
    texts = {split: _texts(rows, used, split) for split in SPLITS}
    known = {split: set(texts[split].values()) for split in SPLITS}
    return {
        (split, other): (
            [index for index, text in texts[split].items() if text in known[other]],
            [index for index, text in texts[other].items() if text in known[split]],
        )
        for split, other in PAIRS
    }


def count_differing_in_spaces(rows: Rows, used: Indices, split: Split) -> int:
    """Return how many conversations differ from an earlier one of the split in surrounding white space only."""
    exact: set[str] = set()
    stripped: set[str] = set()
    count = 0
    for index in used.get(split, ()):
        text = rows[split][index].example.conversation
        count += text not in exact and text.strip() in stripped
        exact.add(text)
        stripped.add(text.strip())
    return count


def _texts(rows: Rows, used: Indices, split: Split) -> dict[int, str]:
    return {index: rows[split][index].example.conversation.strip() for index in used.get(split, ())}


def keys(rows: Rows, used: Indices) -> dict[Split, dict[int, tuple[int, int]]]:
    """Return two numbers for each row whose conversation occurs elsewhere too; equal numbers mean equal texts.

    The first compares texts exactly, as for duplicates, the second without surrounding white space, as for leaks.
    """
    texts = {split: _texts(rows, used, split) for split in SPLITS}
    counts = Counter(text for split_texts in texts.values() for text in split_texts.values())
    numbers: dict[str, int] = {}
    return {
        split: {
            index: (
                numbers.setdefault(rows[split][index].example.conversation, len(numbers)),
                numbers.setdefault(text, len(numbers)),
            )
            for index, text in texts[split].items()
            if counts[text] > 1
        }
        for split in SPLITS
    }
