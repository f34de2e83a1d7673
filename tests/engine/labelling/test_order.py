"""In which order conversations are labelled, and how long their summaries usually are."""

from __future__ import annotations

from engine import labelling
from engine.labelling import Novelty, ordered, usual_words


def test_conversations_come_as_given_or_the_longest_first():
    items = [
        labelling.Item(number, "", text)
        for number, text in ((2, "three words here"), (3, "one"), (1, "two words"))
    ]
    assert [item.number for item in ordered(items, "given")] == [1, 2, 3]
    assert [item.number for item in ordered(items, "longest")] == [2, 1, 3]


def test_what_is_least_like_the_labelled_comes_first():
    def item(number: int, text: str) -> labelling.Item:
        return labelling.Item(number, str(number), text)

    tea = item(1, "Ann: shall we have tea and cake at the old mill on Sunday afternoon")
    again = item(2, "Ann: tea and cake at the old mill, Sunday or Saturday afternoon?")
    engine = item(3, "Bo: the engine of my motorbike lost oil near Hamburg yesterday")
    short = item(4, "Hm: zzz")
    novelty = Novelty()
    novelty.follow([tea, again, engine, short], [])
    assert [one.number for one in ordered([tea, short], "unlike", novelty)] == [1, 4]
    novelty.follow([], [1])
    assert [one.number for one in ordered([again, engine, short], "unlike", novelty)] == [3, 4, 2]
    novelty.follow([item(5, "Cy: tea and cake at the mill"), again], [])
    assert [one.number for one in ordered([again, engine], "unlike", novelty)] == [2, 3]


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
