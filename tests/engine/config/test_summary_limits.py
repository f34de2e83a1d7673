"""Limits of summaries that follow the data."""

import pytest

from engine.config import recipe, summary_limits
from engine.errors import RecipeError

MINIMAL = {"base_model": {"id": "starter"}, "data": {"source": "sample"}, "method": {"id": "lora"}}


@pytest.mark.parametrize(("longest", "limit"), [(0, 64), (64, 64), (65, 128), (200, 256), (90_000, 1024)])
def test_labels_hold_the_longest_summary_up_to_what_no_summary_has(longest, limit):
    assert summary_limits.label_limit(longest) == limit


def test_what_is_written_holds_all_but_the_longest_hundredth():
    assert summary_limits.output_limit([40] * 99 + [900]) == 64
    assert summary_limits.output_limit([40] * 98 + [900] * 2) == 960
    assert summary_limits.output_limit([40, 900]) == 960
    assert summary_limits.output_limit([]) == 64


def test_a_recipe_follows_its_data_unless_it_says_otherwise():
    made = recipe.from_tables(MINIMAL)
    assert (made.data.max_summary_tokens, made.evaluation.max_new_tokens) == (0, 0)


def test_a_limit_that_leaves_no_summary_is_refused():
    with pytest.raises(RecipeError) as caught:
        recipe.from_tables(MINIMAL | {"data": {"source": "sample", "max_summary_tokens": 3}})
    (problem,) = caught.value.problems
    assert problem.field == "data.max_summary_tokens"
    assert problem.message == "Reference limit: at least 4, or automatic."
