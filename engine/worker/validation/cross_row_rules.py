"""Rules that compare rows: duplicates within a split, and leaks between splits.

Surrounding white space does not count. Indices are those of rows in their split.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from engine.data import Row, check_results
from engine.worker.ingestion.row_store import LazySequence, digest
from engine.worker.ingestion.sources import SPLITS, Split

Rows = Mapping[Split, LazySequence[Row]]
Indices = Mapping[Split, Sequence[int]]
# Two numbers for each row whose conversation occurs elsewhere too; equal numbers mean equal texts. The first compares
# them exactly, as for duplicates, the second without surrounding white space, as for leaks.
Repeated = Mapping[Split, Mapping[int, tuple[int, int]]]
Both = dict[tuple[Split, Split], tuple[list[int], list[int]]]

PAIRS: tuple[tuple[Split, Split], ...] = (("test", "train"), ("test", "validation"), ("validation", "train"))


def repeated(rows: Rows, used: Indices) -> Repeated:
    """Return the rows in use whose conversation is that of another one too."""
    digests = [rows[split].digests[np.asarray(indices, np.int64)] for split, indices in used.items()]
    _, groups, counts = np.unique(np.concatenate(digests), return_inverse=True, return_counts=True)
    ends = np.cumsum([len(each) for each in digests])[:-1]
    exact: dict[bytes, int] = {}
    found: dict[Split, dict[int, tuple[int, int]]] = {split: {} for split in SPLITS}
    for (split, indices), of_split in zip(used.items(), np.split(groups, ends), strict=True):
        places = np.flatnonzero(counts[of_split] > 1)
        chosen = np.asarray(indices, np.int64)[places]
        for index, group, row in zip(chosen, of_split[places], rows[split].select(chosen), strict=True):
            text = digest(row.example.conversation)
            found[split][int(index)] = exact.setdefault(text, len(exact)), int(group)
    return found


def _related(
    find: Callable[[check_results.Keys], Mapping[str, list[int]]], which: int
) -> Callable[[Repeated], dict[Split, list[int]]]:
    def relate(rows: Repeated) -> dict[Split, list[int]]:
        keys: check_results.Keys = {
            split: {index: both[which] for index, both in some.items()} for split, some in rows.items()
        }
        found = find(keys)
        return {split: found[split] for split in SPLITS}

    return relate


# What returns the indices of each finding. Leaks are left out before the first of several duplicates is chosen.
RELATIONS = {
    "leaks": _related(check_results.leaks, 1),
    "duplicates": _related(check_results.duplicates, 0),
}


def in_both(rows: Repeated) -> Both:
    """Return for each pair of splits the indices, in each of the two, of the conversations in both."""
    known = {split: {key for _, key in rows[split].values()} for split in SPLITS}
    return {
        (split, other): (
            [index for index, (_, key) in rows[split].items() if key in known[other]],
            [index for index, (_, key) in rows[other].items() if key in known[split]],
        )
        for split, other in PAIRS
    }


def count_differing_in_spaces(rows: Mapping[int, tuple[int, int]]) -> int:
    """Return how many conversations of a split differ from an earlier one in surrounding white space only."""
    return len({exact for exact, _ in rows.values()}) - len({stripped for _, stripped in rows.values()})
