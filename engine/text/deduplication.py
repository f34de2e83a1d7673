"""Finds duplicates within splits and leaks between splits, given a key of each row's text.

Texts with equal keys are equal: the worker uses the texts themselves, readers of a check's results use numbers.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping

# For each split, the keys of its rows by index or number, in order.
Keys = Mapping[str, Mapping[int, Hashable]]

# The splits that a row must not leak into: test is for scores, validation for choices.
LATER: dict[str, tuple[str, ...]] = {"train": ("validation", "test"), "validation": ("test",), "test": ()}


def leaks(keys: Keys) -> dict[str, list[int]]:
    """Return the rows of every split whose text is also in a later split."""
    known = {split: set(rows.values()) for split, rows in keys.items()}
    return {
        split: [
            row for row, key in rows.items() if any(key in known.get(later, ()) for later in LATER[split])
        ]
        for split, rows in keys.items()
    }


def duplicates(keys: Keys) -> dict[str, list[int]]:
    """Return the rows whose text is in an earlier row of their split."""
    return {split: _repeated(rows) for split, rows in keys.items()}


def _repeated(rows: Mapping[int, Hashable]) -> list[int]:
    seen: set[Hashable] = set()
    repeated = []
    for row, key in rows.items():
        if key in seen:
            repeated.append(row)
        seen.add(key)
    return repeated
