"""Measures whether a summary tells the facts: which names, days, times, places and prices it holds.

Owns the finding of slot values in a text and the two shares (present, invented). Knows nothing of models.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from starter.world import NUMBER_WORDS, PLACE_POOLS, World

Slot = tuple[str, str]  # kind, text in lower case


@dataclass(frozen=True)
class SlotScores:
    """Shares over all summaries: of the reference's values those present, of the summary's those not to be found."""

    present: float
    invented: float
    not_in_reference: float


class SlotFinder:
    """Find the values of the small world in any text; the longest reading wins ("Rose Lane" is no Rose)."""

    def __init__(self) -> None:
        world = World()
        place_names = {text for pool in PLACE_POOLS for text in world.texts[pool]}
        numbers = "|".join(NUMBER_WORDS)
        patterns = {
            "price": r"\$\d+",
            "time": r"\bnoon\b|\d{1,2}:\d\d|\d{1,2} (?:am|pm)\b|"
            rf"(?:half past|quarter past|quarter to) (?:{numbers})",
            "day": rf"\b\d{{1,2}} (?:{'|'.join(world.months)})\b|\b(?:{'|'.join(world.weekdays)})\b",
            "place": _any_of(place_names),
            "name": _any_of(world.names),
        }
        self._pattern = re.compile("|".join(f"(?P<{kind}>{p})" for kind, p in patterns.items()))

    def find(self, text: str) -> set[Slot]:
        """Return the values of a text, each with its kind."""
        text = re.sub(r"\b(The|Half|Quarter|Noon|Room(?= \d))\b", lambda match: match[0].lower(), text)
        return {(str(match.lastgroup), match[0].lower()) for match in self._pattern.finditer(text)}

    def score(
        self, summaries: Sequence[str], dialogues: Sequence[str], slots: Sequence[Mapping[str, Iterable[str]]]
    ) -> SlotScores:
        """Score summaries against their conversations and the slot values of their references."""
        wanted_count = found_count = present = invented = extra = 0
        for summary, dialogue, reference in zip(summaries, dialogues, slots, strict=True):
            predicted = self.find(summary)
            wanted = {(kind, value.lower()) for kind, values in reference.items() for value in values}
            wanted_count, found_count = wanted_count + len(wanted), found_count + len(predicted)
            present += len(wanted & predicted)
            invented += len(predicted - self.find(dialogue))
            extra += len(predicted - wanted)
        return SlotScores(
            present / max(wanted_count, 1), invented / max(found_count, 1), extra / max(found_count, 1)
        )


def _any_of(values: Iterable[str]) -> str:
    ordered = sorted(values, key=lambda value: (-len(value), value))
    return rf"\b(?:{'|'.join(re.escape(value) for value in ordered)})\b"
