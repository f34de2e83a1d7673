"""Results of votes: verdicts, voters and identical summaries."""

from __future__ import annotations

from engine import voting
from engine.voting import Voting
from engine.voting.outcomes import Tally
from tests.helpers.blind_votes import best_first, made, vote_all


def after(rule=best_first, voters=("Ann",), most=10_000, **spec):
    opened = Voting(made(**spec), voters[0])
    for voter in voters:
        opened.set_voter(voter)
        opened.set_goal(most)
        vote_all(opened, rule, most)
    found = voting.results(opened.comparison, opened.votes)
    opened.close()
    return found


def test_a_better_system_is_found_and_named():
    result = after(count=40, systems=3)
    assert [each.system for each in result.systems] == [0, 1, 2]
    assert [each.verdict for each in result.pairs] == ["first"] * 3
    best = result.systems[0]
    assert best.preferred.low > 0.5
    assert (best.tally.wins, best.tally.losses) == (80, 0)
    assert result.votes == 120


def test_few_votes_say_nothing():
    result = after(count=40, most=9)
    assert result.pairs[0].verdict == "too_few"


def test_systems_that_nobody_tells_apart_stay_undecided():
    result = after(lambda _comparison, asked: "left" if asked.conversation % 2 else "right", count=40)
    assert result.pairs[0].verdict == "not_told_apart"


def test_votes_of_all_voters_count():
    result = after(voters=("Ann", "Bo"), count=40)
    assert result.voters == {"Ann": 40, "Bo": 40}
    assert result.votes == 80


def test_identical_summaries_count_as_ties_as_far_as_a_voter_came():
    whole = after(count=40, identical_every=2)
    assert (whole.votes, whole.identical) == (20, 20)
    assert whole.pairs[0].tally == Tally(20, 20, 0)
    part = after(count=60, identical_every=2, most=10)
    assert part.votes <= 10
    assert 0 < part.identical < 30
