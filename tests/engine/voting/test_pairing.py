"""Which pairs a voter is asked: balanced, in random order and on random sides, some of them twice."""

from __future__ import annotations

from collections import Counter
from itertools import islice

from engine import voting
from engine.voting.pairing import Plan
from tests.helpers.blind_votes import made


def plan(voter: str = "Ann", **spec: int) -> Plan:
    return Plan(voting.load(made(**spec)), voter)


def test_every_pair_of_systems_is_met_about_equally_often():
    asked = [each for each in islice(plan(count=50, systems=4), 100) if not each.repeated]
    counts = Counter(frozenset((each.left, each.right)) for each in asked)
    assert len(counts) == 6
    assert max(counts.values()) - min(counts.values()) <= 1


def test_no_pair_is_asked_again_but_the_repeated_ones_with_their_sides_swapped():
    questions = list(plan(count=40, systems=3))
    new = [(each.conversation, frozenset((each.left, each.right))) for each in questions if not each.repeated]
    assert len(new) == len(set(new)) == 40 * 3
    sides = {(each.conversation, each.left, each.right): index for index, each in enumerate(questions)}
    repeated = [(index, each) for index, each in enumerate(questions) if each.repeated]
    assert len(repeated) == 12
    for index, each in repeated:
        earlier = sides[each.conversation, each.right, each.left]
        assert 5 < index - earlier <= 10


def test_identical_summaries_are_not_asked_and_not_repeated():
    found = plan(count=40, identical_every=4)
    questions = list(found)
    assert sum(each.identical for each in questions) == 10
    assert all(each.conversation % 4 for each in questions if not each.identical)
    assert found.total == 30 + 3 == sum(not each.identical for each in questions)


def test_a_plan_follows_from_seed_and_voter():
    info = made(count=30, systems=3)
    comparison = voting.load(info)
    assert list(Plan(comparison, "Ann")) == list(Plan(comparison, "Ann"))
    assert list(Plan(comparison, "Ann")) != list(Plan(comparison, "Bo"))
    again = Plan(comparison, "Ann")
    assert list(islice(again, 7)) == list(again)[:7]
