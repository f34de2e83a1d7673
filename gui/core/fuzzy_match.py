"""Fuzzy match: scores how well a text matches typed letters, in order, best if adjacent and at word starts."""

from __future__ import annotations

from dataclasses import dataclass

TOGETHER, WORD_START, GAP, LENGTH = 5.0, 4.0, 0.1, 0.01


@dataclass(frozen=True)
class Match:
    """A match: its score (higher is better) and the positions of the matched letters."""

    score: float
    positions: tuple[int, ...] = ()


def fit(typed: str, text: str) -> Match | None:
    """Return the match of `text`; None if a letter is missing. Typed words may be in any order."""
    lowered = _lowered(text)
    score, positions = -LENGTH * len(text), set[int]()
    for word in _lowered(typed).split():
        found = _best(word, lowered)
        if found is None:
            return None
        score += found.score
        positions |= set(found.positions)
    return Match(score, tuple(sorted(positions)))


def _lowered(text: str) -> str:
    """Return a text in lower case, with every letter at its position."""
    return "".join(letter.lower()[:1] for letter in text)


def _best(word: str, text: str) -> Match | None:
    starts = (at for at, letter in enumerate(text) if letter == word[0])
    found = [made for start in starts if (made := _from(start, word, text)) is not None]
    return max(found, key=lambda made: made.score, default=None)


def _from(start: int, word: str, text: str) -> Match | None:
    """Return the match that begins at a position, each letter at its next occurrence."""
    positions = [start]
    for letter in word[1:]:
        at = text.find(letter, positions[-1] + 1)
        if at < 0:
            return None
        positions.append(at)
    score = 0.0
    for before, at in zip([-2, *positions], positions, strict=False):
        begins = at == 0 or not text[at - 1].isalnum()
        score += 1.0 + TOGETHER * (at == before + 1) + WORD_START * begins
    return Match(score - GAP * (positions[-1] - start), tuple(positions))
