"""Holds out a seeded fraction of the rows for another split; equal conversations stay in one split.

Rows that no run can use are never held out: they would fill a split that then has no examples.

The choice depends on the alphabetical order of all conversations. They are compared by digests and by prefixes, so
that few of them are in memory at a time.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from engine.data import Row
from engine.worker.ingestion.row_store import COMPLETE, LACKS_CONVERSATION, LazySequence, utf8

Indices = npt.NDArray[np.int64]
# So many texts are sorted in memory; of more, only a prefix is compared at a time.
MAX_TEXTS_IN_MEMORY = 1_000
PREFIX_BYTES = 32
# Texts with a longer common prefix are sorted in memory: each prefix takes one reading of all of them.
MAX_COMMON_BYTES = 16 * PREFIX_BYTES


def hold_out(rows: LazySequence[Row], *fractions: float, seed: int) -> list[LazySequence[Row]]:
    """Return about each fraction of the usable rows, at least one row, held out one after another, and the rest."""
    ranks, is_usable = _ranks(rows)
    left, others = np.flatnonzero(is_usable), np.flatnonzero(~is_usable)
    count = len(left)
    parts: list[LazySequence[Row]] = []
    for fraction in fractions:
        # Each is a fraction of what is left, and rounded as such: a half may go up or down.
        of_left = fraction * count / max(1, len(left)) if parts else fraction
        is_held = _drawn(ranks[left], of_left * len(left), seed)
        parts.append(rows.select(left[is_held]))
        left = left[~is_held]
    return [*parts, rows.select(np.sort(np.concatenate((left, others))))]


def _drawn(ranks: Indices, count: float, seed: int) -> npt.NDArray[np.bool_]:
    """Return which rows are drawn, equal conversations together."""
    different, groups = np.unique(ranks, return_inverse=True)
    order = list(range(len(different)))
    random.Random(seed).shuffle(order)
    sizes, is_drawn = np.bincount(groups, minlength=len(different)), np.zeros(len(different), bool)
    drawn, wanted = 0, max(1, round(count))
    while order and drawn < wanted:
        group = order.pop()
        is_drawn[group] = True
        drawn += sizes[group]
    return is_drawn[groups]


def _ranks(rows: LazySequence[Row]) -> tuple[Indices, npt.NDArray[np.bool_]]:
    """Return the rank of each row's conversation in alphabetical order, and which rows are usable.

    Of conversations that all wait for a summary each is usable.
    """
    _, firsts, groups = np.unique(rows.digests, return_index=True, return_inverse=True)
    missing = rows.missing
    is_usable = missing == COMPLETE
    if not is_usable.any():
        is_usable = missing != LACKS_CONVERSATION
    if not is_usable.any():
        is_usable[:] = True
    ranks = np.zeros(len(rows), np.int64)
    for rank, index in enumerate(_sorted_by_text(np.sort(firsts), rows)):
        ranks[index] = rank
    return ranks[firsts][groups], is_usable


def _sorted_by_text(indices: Indices, rows: LazySequence[Row], common_bytes: int = 0) -> Iterator[int]:
    """Yield indices in the order of their conversations, whose first `common_bytes` are equal.

    Bytes of UTF-8 have the order of the characters.
    """
    texts = (utf8(row.example.conversation.strip()) for row in rows.select(indices))
    if len(indices) <= MAX_TEXTS_IN_MEMORY or common_bytes >= MAX_COMMON_BYTES:
        yield from (index for _, index in sorted(zip(texts, indices.tolist(), strict=True)))
        return
    end = common_bytes + PREFIX_BYTES
    keys = np.fromiter((text[common_bytes:end] for text in texts), f"S{PREFIX_BYTES}", len(indices))
    order = np.argsort(keys, kind="stable")
    ordered, keys = indices[order], keys[order]
    start = 0
    for stop in [*(np.flatnonzero(keys[1:] != keys[:-1]) + 1).tolist(), len(keys)]:
        if stop == start + 1:
            yield int(ordered[start])
        else:
            yield from _sorted_by_text(ordered[start:stop], rows, end)
        start = stop
