from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data.check_results import CheckedRow, Lengths, read
from engine.errors import StorageError


def lengths(values: list[int]) -> Lengths:
    tokens = sorted(set(values))
    return Lengths(tuple(tokens), tuple(accumulate(values.count(each) for each in tokens)))


@given(values=st.lists(st.integers(0, 30)), limit=st.integers(-1, 31))
def test_what_is_longer_than_a_limit_is_counted_exactly(values, limit):
    found = lengths(values)
    assert found.total == len(values)
    assert found.beyond(limit) == sum(value > limit for value in values)


@pytest.mark.parametrize(("limit", "kept"), [(1, 2), (2, 5), (3, 9), (4, 9)])
def test_a_limit_keeps_the_characters_of_its_tokens(limit, kept):
    row = CheckedRow(1, "train", "a", "Ann: hiya", "x", 3, 1, (2, 5, 9))
    assert row.kept_characters(limit) == kept


def test_where_a_row_is_cut_whose_tokens_were_not_looked_at_is_not_known():
    row = CheckedRow(1, "train", "a", "Ann: hiya", "x", 3, 1)
    assert (row.kept_characters(2), row.kept_characters(3)) == (None, 9)


def test_details_that_are_gone_are_told(tmp_path):
    with pytest.raises(StorageError, match=r"details\.json can't be used"):
        read(tmp_path)
