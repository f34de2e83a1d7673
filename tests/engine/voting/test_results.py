"""Results of votes: verdicts, agreement, identical summaries, and how many more votes would help."""

from __future__ import annotations

import math

import pytest

from engine import voting
from engine.voting import Voting
from engine.voting.outcomes import Tally
from engine.voting.results import MAX_MORE, MoreVotes, decided_needed, more_votes
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
    assert result.pairs[0].more == MoreVotes("too_few", 1)


def test_a_voter_who_always_takes_the_left_one_agrees_with_themselves_never():
    result = after(lambda _comparison, _question: "left", count=40)
    assert (result.with_self.alike, result.with_self.total) == (0, 4)
    assert result.left == result.decided == 44


def test_a_steady_voter_agrees_with_themselves_and_with_others():
    result = after(voters=("Ann", "Bo"), count=40)
    assert (result.with_self.alike, result.with_self.total) == (8, 8)
    assert (result.with_others.alike, result.with_others.total) == (40, 40)
    assert result.voters == {"Ann": 40, "Bo": 40}


def test_identical_summaries_count_as_ties_as_far_as_a_voter_came():
    whole = after(count=40, identical_every=2)
    assert (whole.votes, whole.identical) == (20, 20)
    assert whole.pairs[0].tally == Tally(20, 20, 0)
    part = after(count=60, identical_every=2, most=10)
    assert part.votes <= 10
    assert 0 < part.identical < 30


@pytest.mark.parametrize(("share", "needed"), [(0.6, 194), (0.75, 30), (0.9, 10)])
def test_the_number_of_votes_is_that_of_the_sign_test(share, needed):
    assert math.ceil(decided_needed(share)) == pytest.approx(needed, abs=2)
    assert decided_needed(0.5) == math.inf


def test_more_votes_grow_with_ties_and_end_at_a_limit():
    plain, tied = more_votes(Tally(13, 0, 7)), more_votes(Tally(13, 20, 7))
    assert plain.needed == tied.needed == "votes"
    assert tied.count > plain.count > 0
    assert more_votes(Tally(10, 0, 10)) == MoreVotes("may_be_alike")
    assert more_votes(Tally(0, 30, 0)) == MoreVotes("may_be_alike")
    assert more_votes(Tally(51, 0, 49)) == MoreVotes("may_be_alike")
    assert MAX_MORE == 1_000
