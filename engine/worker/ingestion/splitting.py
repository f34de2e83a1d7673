"""A share of the rows held out for another split: drawn by a seed, and equal conversations stay on one side.

Which ones go depends on the order of all conversations as texts. They are compared by digests and by their beginnings,
so that few of them are in memory at a time.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from engine.worker.ingestion.row_store import Kept, Row

Places = npt.NDArray[np.int64]
Text = Callable[[int], bytes]
DIGEST_BYTES = 16
# So many texts may be in memory to be put in order; of more only so many bytes are compared at a time.
FEW = 1_000
BEGINNING_BYTES = 32
# What is alike for longer is put in order whole: each piece is a reading of all of them.
MAX_COMMON_BYTES = 16 * BEGINNING_BYTES


def held_out(rows: Kept[Row], *shares: float, seed: int) -> list[Kept[Row]]:
    """Return about as many rows as each share says, at least one, held out one after another, and the rest."""
    ranks, left = _ranks(rows), np.arange(len(rows))
    parts: list[Kept[Row]] = []
    for share in shares:
        # Each is a share of what is left, and rounded as such: a half may go up or down.
        of_left = share * len(rows) / max(1, len(left)) if parts else share
        is_held = _drawn(ranks[left], of_left * len(left), seed)
        parts.append(rows.at(left[is_held]))
        left = left[~is_held]
    return [*parts, rows.at(left)]


def _drawn(ranks: Places, wanted: float, seed: int) -> npt.NDArray[np.bool_]:
    """Return which rows go, equal ones together."""
    different, groups = np.unique(ranks, return_inverse=True)
    order = list(range(len(different)))
    random.Random(seed).shuffle(order)
    sizes, is_drawn = np.bincount(groups, minlength=len(different)), np.zeros(len(different), bool)
    drawn, least = 0, max(1, round(wanted))
    while order and drawn < least:
        group = order.pop()
        is_drawn[group] = True
        drawn += sizes[group]
    return is_drawn[groups]


def _ranks(rows: Kept[Row]) -> Places:
    """Return for each row at which place its conversation stands among all different ones in order."""
    firsts, groups = _grouped(rows)
    places = np.zeros(len(rows), np.int64)
    for rank, place in enumerate(in_order(firsts, lambda place: _text(rows[place]))):
        places[place] = rank
    return places[firsts][groups]


def _text(row: Row) -> bytes:
    """Return what is compared of a row; bytes of UTF-8 have the order of the characters."""
    return row.example.conversation.strip().encode("utf-8", "surrogatepass")


def _grouped(rows: Kept[Row]) -> tuple[Places, Places]:
    """Return the first place of each different conversation, and for each row which conversation it has."""
    digests = bytearray()
    for row in rows:
        digests += hashlib.blake2b(_text(row), digest_size=DIGEST_BYTES).digest()
    _, firsts, groups = np.unique(
        np.frombuffer(digests, f"S{DIGEST_BYTES}"), return_index=True, return_inverse=True
    )
    return firsts, groups


def in_order(places: Places, text: Text, alike: int = 0) -> Iterator[int]:
    """Yield places in the order of their texts, which are the same in their first bytes."""
    if len(places) <= FEW or alike >= MAX_COMMON_BYTES:
        yield from sorted(places.tolist(), key=text)
        return
    following = slice(alike, alike + BEGINNING_BYTES)
    beginnings = b"".join(text(int(place))[following].ljust(BEGINNING_BYTES, b"\0") for place in places)
    keys = np.frombuffer(beginnings, f"S{BEGINNING_BYTES}")
    order = np.argsort(keys, kind="stable")
    ordered, keys = places[order], keys[order]
    ends = [*(np.flatnonzero(keys[1:] != keys[:-1]) + 1).tolist(), len(keys)]
    start = 0
    for end in ends:
        if end == start + 1:
            yield int(ordered[start])
        else:
            yield from in_order(ordered[start:end], text, alike + BEGINNING_BYTES)
        start = end
