"""Splits long conversations between turns into chunks that fit a token limit.

Knows nothing of tokenizers: the caller counts tokens.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator

from engine.text.conversations import Turn, as_text, turns

Count = Callable[[str], int]


def split(conversation: str, limit: int, count: Count) -> list[str]:
    """Return a conversation in chunks of at most `limit` tokens, about equally long; one chunk if it is short enough.

    `count` returns the tokens of a text. A turn that is too long is split between sentences, and too long sentences
    between words; each part names the speaker.
    """
    if count(conversation) <= limit:
        return [conversation]
    parts = [part for turn in turns(conversation) for part in _parts(turn, limit, count)]
    lengths = [count(part + "\n") for part in parts]
    wanted = math.ceil(sum(lengths) / limit)
    return list(_packed(parts, lengths, sum(lengths) / wanted, limit, count))


def _packed(parts: list[str], lengths: list[int], target: float, limit: int, count: Count) -> Iterator[str]:
    """Yield chunks of parts; a new chunk begins where the last one has its target length or is full."""
    chunk: list[str] = []
    filled = 0
    for part, length in zip(parts, lengths, strict=True):
        # A turn that crosses the target belongs to the chunk with its larger part.
        over = filled + length / 2 > target or count("\n".join([*chunk, part])) > limit
        if chunk and over:
            yield "\n".join(chunk)
            chunk, filled = [], 0
        chunk.append(part)
        filled += length
    if chunk:
        yield "\n".join(chunk)


def _parts(turn: Turn, limit: int, count: Count) -> Iterator[str]:
    """Yield a turn as text, in as many parts as it needs."""
    text = as_text([turn])
    if count(text) <= limit:
        yield text
        return
    lines: list[str] = []
    for unit in _units(turn, limit, count):
        if lines and count(as_text([Turn(turn.speaker, " ".join([*lines, unit]))])) > limit:
            yield as_text([Turn(turn.speaker, " ".join(lines))])
            lines = []
        lines.append(unit)
    yield as_text([Turn(turn.speaker, " ".join(lines))])


def _units(turn: Turn, limit: int, count: Count) -> Iterator[str]:
    """Yield a turn's sentences, and the words of sentences that are too long."""
    for sentence in re.split(r"(?<=[.!?…])\s+|\n+", turn.text):
        fits = count(as_text([Turn(turn.speaker, sentence)])) <= limit
        yield from [sentence] if fits else sentence.split()
