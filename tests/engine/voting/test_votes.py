from collections import Counter
from itertools import islice

from engine import voting
from engine.voting.votes import Plan
from tests.helpers.blind_votes import made


def plan(voter: str = "Ann", **spec: int) -> Plan:
    return Plan(voting.load(made(**spec)), voter)


def test_every_pair_of_systems_is_met_about_equally_often():
    asked = list(islice(plan(count=50, systems=4), 100))
    counts = Counter(frozenset((each.left, each.right)) for each in asked)
    assert len(counts) == 6
    assert max(counts.values()) - min(counts.values()) <= 1


def test_no_pair_is_asked_again():
    asked = [(each.conversation, frozenset((each.left, each.right))) for each in plan(count=40, systems=3)]
    assert len(asked) == len(set(asked)) == 40 * 3


def test_identical_summaries_are_not_asked():
    found = plan(count=40, identical_every=4)
    questions = list(found)
    assert sum(each.identical for each in questions) == 10
    assert all(each.conversation % 4 for each in questions if not each.identical)
    assert found.total() == 30 == sum(not each.identical for each in questions)


def test_a_plan_follows_from_seed_and_voter():
    info = made(count=30, systems=3)
    comparison = voting.load(info)
    assert list(Plan(comparison, "Ann")) == list(Plan(comparison, "Ann"))
    assert list(Plan(comparison, "Ann")) != list(Plan(comparison, "Bo"))
    again = Plan(comparison, "Ann")
    assert list(islice(again, 7)) == list(again)[:7]
