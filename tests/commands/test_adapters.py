"""The verb `adapters compare`: what it prints, in both ways of speaking."""

from __future__ import annotations

import pytest

from tests.helpers.homes import add_adapter, score_card


def test_adapters_are_shown_side_by_side(call):
    for name, rouge1 in (("tea", 0.484), ("coffee", 0.471)):
        add_adapter(name, scores=[score_card(rouge1)])
    told = call("adapters", "compare", "tea", "coffee")
    head, *rows = told.out.splitlines()
    assert head.split() == ["tea", "coffee"]
    [scores] = [row for row in rows if row.startswith("ROUGE-1 ") and "gain" not in row]
    assert "48.4 (47.1 to 49.7)" in scores
    assert "47.1 (45.8 to 48.4)" in scores
    assert told.err == ""
    [found] = call("adapters", "compare", "tea", "coffee", "--json").json
    assert found["comparable"]
    assert [each["adapter"] for each in found["adapters"]] == ["tea", "coffee"]


def test_scores_that_can_not_be_compared_are_told(call):
    add_adapter("tea", scores=[score_card(0.484)])
    add_adapter("coffee", scores=[score_card(0.471, beams=4)])
    add_adapter("milk")
    told = call("adapters", "compare", "tea", "coffee", "milk")
    assert "not scored yet" in told.out
    assert "the scores can't be compared" in told.err


@pytest.mark.parametrize("names", [("tea",), ("tea", "tea"), ("tea", "none")])
def test_what_can_not_be_compared_is_a_problem(call, names):
    add_adapter("tea")
    done = call("adapters", "compare", *names, "--json")
    assert (done.code, done.problems[0]["field"]) == (2, "adapter")
