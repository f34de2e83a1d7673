"""Equal texts as findings: which rows are one because of others, given a key of each row's text.

Texts with equal keys are equal. The worker asks with the texts themselves, and who reads a check's details with
numbers that stand for them; both get the same rows.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping

# For each split, the key of each row in it by the row's place or number, in order.
Keys = Mapping[str, Mapping[int, Hashable]]

# Scores are made on test and choices on validation: these stay whole.
LATER: dict[str, tuple[str, ...]] = {"train": ("validation", "test"), "validation": ("test",), "test": ()}


def leaks(keys: Keys) -> dict[str, list[int]]:
    """Return the rows, in every split, whose text also stands in a later split."""
    known = {split: set(rows.values()) for split, rows in keys.items()}
    return {
        split: [
            row for row, key in rows.items() if any(key in known.get(later, ()) for later in LATER[split])
        ]
        for split, rows in keys.items()
    }


def duplicates(keys: Keys) -> dict[str, list[int]]:
    """Return the rows whose text stood before in their split; the first stays."""
    return {split: _repeated(rows) for split, rows in keys.items()}


def _repeated(rows: Mapping[int, Hashable]) -> list[int]:
    seen: set[Hashable] = set()
    found = []
    for row, key in rows.items():
        if key in seen:
            found.append(row)
        seen.add(key)
    return found
