"""How well a text fits what was typed: letters in their order, better together and at the start of words."""

from __future__ import annotations

from dataclasses import dataclass

TOGETHER, WORD_START, GAP, LENGTH = 5.0, 4.0, 0.1, 0.01


@dataclass(frozen=True)
class Fit:
    """How well a text fits, the more the better, and where in it the letters stand."""

    score: float
    positions: tuple[int, ...] = ()


def fit(typed: str, text: str) -> Fit | None:
    """Return how well `text` fits; None if a letter is missing. Words that were typed may stand in any order."""
    lowered = _lowered(text)
    score, positions = -LENGTH * len(text), set[int]()
    for word in _lowered(typed).split():
        found = _best(word, lowered)
        if found is None:
            return None
        score += found.score
        positions |= set(found.positions)
    return Fit(score, tuple(sorted(positions)))


def _lowered(text: str) -> str:
    """Return a text in small letters, each in the place that it had."""
    return "".join(letter.lower()[:1] for letter in text)


def _best(word: str, text: str) -> Fit | None:
    starts = (at for at, letter in enumerate(text) if letter == word[0])
    found = [made for start in starts if (made := _from(start, word, text)) is not None]
    return max(found, key=lambda made: made.score, default=None)


def _from(start: int, word: str, text: str) -> Fit | None:
    """Return the fit that begins at a place: each letter at the next place that it has."""
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
    return Fit(score - GAP * (positions[-1] - start), tuple(positions))
