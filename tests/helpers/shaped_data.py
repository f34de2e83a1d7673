"""Conversations of given lengths for tokenizers with a token per letter, as ordinary data files."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from pathlib import Path

# Lengths in tokens as in SAMSum: median 121, 95th percentile 385, most 753; summaries of some 24, at most 94.
MEDIAN, SPREAD, MAX_TOKENS = 121, 0.7, 753
SUMMARY_MEDIAN, SUMMARY_SPREAD, MAX_SUMMARY_TOKENS = 24, 0.55, 94
ANSWER = "\nBob: Yes."
SEED = 0


def write_shaped(folder: Path, counts: Mapping[str, int], tokens: int = 0) -> Path:
    """Write so many conversations of each split, of SAMSum's lengths with the longest among them; return the folder.

    With `tokens` every conversation has so many.
    """
    draw = random.Random(SEED)
    folder.mkdir(parents=True)
    for split, count in counts.items():
        lengths = [tokens or _drawn(draw, MEDIAN, SPREAD, MAX_TOKENS) for _ in range(count)]
        lengths[-1] = tokens or MAX_TOKENS
        rows = [_example(f"{split}-{number}", length, draw) for number, length in enumerate(lengths)]
        (folder / f"{split}.jsonl").write_text("\n".join(rows), encoding="utf-8")
    return folder


def _drawn(draw: random.Random, median: int, spread: float, most: int) -> int:
    return min(most, max(1, int(draw.lognormvariate(0, spread) * median)))


def _example(name: str, length: int, draw: random.Random) -> str:
    room = max(0, length - len(ANSWER) - len(f"Ann: {name} "))
    said = f"Ann: {name} " + ("or so " * (room // 6 + 1))[:room]
    summary = _words(_drawn(draw, SUMMARY_MEDIAN, SUMMARY_SPREAD, MAX_SUMMARY_TOKENS))
    return json.dumps({"id": name, "dialogue": said + ANSWER, "summary": f"{name}: {summary}"})


def _words(letters: int) -> str:
    return ("Ann asks Bob about it, and he agrees. " * 4)[: max(4, letters)]
