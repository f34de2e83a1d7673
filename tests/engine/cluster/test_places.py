"""What nodes offer to entries: cards, or processors where there are none."""

from __future__ import annotations

import pytest

from engine.cluster.places import Places
from engine.errors import ComputerError


def nodes(*resources, alive=True):
    return [{"Alive": alive, "Resources": each} for each in resources]


def test_an_entry_takes_cards_or_without_any_the_processors_of_the_smallest_node():
    with_cards = Places.of_nodes(
        [*nodes({"CPU": 8.0, "GPU": 4.0}, {"CPU": 2.0}), *nodes({"GPU": 8.0}, alive=False)]
    )
    assert with_cards.resources({}) == {"num_gpus": 1, "num_cpus": 1}
    assert with_cards.resources({"cards": 3}) == {"num_gpus": 3, "num_cpus": 1}
    without = Places.of_nodes(nodes({"CPU": 8.0}, {"CPU": 4.0}, {"memory": 1.0}))
    assert [without.resources({"cards": each})["num_cpus"] for each in (1, 4, 6)] == [4, 4, 6]


@pytest.mark.parametrize(
    ("places", "message"),
    [
        (Places((1, 2)), "No node of lab has 3 cards: the most is 2."),
        (Places((2, 2), 2), "No node of lab has a card, and none 3 processors: the most is 2."),
        (Places((), 1), "No node of lab has a card, and none 3 processors: the most is 0."),
    ],
)
def test_more_cards_than_any_node_has_are_refused_with_what_there_is(places, message):
    places.require(1, "lab")
    with pytest.raises(ComputerError) as refused:
        places.require(3, "lab")
    assert refused.value.message == message
    assert refused.value.field == "--cards"
