"""Rules that compare rows: duplicates within a split, and leaks between splits.

Surrounding white space does not count. Indices are those of rows in their split; `used` holds the rows that a run
would use.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from engine.data import check_results
from engine.worker.ingestion.row_store import Row
from engine.worker.ingestion.sources import SPLITS, Split

Rows = Mapping[Split, Sequence[Row]]
Indices = Mapping[Split, Sequence[int]]
Both = dict[tuple[Split, Split], tuple[list[int], list[int]]]

PAIRS: tuple[tuple[Split, Split], ...] = (("test", "train"), ("test", "validation"), ("validation", "train"))


def leaks(rows: Rows, used: Indices) -> dict[Split, list[int]]:
    """Return the indices, in every split, of conversations that are also in a later split."""
    leaks_by_split = check_results.leaks({split: _digests(rows, used, split) for split in SPLITS})
    return {split: leaks_by_split[split] for split in SPLITS}


def duplicates(rows: Rows, used: Indices) -> dict[Split, list[int]]:
    """Return the indices of conversations that repeat an earlier one of their split exactly."""
    exact: dict[str, dict[int, bytes]] = {
        split: {index: _digest(rows[split][index].example.conversation) for index in used.get(split, ())}
        for split in SPLITS
    }
    duplicates_by_split = check_results.duplicates(exact)
    return {split: duplicates_by_split[split] for split in SPLITS}


RELATIONS: dict[str, Callable[[Rows, Indices], dict[Split, list[int]]]] = {
    # In this order: leaks are left out before the first of several duplicates is chosen.
    "leaks": leaks,
    "duplicates": duplicates,
}


def in_both(rows: Rows, used: Indices) -> Both:
    """Return for each pair of splits the indices, in each of the two, of the conversations in both."""
    digests = {split: _digests(rows, used, split) for split in SPLITS}
    known = {split: set(digests[split].values()) for split in SPLITS}
    return {
        (split, other): (
            [index for index, digest in digests[split].items() if digest in known[other]],
            [index for index, digest in digests[other].items() if digest in known[split]],
        )
        for split, other in PAIRS
    }


def count_differing_in_spaces(rows: Rows, used: Indices, split: Split) -> int:
    """Return how many conversations differ from an earlier one of the split in surrounding white space only."""
    known_exact: set[bytes] = set()
    known_stripped: set[bytes] = set()
    count = 0
    for index in used.get(split, ()):
        text = rows[split][index].example.conversation
        exact, stripped = _digest(text), _digest(text.strip())
        count += exact not in known_exact and stripped in known_stripped
        known_exact.add(exact)
        known_stripped.add(stripped)
    return count


def _digests(rows: Rows, used: Indices, split: Split) -> dict[int, bytes]:
    """Return the digest of each conversation without surrounding white space."""
    return {index: _digest(rows[split][index].example.conversation.strip()) for index in used.get(split, ())}


def _digest(text: str) -> bytes:
    """Return what is as good as the text to compare it: the texts themselves may need more memory than there is."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def keys(rows: Rows, used: Indices) -> dict[Split, dict[int, tuple[int, int]]]:
    """Return two numbers for each row whose conversation occurs elsewhere too; equal numbers mean equal texts.

    The first compares texts exactly, as for duplicates, the second without surrounding white space, as for leaks.
    """
    digests = {split: _digests(rows, used, split) for split in SPLITS}
    counts = Counter(digest for of_split in digests.values() for digest in of_split.values())
    numbers: dict[bytes, int] = {}
    return {
        split: {
            index: (
                numbers.setdefault(_digest(rows[split][index].example.conversation), len(numbers)),
                numbers.setdefault(stripped, len(numbers)),
            )
            for index, stripped in digests[split].items()
            if counts[stripped] > 1
        }
        for split in SPLITS
    }
