"""How long summaries usually are."""

from __future__ import annotations

from engine import labelling
from engine.labelling import usual_words


def test_the_usual_length_follows_the_conversation_and_then_the_person():
    long = "word " * 400
    low, high = usual_words(long)
    assert (low, high) == (20, 80)
    assert usual_words("")[0] == 1
    accepted = [
        labelling.Item(number, "", "word " * 100, text="word " * 50, state="accepted") for number in range(10)
    ]
    assert usual_words(long, accepted) == (100, 100)
    assert usual_words(long, accepted[:9]) == (low, high)
