"""Long conversations in pieces: cut between turns, each as long as what reads it may get.

Knows nothing of tokenizers: whoever asks says how text is counted.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator

from engine.text.conversations import Turn, as_text, turns

Count = Callable[[str], int]


def split(conversation: str, limit: int, count: Count) -> list[str]:
    """Return a conversation in pieces of at most `limit` tokens, about equally long; whole if it is short enough.

    `count` tells the tokens of a text. A turn that is too long alone is cut between sentences, between words where
    a sentence is, and its speaker is named in each part.
    """
    if count(conversation) <= limit:
        return [conversation]
    parts = [part for turn in turns(conversation) for part in _parts(turn, limit, count)]
    lengths = [count(part + "\n") for part in parts]
    wanted = math.ceil(sum(lengths) / limit)
    return list(_packed(parts, lengths, sum(lengths) / wanted, limit, count))


def _packed(parts: list[str], lengths: list[int], share: float, limit: int, count: Count) -> Iterator[str]:
    """Yield the parts put together, a new piece being begun where the last one has its share or is full."""
    piece: list[str] = []
    filled = 0
    for part, length in zip(parts, lengths, strict=True):
        # The turn that crosses a share's end stands in the piece that more of it lies in.
        over = filled + length / 2 > share or count("\n".join([*piece, part])) > limit
        if piece and over:
            yield "\n".join(piece)
            piece, filled = [], 0
        piece.append(part)
        filled += length
    if piece:
        yield "\n".join(piece)


def _parts(turn: Turn, limit: int, count: Count) -> Iterator[str]:
    """Yield a turn as text, in as many parts as it needs."""
    text = as_text([turn])
    if count(text) <= limit:
        yield text
        return
    said: list[str] = []
    for unit in _units(turn, limit, count):
        if said and count(as_text([Turn(turn.speaker, " ".join([*said, unit]))])) > limit:
            yield as_text([Turn(turn.speaker, " ".join(said))])
            said = []
        said.append(unit)
    yield as_text([Turn(turn.speaker, " ".join(said))])


def _units(turn: Turn, limit: int, count: Count) -> Iterator[str]:
    """Yield a turn's sentences, and the words of those that are too long alone."""
    for sentence in re.split(r"(?<=[.!?…])\s+|\n+", turn.text):
        fits = count(as_text([Turn(turn.speaker, sentence)])) <= limit
        yield from [sentence] if fits else sentence.split()
